/** What a recovery came to, in words: for the comment of the operation that it resolves, or not. */
import type { OperationKind } from "../vocabulary.ts";

interface Names {
  readonly kind: OperationKind;
  readonly target: string;
}

/** What a recovery's first look told. */
export interface Probed {
  readonly active_release: string;
  readonly healthy: boolean;
  readonly health: readonly { readonly check: string; readonly ok: boolean }[];
}

export interface Seen {
  readonly release: string;
  readonly healthy: boolean;
}

const word = (kind: OperationKind): string => (kind === "promote" ? "promotion" : kind);

export const begun = (environment: string): string =>
  `A recovery looks at ${environment} now: what was interrupted is finished or undone, and its report says how this ended.`;

/** @param seen null: it could not be asked */
export function probed(environment: string, at: string, seen: Probed | null): string {
  if (seen === null) return `Whether ${environment} is healthy could not be asked at ${at}.`;
  const failing = seen.health.filter(({ ok }) => !ok).map(({ check }) => check);
  const health = seen.healthy ? "healthy" : `not healthy (${failing.join(", ")})`;
  return `At ${at} ${environment} ran \`${seen.active_release}\` and was ${health}.`;
}

export const planned = (at: string): string => `Belay looks at the host by itself, the next time at ${at}.`;

export const byHand = (environment: string): string =>
  `Recoveries by themselves are used up. Look at ${environment}'s host, then comment \`/unlock\`: that begins another one.`;

export const notSettled = (environment: string): string =>
  `The recovery found an operation on ${environment}'s host that has not ended yet.`;

export const failed = (environment: string, why: string): string =>
  `The recovery could not look at ${environment}'s host, so nobody knows yet. ${why}`;

/** Where the host does not remember what the switch measured: it was cut off right before it wrote that down. */
export const BASELINE_STAYS =
  "The baseline is still the one from before, because what the switch measured was lost with its report. Comment `/refresh` to record a new one; until then, what is changed anew in the source of what was promoted conflicts.";

/** Active and not healthy: only a rollback is taken now, so the baseline must not advance to what leaves again. */
export const baselineWaits = (target: string): string =>
  `It stays active until somebody comments \`/rollback\`. The baseline is the one from before, which is what ${target} is like after that.`;

export const BASELINE_ADVANCED =
  "The baseline is advanced with what the host's journal kept of the switch, as the lost report would have done.";

export function switched({ kind, target }: Names, { release, healthy }: Seen): string {
  const health = healthy ? "and it is healthy" : "and it is not healthy";
  return `A recovery found that the ${word(kind)} has happened: ${target} runs \`${release}\`, ${health}.`;
}

export function notSwitched(
  { kind, target }: Names,
  { release, reverted, healthy }: Seen & { readonly reverted: boolean },
): string {
  const what = reverted
    ? `the release was active on ${target} and was taken back`
    : `the ${word(kind)} did not happen`;
  const health = healthy ? "" : " It is not healthy.";
  return `A recovery found that ${what}: ${target} runs \`${release}\`.${health}`;
}

export const refreshInterrupted = (source: string): string =>
  `A recovery found that the refresh of ${source} was interrupted. Its tables are whole, old or new each, and no baseline is recorded.`;
