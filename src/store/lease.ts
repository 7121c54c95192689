/**
 * Leases: a row is taken in a short transaction, worked on outside any transaction, and settled in a second one. A process
 * that dies leaves a lease that runs out, and the row is done again.
 */

/** Longer than work takes even where GitHub asks to wait, short enough to heal by itself. Work done twice is harmless. */
export const LEASE_MS = 5 * 60_000;
/** After so many tries a row is set aside as failed; the waits between them add up to three quarters of an hour. */
export const MAX_ATTEMPTS = 12;
const FIRST_WAIT_MS = 2_000;
const LONGEST_WAIT_MS = 15 * 60_000;

export const SETTLED = { leased_until: null, last_error: null } as const;

/** What becomes of a row whose work failed for the `attempts`th time. */
export function tryAgain(attempts: number, now: string, error: string) {
  const wait = Math.min(FIRST_WAIT_MS * 2 ** (attempts - 1), LONGEST_WAIT_MS);
  const state: "pending" | "failed" = attempts >= MAX_ATTEMPTS ? "failed" : "pending";
  return { state, leased_until: null, last_error: error.slice(0, 2_000), not_before: later(now, wait) };
}

export function later(now: string, milliseconds: number): string {
  return new Date(Date.parse(now) + milliseconds).toISOString();
}

export function messageOf(reason: unknown): string {
  return reason instanceof Error ? (reason.stack ?? reason.message) : String(reason);
}
