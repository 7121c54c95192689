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
/** Some room below GitHub's limit. */
const WRITES_PER_MINUTE = 70;

/**
 * GitHub's secondary limit: about 80 creations of content a minute. Octokit's default waits 3 s before every comment; this one
 * lets short bursts through and still keeps to the limit. Only the function form reaches the clients that Probot makes.
 */
export function octokitClass(writes = WRITES_PER_MINUTE): typeof ProbotOctokit {
  const group = () =>
    new Bottleneck.Group({
      maxConcurrent: 1,
      reservoir: writes,
      reservoirRefreshAmount: writes,
      reservoirRefreshInterval: 60_000,
    });
  const write = group();
  const notifications = group();
  const mayWait = (retryAfter: number, _request: unknown, _octokit: unknown, retryCount: number) =>
    retryAfter <= LONGEST_WAIT_S && retryCount < RATE_LIMIT_RETRIES;
  return ProbotOctokit.defaults((given: object) => ({
    ...given,
    // A request whose answer was lost may have been done: only the queue repeats it, after having looked.
    retry: { enabled: false },
    throttle: {
      ...("throttle" in given && typeof given.throttle === "object" ? given.throttle : {}),
      enabled: true,
      write,
      notifications,
      onRateLimit: mayWait,
      onSecondaryRateLimit: mayWait,
    },
  }));
}

/** `fetch` that gives up: without it a silent connection would hold the work loop. */
export function boundedFetch(inner: typeof fetch = fetch): typeof fetch {
  return (input, init) => {
    const timeout = AbortSignal.timeout(REQUEST_TIMEOUT_MS);
    const signal = init?.signal ? AbortSignal.any([init.signal, timeout]) : timeout;
    return inner(input, { ...init, signal });
  };
}
