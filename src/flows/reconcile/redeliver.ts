/**
 * Webhooks that GitHub could not deliver (it does not try again by itself) come after all. A few are delivered once more. Of that GitHub
 * allows about one in a second, so many are read where GitHub keeps them, which also works where GitHub cannot reach the bot.
 */
import { outageOf } from "../../core/outage.ts";
import type { AppDeliveries, FailedDelivery, KeptDelivery, Sweeps } from "../../ports/reconcile.ts";

export interface RedeliverDeps {
  readonly deliveries: AppDeliveries;
  readonly sweeps: Pick<
    Sweeps,
    "restoredAt" | "beganAt" | "known" | "countRedelivery" | "uncountRedelivery" | "caughtUpAt" | "caughtUp"
  >;
  /** Whether a flow works on events of this name. */
  readonly wanted: (event: string) => boolean;
  /** Stores a webhook as if it had come. It came from GitHub's API, so its signature is not asked for. */
  readonly receive: (delivery: KeptDelivery) => Promise<void>;
  readonly clock: { now(): string };
}

export interface CaughtUp {
  /** Those that GitHub was asked to deliver again, and those that were read; oldest first. */
  readonly redelivered: readonly string[];
  readonly read: readonly string[];
  /** There are others, to go on with at once. */
  readonly more: boolean;
}

/** GitHub keeps deliveries for three days. */
const WINDOW_MS = 3 * 24 * 3600 * 1000;
/** A little before the store began: the first webhooks may have come before the bot could be reached. */
const BEFORE_MS = 3600 * 1000;
/** Our clock is not GitHub's, and its list may come late. */
const OVERLAP_MS = 10 * 60 * 1000;
/** So many are delivered again; of more than that each is read. */
const FEW = 50;
/** What GitHub could not deliver again so often is read. */
const REDELIVERED_TIMES = 2;
const MOST_TIMES = 8;
const AT_ONCE = 8;
/** In one sweep, so that other sweeps get their turn. */
const MOST_AT_ONCE = 1_000;

/** @throws GithubError: what was caught up on until then stays */
export async function redeliverFailed(deps: RedeliverDeps): Promise<CaughtUp> {
  const now = deps.clock.now();
  const { failed, complete } = await deps.deliveries.failedSince(await since(deps, now));
  const known = await deps.sweeps.known(failed.map(({ guid }) => guid));
  const restored_at = await deps.sweeps.restoredAt();
  const wanted = failed.filter(
    (one) => !known.has(one.guid) && deps.wanted(one.event) && !isOldClick(one, restored_at),
  );
  const missing = oncePerGuid(wanted);
  const redelivered: string[] = [];
  const read: string[] = [];
  for (let at = 0; at < missing.length; at += AT_ONCE) {
    if (redelivered.length + read.length >= MOST_AT_ONCE) return { redelivered, read, more: true };
    const group = missing.slice(at, at + AT_ONCE);
    const caught = await Promise.allSettled(group.map((one) => catchUp(deps, one, missing.length <= FEW)));
    for (const { guid, kept } of caught.flatMap((one) => (one.status === "fulfilled" ? one.value : []))) {
      if (kept !== null) await deps.receive(kept);
      (kept === null ? redelivered : read).push(guid);
    }
    for (const one of caught) if (one.status === "rejected") throw one.reason;
  }
  // Whether those that are delivered again arrive shows the next time.
  if (complete && redelivered.length === 0) await deps.sweeps.caughtUp(now);
  return { redelivered, read, more: false };
}

/** It may have come after all, and been worked on, before the store was put back: a button does not say when it was pressed. */
function isOldClick({ event, delivered_at }: FailedDelivery, restored_at: string | null): boolean {
  if (event !== "check_run.requested_action" || restored_at === null) return false;
  return Date.parse(delivered_at) < Date.parse(restored_at);
}

/** ISO 8601. What failed before is dealt with, or lost to GitHub, too. */
async function since({ sweeps }: RedeliverDeps, now: string): Promise<string> {
  const began = Date.parse(await sweeps.beganAt(now)) - BEFORE_MS;
  const until = await sweeps.caughtUpAt();
  const seen = until === null ? began : Date.parse(until) - OVERLAP_MS;
  return new Date(Math.max(Date.parse(now) - WINDOW_MS, began, seen)).toISOString();
}

interface Caught {
  readonly guid: string;
  /** Null: it will be delivered again. */
  readonly kept: KeptDelivery | null;
}

/** Empty: given up, or GitHub has it no more. */
async function catchUp(
  { deliveries, sweeps, clock }: RedeliverDeps,
  { guid, id }: FailedDelivery,
  few: boolean,
): Promise<readonly Caught[]> {
  const times = await sweeps.countRedelivery(guid, clock.now());
  if (times > MOST_TIMES) return [];
  try {
    if (few && times <= REDELIVERED_TIMES)
      return (await deliveries.redeliver(id)) ? [{ guid, kept: null }] : [];
    const kept = await deliveries.read(id);
    return kept === null ? [] : [{ guid, kept }];
  } catch (error) {
    // That GitHub does not answer is no reason to give a webhook up.
    if (outageOf(error) !== null) await sweeps.uncountRedelivery(guid);
    throw error;
  }
}

/** The newest attempt of each, oldest delivery first: commands come after what they rest on. */
function oncePerGuid(failed: readonly FailedDelivery[]): readonly FailedDelivery[] {
  const newest = new Map<string, FailedDelivery>();
  for (const one of failed) if (!newest.has(one.guid)) newest.set(one.guid, one);
  return [...newest.values()].reverse();
}
