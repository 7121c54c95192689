/**
 * Whose fault a failure is. An outage (GitHub or the database does not answer, asks to wait, or does not take the App's key) says
 * nothing about the piece of work that met it: that is tried again without end. Everything else counts against the piece itself.
 */

export interface Outage {
  readonly code: string;
  /** Seconds that GitHub asked to wait for; null: it did not say. */
  readonly retry_after_s: number | null;
}

const CODES: ReadonlySet<string> = new Set([
  "GITHUB_RATE_LIMITED",
  "GITHUB_UNAVAILABLE",
  "GITHUB_UNAUTHORIZED",
  "RUN_NOT_NAMED_YET",
]);

/** PostgreSQL: connections lost or refused, no resources, shut down, or too much at once. Node: no connection. */
const SYSTEM = /^(08|53|57P|40001$|40P01$)|^(ECONN|ENOTFOUND|EAI_AGAIN|ETIMEDOUT|EPIPE|EHOSTUNREACH)/;

/** GitHub has not said yet which run it started: whoever waits for that run's answer waits as long. */
export class RunNotNamedYet extends Error {
  readonly code = "RUN_NOT_NAMED_YET";
}

/** Null: the failure is of the work's own. */
export function outageOf(error: unknown): Outage | null {
  if (typeof error !== "object" || error === null || !("code" in error)) return null;
  const { code } = error;
  if (typeof code !== "string" || !(CODES.has(code) || SYSTEM.test(code))) return null;
  const told = "retry_after_s" in error ? error.retry_after_s : null;
  return { code, retry_after_s: typeof told === "number" && told > 0 ? told : null };
}
