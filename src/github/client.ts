/** How Belay's requests to GitHub are paced, bounded in time and repeated. */
import type { Octokit } from "@octokit/rest";
import Bottleneck from "bottleneck";
import { ProbotOctokit } from "probot";

/** What the adapter uses of an Octokit: Probot's and the one of @octokit/rest both have it. */
export type Client = Pick<Octokit, "rest" | "paginate" | "graphql">;
/** A client with the rights of one installation. */
export type Clients = (installation_id: number) => Promise<Client>;

const REQUEST_TIMEOUT_MS = 20_000;
/** A longer wait is left to the queue, which does other work meanwhile. */
const LONGEST_WAIT_S = 2;
const RATE_LIMIT_RETRIES = 1;
/** Some room below GitHub's limit of 80 (docs.github.com, "Rate limits for the REST API", secondary limits). */
const WRITES_PER_MINUTE = 70;
/** Of these so many at once, 40 of 70; the others drop in every few seconds. */
const AT_ONCE = 4 / 7;
const DROPS_PER_MINUTE = 10;

/**
 * Keeps to GitHub's secondary limit: about 80 creations of content a minute, edits and checks among them. Octokit's own pacing waits a
 * second before every write and 3 s before every comment, and counts questions in GraphQL as writes; this one lets bursts through, and
 * what only reads never waits. Only the function form of `defaults` reaches the clients that Probot makes.
 */
export function octokitClass(writes = WRITES_PER_MINUTE) {
  const unlimited = new Bottleneck.Group();
  const mayWait = (retryAfter: number, _request: unknown, _octokit: unknown, retryCount: number) =>
    retryAfter <= LONGEST_WAIT_S && retryCount < RATE_LIMIT_RETRIES;
  return ProbotOctokit.plugin(pacing(writes)).defaults((given: object) => ({
    ...given,
    // A request whose answer was lost may have been done: only the queue repeats it, after having looked.
    retry: { enabled: false },
    throttle: {
      ...("throttle" in given && typeof given.throttle === "object" ? given.throttle : {}),
      enabled: true,
      write: unlimited,
      notifications: unlimited,
      onRateLimit: mayWait,
      onSecondaryRateLimit: mayWait,
    },
  }));
}

/** An Octokit plugin: writes of one installation (Probot's `throttle.id`) wait for their turn, one after another. */
function pacing(writes: number): Parameters<typeof ProbotOctokit.plugin>[0] {
  const atOnce = Math.ceil(writes * AT_ONCE);
  const turns = new Bottleneck.Group({
    maxConcurrent: 1,
    reservoir: atOnce,
    reservoirIncreaseMaximum: atOnce,
    reservoirIncreaseAmount: Math.ceil((writes - atOnce) / DROPS_PER_MINUTE),
    reservoirIncreaseInterval: 60_000 / DROPS_PER_MINUTE,
  });
  return (octokit, { throttle }) => {
    octokit.hook.before("request", async (request) => {
      if (isWrite(request)) await turns.key(String(throttle?.id)).schedule(() => Promise.resolve());
    });
    return {};
  };
}

/** What makes or changes something in a repository. Tokens are made elsewhere, and a query of GraphQL only asks. */
function isWrite({
  method,
  url,
  query,
}: {
  readonly method: string;
  readonly url: string;
  readonly query?: unknown;
}): boolean {
  if (url.endsWith("/graphql")) return typeof query !== "string" || !/^\s*(query\b|\{)/.test(query);
  return method !== "GET" && method !== "HEAD" && url.includes("/repos/");
}

/** `fetch` that gives up: without it a silent connection would hold the work loop. */
export function boundedFetch(inner: typeof fetch = fetch): typeof fetch {
  return (input, init) => {
    const timeout = AbortSignal.timeout(REQUEST_TIMEOUT_MS);
    const signal = init?.signal ? AbortSignal.any([init.signal, timeout]) : timeout;
    return inner(input, { ...init, signal });
  };
}
