/**
 * Leases: a row is taken in a short transaction, worked on outside any transaction while its lease is renewed, and settled in a second
 * one. A process that dies leaves a lease that runs out, and the row is done again.
 */
import type { Outage } from "../core/outage.ts";

/** Short, because after a crash everything else of the repository waits for it. Work done twice is harmless. */
export const LEASE_MS = 30_000;
const RENEWED_EVERY_MS = 10_000;
/** After so many failures of its own a row is set aside; the waits between them add up to three quarters of an hour. */
export const MAX_FAULTS = 12;
const FIRST_WAIT_MS = 2_000;
const LONGEST_WAIT_MS = 15 * 60_000;
/** Short, so that work goes on soon after an outage; GitHub's own `retry-after` may be longer. */
const LONGEST_OUTAGE_WAIT_MS = 2 * 60_000;

export const SETTLED = { leased_until: null, last_error: null, outage: null } as const;

export interface Failure {
  readonly message: string;
  /** Null: the row's own fault. */
  readonly outage: Outage | null;
  /** Whether trying again can help at all. */
  readonly retry: boolean;
}

/** What becomes of a row whose work failed. `attempts` counts every try, `faults` those before this one that were its own. */
export function tryAgain(
  row: { readonly attempts: number; readonly faults: number },
  now: string,
  failure: Failure,
) {
  const { outage, retry, message } = failure;
  const last_error = message.slice(0, 2_000);
  if (outage !== null) {
    const asked = (outage.retry_after_s ?? 0) * 1_000;
    const wait = Math.max(asked, backoff(row.attempts, LONGEST_OUTAGE_WAIT_MS));
    const waiting = { leased_until: null, last_error, outage: outage.code, faults: row.faults };
    return { ...waiting, state: "pending" as const, not_before: later(now, wait) };
  }
  const faults = retry ? row.faults + 1 : MAX_FAULTS;
  const state: "pending" | "failed" = faults >= MAX_FAULTS ? "failed" : "pending";
  const not_before = later(now, backoff(faults, LONGEST_WAIT_MS));
  return { state, leased_until: null, last_error, outage: null, faults, not_before };
}

const backoff = (times: number, longest: number): number =>
  Math.min(FIRST_WAIT_MS * 2 ** Math.min(times - 1, 20), longest);

export function later(now: string, milliseconds: number): string {
  return new Date(Date.parse(now) + milliseconds).toISOString();
}

export function messageOf(reason: unknown): string {
  return reason instanceof Error ? (reason.stack ?? reason.message) : String(reason);
}

/**
 * Does `work` while `renew` is told, again and again, until when the lease lasts now. A renewal that fails changes nothing: the next
 * one may succeed, and a lease that runs out meanwhile only means that the row may be done twice.
 */
export async function whileLeased<T>(
  now: string,
  renew: (leased_until: string) => Promise<unknown>,
  work: () => Promise<T>,
): Promise<T> {
  const began = performance.now();
  const timer = setInterval(() => {
    renew(later(now, performance.now() - began + LEASE_MS)).catch(() => undefined);
  }, RENEWED_EVERY_MS);
  try {
    return await work();
  } finally {
    clearInterval(timer);
  }
}
