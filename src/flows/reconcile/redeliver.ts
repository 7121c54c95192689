/** Webhooks that GitHub could not deliver (it does not try again by itself) are delivered once more, each a few times at most. */
import type { AppDeliveries, FailedDelivery, Sweeps } from "../../ports/reconcile.ts";

export interface RedeliverDeps {
  readonly deliveries: AppDeliveries;
  readonly sweeps: Pick<Sweeps, "beganAt" | "known" | "countRedelivery">;
  /** Whether a flow works on events of this name. */
  readonly wanted: (event: string) => boolean;
  readonly clock: { now(): string };
}

/** GitHub keeps deliveries for three days. */
const WINDOW_MS = 3 * 24 * 3600 * 1000;
/** A little before the store began: the first webhooks may have come before the bot could be reached. */
const BEFORE_MS = 3600 * 1000;
const MOST_TIMES = 3;
/** In one sweep: the next one goes on. */
const MOST_AT_ONCE = 500;

/** @returns guids of those that GitHub was asked for, oldest first @throws GithubError */
export async function redeliverFailed(deps: RedeliverDeps): Promise<readonly string[]> {
  const now = deps.clock.now();
  const began = Date.parse(await deps.sweeps.beganAt(now)) - BEFORE_MS;
  const since = new Date(Math.max(Date.parse(now) - WINDOW_MS, began)).toISOString();
  const failed = await deps.deliveries.failedSince(since);
  const known = await deps.sweeps.known(failed.map(({ guid }) => guid));
  const missing = failed.filter(({ guid, event }) => !known.has(guid) && deps.wanted(event));
  const asked: string[] = [];
  for (const { guid, id } of oncePerGuid(missing).slice(0, MOST_AT_ONCE)) {
    if ((await deps.sweeps.countRedelivery(guid, now)) > MOST_TIMES) continue;
    if (await deps.deliveries.redeliver(id)) asked.push(guid);
  }
  return asked;
}

/** The newest attempt of each, oldest delivery first: commands come after what they rest on. */
function oncePerGuid(failed: readonly FailedDelivery[]): readonly FailedDelivery[] {
  const newest = new Map<string, FailedDelivery>();
  for (const one of failed) if (!newest.has(one.guid)) newest.set(one.guid, one);
  return [...newest.values()].reverse();
}
