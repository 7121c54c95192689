/** The reconciler's timer: what webhooks and runners should have told, looked up at GitHub. Several bots on one store share it. */
import type { Logger } from "pino";
import { outageOf } from "./core/outage.ts";
import type { Deps } from "./flows/deps.ts";
import type { Scope } from "./flows/reconcile/checks.ts";
import { reconcileInspected } from "./flows/reconcile/inspected.ts";
import type { Failed } from "./flows/reconcile/one-by-one.ts";
import { reconcilePulls } from "./flows/reconcile/pulls.ts";
import { redeliverFailed } from "./flows/reconcile/redeliver.ts";
import { reconcileRuns } from "./flows/reconcile/runs.ts";
import { reconcileSettings } from "./flows/reconcile/settings.ts";
import { type Loop, startLoop } from "./loop.ts";
import type { Queue } from "./ports/queue.ts";
import type { AppDeliveries, KeptDelivery, Sweeps } from "./ports/reconcile.ts";

export interface ReconcileOptions {
  readonly deps: Deps;
  readonly queue: Pick<Queue, "setAside" | "tryOnceMore">;
  readonly sweeps: Sweeps;
  readonly deliveries: AppDeliveries;
  /** Whether a flow works on events of this name. */
  readonly wanted: (event: string) => boolean;
  /** Stores a webhook that came another way than by HTTP. */
  readonly receive: (delivery: KeptDelivery) => Promise<void>;
  readonly log: Logger;
  /** There may be effects to apply. */
  readonly wake: () => void;
}

const POLL_MS = 15_000;
const DAY_MS = 24 * 3600 * 1000;
/** A sweep is held so long, again and again: what a bot that died was at goes on soon. */
const HELD_MS = 60_000;
const HELD_EVERY_MS = 15_000;

interface Sweep {
  readonly name: string;
  readonly every_s: number;
  readonly work: (options: ReconcileOptions) => Promise<Found>;
}

/** What it found, for the log; an object may say that it is due again at once. */
type Found = number | readonly string[] | { readonly more: boolean };

const SWEEPS: readonly Sweep[] = [
  { name: "runs", every_s: 60, work: runsOfAllSites },
  {
    name: "deliveries",
    every_s: 60,
    work: (options) => redeliverFailed({ ...options, clock: options.deps.clock }),
  },
  { name: "settings", every_s: 0, work: settingsOfSites },
  { name: "pulls", every_s: 600, work: (options) => pullsOfAllSites(options, "urgent") },
  // Each pull request costs a request, and an installation has 5,000 an hour for everything.
  { name: "all-pulls", every_s: DAY_MS / 1000, work: (options) => pullsOfAllSites(options, "all") },
  { name: "set-aside", every_s: 3600, work: tryRefusedAgain },
  { name: "inspected", every_s: 3600, work: inspectedOfAllSites },
  { name: "prune", every_s: 3600, work: pruneOld },
];

/** At the start at once, unless another bot has just done it. */
export function startReconciler(options: ReconcileOptions): Loop {
  const { log } = options;
  return startLoop({
    step: async () => {
      let more = false;
      for (const sweep of SWEEPS) more = (await sweepOnce(options, sweep)) || more;
      return more;
    },
    workers: 1,
    pollMs: POLL_MS,
    onFault: (error) => log.error({ err: error }, "the reconciler could not look what is due"),
  });
}

/** One that fails is due again at the next poll, or when GitHub lets it: the others do not wait for it. @returns whether there is more */
async function sweepOnce(options: ReconcileOptions, { name, every_s, work }: Sweep): Promise<boolean> {
  const { deps, sweeps, log, wake } = options;
  if (!(await sweeps.begin(name, deps.clock.now(), every_s))) return false;
  const hold = (milliseconds: number) => sweeps.hold(name, before(deps, -milliseconds));
  const timer = setInterval(() => hold(HELD_MS).catch(() => undefined), HELD_EVERY_MS);
  try {
    const found = await work(options);
    clearInterval(timer);
    const more = typeof found === "object" && "more" in found && found.more;
    await (more ? hold(0) : sweeps.end(name, deps.clock.now()));
    log.debug({ sweep: name, found }, "reconciled");
    return more;
  } catch (error) {
    clearInterval(timer);
    log.warn({ sweep: name, err: error }, "could not be reconciled now, will be tried again");
    await hold((outageOf(error)?.retry_after_s ?? 0) * 1000);
    return false;
  } finally {
    wake();
  }
}

function pruneOld({ deps, sweeps }: ReconcileOptions): Promise<Found> {
  const days = (count: number) => before(deps, count * DAY_MS);
  return sweeps.prune({ answers: days(7), worked_on: days(30), set_aside: days(90), most: 5_000 });
}

const warning =
  ({ log }: ReconcileOptions, sentence: string): Failed =>
  (repository, error) =>
    log.warn({ repository, err: error }, sentence);

function runsOfAllSites(options: ReconcileOptions): Promise<readonly string[]> {
  const failed = warning(options, "a run could not be looked at, will be tried again");
  return reconcileRuns({ ...options.deps, failed });
}

function inspectedOfAllSites(options: ReconcileOptions): Promise<readonly string[]> {
  const failed = warning(options, "what a rollback left could not be looked at, will be tried again");
  return reconcileInspected({ ...options.deps, failed });
}

function settingsOfSites(options: ReconcileOptions): Promise<number> {
  const failed = warning(options, "checks could not be shown anew after a push of the policy");
  return reconcileSettings({ ...options.deps, sweeps: options.sweeps, failed });
}

async function pullsOfAllSites({ deps, log }: ReconcileOptions, scope: Scope): Promise<number> {
  const sites = await deps.store.transaction((tx) => tx.sites({ limit: 10_000 }));
  let healed = 0;
  for (const { repository } of sites) {
    healed += await reconcilePulls(deps, repository, scope).catch((error: unknown) => {
      log.warn({ repository: repository.id, err: error }, "pull requests could not be compared");
      return 0;
    });
  }
  return healed;
}

/** Writes that GitHub refused for want of a permission, or because something was not there yet: both are mended without a word to us. */
const MENDED = /^GITHUB_(FORBIDDEN|NOT_FOUND)/;
const SHOWN: readonly string[] = ["comment", "answer", "check", "deployment", "anchor"];

async function tryRefusedAgain({ deps, queue }: ReconcileOptions): Promise<number> {
  const rows = await queue.setAside(before(deps, 3 * DAY_MS));
  const ids = rows
    .filter((row) => row.queue === "effects" && SHOWN.includes(row.what) && MENDED.test(row.last_error ?? ""))
    .map(({ id }) => id);
  return queue.tryOnceMore(ids, deps.clock.now());
}

const before = ({ clock }: Deps, milliseconds: number): string =>
  new Date(Date.parse(clock.now()) - milliseconds).toISOString();
