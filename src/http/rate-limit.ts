/**
 * How often one asker may ask: a bucket of requests for each token (for each address where there is none) that refills
 * steadily. Held in memory: a limit guards this process, not the truth of anything.
 */
import { createHash } from "node:crypto";
import { tooManyRequests } from "./errors.ts";
import type { ApiRequest, Route } from "./router.ts";

export interface RateLimit {
  /** Requests that may come at once. */
  readonly burst: number;
  readonly per_minute: number;
}

/** A person's scripts, or a runner that reports its steps, stay far below. */
export const SHIPPED_LIMIT: RateLimit = { burst: 120, per_minute: 600 };

interface Bucket {
  left: number;
  at: number;
}
/** Beyond so many askers the ones that asked longest ago are forgotten: their buckets are full again or nearly so. */
const MOST_ASKERS = 10_000;

/**
 * The same routes, each counting its askers together with the others.
 * @param now milliseconds that never go back
 */
export function limited(routes: readonly Route[], limit: RateLimit, now: () => number): readonly Route[] {
  const buckets = new Map<string, Bucket>();
  const take = (request: ApiRequest) => {
    const key = askerOf(request);
    const bucket = refilled(buckets.get(key), limit, now());
    buckets.delete(key);
    buckets.set(key, bucket);
    if (buckets.size > MOST_ASKERS) buckets.delete(buckets.keys().next().value ?? "");
    if (bucket.left < 1) throw tooManyRequests(Math.ceil(((1 - bucket.left) * 60) / limit.per_minute));
    bucket.left -= 1;
  };
  return routes.map((route) => ({
    ...route,
    handle: async (request) => {
      take(request);
      return route.handle(request);
    },
  }));
}

function refilled(bucket: Bucket | undefined, { burst, per_minute }: RateLimit, at: number): Bucket {
  if (bucket === undefined) return { left: burst, at };
  return { left: Math.min(burst, bucket.left + ((at - bucket.at) * per_minute) / 60_000), at };
}

/** A token is not kept, only its digest. */
function askerOf({ token, address }: ApiRequest): string {
  return token === null ? `address:${address}` : createHash("sha256").update(token).digest("base64");
}
