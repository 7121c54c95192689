/** Which failures are tried again by themselves, and when: never after the switch, and only where the same can end otherwise. */
import type { Failure } from "./failure.ts";

/** Hosts that did not answer, somebody else at work, a moment that was too busy, a run that went away: none of them a definite no. */
const RETRYABLE: ReadonlySet<string> = new Set([
  "ANSIBLE_HOST_UNREACHABLE",
  "ANSIBLE_UNEXPECTED_ERROR",
  "DATABASE_LOCK_BUSY",
  "DATABASE_LOST",
  "DATABASE_UNREACHABLE",
  "FILES_MOVED",
  "HOLD_NOT_DRAINED",
  "HOST_BUSY",
  "JOB_TIMEOUT",
  "LAST_LOOK_FAILED",
  "RUN_LOST",
  "SWITCH_REFUSED",
  "TRANSFER_DAMAGED",
]);

export interface RetryFacts {
  /** Which attempt failed, from 1. */
  readonly attempt: number;
  readonly cancel_reason: string | null;
}

/**
 * @param waits_s the waits after the first, the second, ... attempt: one more attempt than waits
 * @returns seconds until the next attempt; null: this failure is the end
 */
export function retryAfter(
  { event, code, broken = false }: Pick<Failure, "event" | "code"> & { readonly broken?: boolean },
  { attempt, cancel_reason }: RetryFacts,
  waits_s: readonly number[],
): number | null {
  if (event !== "failed" || broken || cancel_reason !== null || !RETRYABLE.has(code)) return null;
  return waits_s[attempt - 1] ?? null;
}
