/**
 * How often one asker may ask: a bucket of requests for each token (for each address where there is none) that refills
 * steadily. Tokens can be made up without end. Where each of them costs a request at GitHub it counts with the others of its address
 * until it has proved to be somebody's; where a signature tells, as of runners, nobody waits for what strangers make up. Held in memory: a
 * limit guards this process, not the truth of anything.
 */
import { createHash } from "node:crypto";
import { ApiError, tooManyRequests } from "./errors.ts";
import type { ApiRequest, ApiResponse, Route } from "./router.ts";

export interface RateLimit {
  /** Requests that may come at once. */
  readonly burst: number;
  readonly per_minute: number;
}

/** A person's scripts, or a runner that reports its steps, stay far below. */
export const SHIPPED_LIMIT: RateLimit = { burst: 120, per_minute: 600 };
/** For tokens of one address that are nobody's. Those that prove to be somebody's are given back, so a proxy's address will do. */
export const STRANGERS: RateLimit = { burst: 60, per_minute: 30 };
/** Beyond so many askers the ones that asked longest ago are forgotten: their buckets are full again or nearly so. */
const MOST_ASKERS = 10_000;

export interface Limits {
  readonly each: RateLimit;
  /** Null: a token that is nobody's costs nothing. */
  readonly strangers: RateLimit | null;
  /** Milliseconds that never go back. */
  readonly now: () => number;
}

/** The same routes, each counting its askers together with the others. */
export function limited(routes: readonly Route[], { each, strangers, now }: Limits): readonly Route[] {
  const askers = bucketsOf(each, now);
  const unproven = strangers === null ? null : bucketsOf(strangers, now);
  const proven = new Map<string, true>();
  const handle = async (route: Route, request: ApiRequest): Promise<ApiResponse> => {
    const asker = askerOf(request);
    const strange = request.token !== null && !proven.has(asker);
    if (strange) unproven?.take(request.address);
    askers.take(asker);
    const answer = await route.handle(request).catch((error: unknown) => ({ error }));
    const whose = "error" in answer ? whoseError(answer.error) : "somebody's";
    if (whose === "nobody's") proven.delete(asker);
    if (whose === "somebody's" && strange) {
      unproven?.give(request.address);
      keep(proven, asker, true);
    }
    if ("error" in answer) throw answer.error;
    return answer;
  };
  return routes.map((route) => ({ ...route, handle: (request) => handle(route, request) }));
}

/** Who asked, by the error: where GitHub could not tell, a token is what it was before. Every refusal but one is of a known person. */
function whoseError(error: unknown): "somebody's" | "nobody's" | "unknown" {
  if (!(error instanceof ApiError)) return "unknown";
  return error.status === 401 ? "nobody's" : "somebody's";
}

interface Bucket {
  left: number;
  at: number;
}

function bucketsOf({ burst, per_minute }: RateLimit, now: () => number) {
  const buckets = new Map<string, Bucket>();
  const refilled = (key: string): Bucket => {
    const at = now();
    const before = buckets.get(key) ?? { left: burst, at };
    const bucket = { left: Math.min(burst, before.left + ((at - before.at) * per_minute) / 60_000), at };
    keep(buckets, key, bucket);
    return bucket;
  };
  return {
    /** @throws ApiError 429 */
    take: (key: string): void => {
      const bucket = refilled(key);
      if (bucket.left < 1) throw tooManyRequests(Math.ceil(((1 - bucket.left) * 60) / per_minute));
      bucket.left -= 1;
    },
    give: (key: string): void => {
      const bucket = refilled(key);
      bucket.left = Math.min(burst, bucket.left + 1);
    },
  };
}

/** As the newest of them. */
function keep<Value>(kept: Map<string, Value>, key: string, value: Value): void {
  kept.delete(key);
  kept.set(key, value);
  if (kept.size > MOST_ASKERS) kept.delete(kept.keys().next().value ?? "");
}

/** A token is not kept, only its digest. */
function askerOf({ token, address }: ApiRequest): string {
  return token === null ? `address:${address}` : createHash("sha256").update(token).digest("base64");
}
