/** What goes back over the wire: pages with their links, limits, refusals, faults. */
import type { World } from "../github/world.ts";
import type { PlannedFault } from "./faults.ts";
import type { Reply } from "./router.ts";

export type Answer = {
  readonly status: number;
  readonly body: unknown;
  readonly headers: Readonly<Record<string, string>>;
  readonly raw?: string;
};

const HOURLY = 5000;
/** The API's default and largest page. */
const PAGE = 30;
const LARGEST_PAGE = 100;

export const limits = (world: World, used: number): Record<string, string> => ({
  "x-ratelimit-limit": String(HOURLY),
  "x-ratelimit-remaining": String(Math.max(0, HOURLY - used)),
  "x-ratelimit-used": String(Math.min(used, HOURLY)),
  "x-ratelimit-reset": String(Math.floor(world.now().getTime() / 1000) + 3600),
  "x-ratelimit-resource": "core",
});

/** One page of a list, and the Link header that leads to the others. */
const paginate = (reply: Extract<Reply, { readonly list: readonly unknown[] }>, url: URL): Answer => {
  const size = Math.min(LARGEST_PAGE, Number(url.searchParams.get("per_page") ?? PAGE));
  const page = Number(url.searchParams.get("page") ?? 1);
  const last = Math.max(1, Math.ceil(reply.list.length / size));
  const link = (rel: string, to: number): string => {
    const target = new URL(url);
    target.searchParams.set("page", String(to));
    return `<${target.href}>; rel="${rel}"`;
  };
  const links = [
    ...(page > 1 ? [link("prev", page - 1), link("first", 1)] : []),
    ...(page < last ? [link("next", page + 1), link("last", last)] : []),
  ];
  const items = reply.list.slice((page - 1) * size, page * size);
  const body = reply.key ? { total_count: reply.list.length, ...reply.more, [reply.key]: items } : items;
  return { status: 200, body, headers: links.length > 0 ? { link: links.join(", ") } : {} };
};

export const toAnswer = (reply: Reply, url: URL): Answer => {
  if ("list" in reply) return paginate(reply, url);
  if ("raw" in reply)
    return { status: 200, body: null, headers: { "content-type": reply.type }, raw: reply.raw };
  return { status: reply.status ?? 200, body: reply.body, headers: reply.headers ?? {} };
};

export const refusal = (
  status: number,
  message: string,
  details: Readonly<Record<string, unknown>> = {},
): Answer => ({
  status,
  body: { message, documentation_url: "https://docs.github.com/rest", status: String(status), ...details },
  headers: {},
});

/** A mistake of the caller or of the double itself: recorded, and answered so that nobody can overlook it. */
export const problem = (world: World, request: string, sentences: readonly string[]): Answer => {
  world.problems.push(...sentences.map((sentence) => `${request}: ${sentence}`));
  return refusal(500, `the test double of GitHub refuses: ${sentences.join("; ")}`);
};

export const faultAnswer = (world: World, { fault, retryAfter }: PlannedFault): Answer => {
  if (fault === "rate-limit") {
    const reset = String(Math.floor(world.now().getTime() / 1000) + retryAfter);
    return {
      ...refusal(403, "API rate limit exceeded for installation."),
      headers: { "x-ratelimit-remaining": "0", "x-ratelimit-reset": reset },
    };
  }
  if (fault === "secondary-rate-limit") {
    return {
      ...refusal(403, "You have exceeded a secondary rate limit."),
      headers: { "retry-after": String(retryAfter) },
    };
  }
  return refusal(Number(fault), "Server Error");
};
