/** The reconciler's timer: what webhooks and runners should have told, looked up at GitHub. Several bots on one store share it. */
import type { Logger } from "pino";
import type { Deps } from "./flows/deps.ts";
import { reconcilePulls } from "./flows/reconcile/pulls.ts";
import { redeliverFailed } from "./flows/reconcile/redeliver.ts";
import { reconcileRuns } from "./flows/reconcile/runs.ts";
import { type Loop, startLoop } from "./loop.ts";
import type { Queue } from "./ports/queue.ts";
import type { AppDeliveries, Sweeps } from "./ports/reconcile.ts";

export interface ReconcileOptions {
  readonly deps: Deps;
  readonly queue: Pick<Queue, "setAside" | "tryAgain">;
  readonly sweeps: Sweeps;
  readonly deliveries: AppDeliveries;
  /** Whether a flow works on events of this name. */
  readonly wanted: (event: string) => boolean;
  readonly log: Logger;
  /** There may be effects to apply. */
  readonly wake: () => void;
}

const POLL_MS = 15_000;
const DAY_MS = 24 * 3600 * 1000;

interface Sweep {
  readonly name: string;
  readonly every_s: number;
  readonly work: (options: ReconcileOptions) => Promise<unknown>;
}

const SWEEPS: readonly Sweep[] = [
  { name: "runs", every_s: 60, work: ({ deps }) => reconcileRuns(deps) },
  {
    name: "deliveries",
    every_s: 300,
    work: (options) => redeliverFailed({ ...options, clock: options.deps.clock }),
  },
  { name: "pulls", every_s: 600, work: pullsOfAllSites },
  { name: "set-aside", every_s: 3600, work: tryRefusedAgain },
  { name: "prune", every_s: 3600, work: ({ deps, sweeps }) => sweeps.prune(before(deps, 7 * DAY_MS)) },
];

/** At the start at once, unless another bot has just done it. */
export function startReconciler(options: ReconcileOptions): Loop {
  const { log } = options;
  return startLoop({
    step: async () => {
      for (const sweep of SWEEPS) await sweepOnce(options, sweep);
      return false;
    },
    workers: 1,
    pollMs: POLL_MS,
    onFault: (error) => log.error({ err: error }, "the reconciler could not look what is due"),
  });
}

/** One that fails is due again at once after its lease: the others do not wait for it. */
async function sweepOnce(options: ReconcileOptions, { name, every_s, work }: Sweep): Promise<void> {
  const { deps, sweeps, log, wake } = options;
  if (!(await sweeps.begin(name, deps.clock.now(), every_s))) return;
  try {
    const found = await work(options);
    await sweeps.end(name, deps.clock.now());
    log.debug({ sweep: name, found }, "reconciled");
  } catch (error) {
    log.warn({ sweep: name, err: error }, "could not be reconciled now, will be tried again");
  }
  wake();
}

async function pullsOfAllSites({ deps, log }: ReconcileOptions): Promise<number> {
  const sites = await deps.store.transaction((tx) => tx.sites({ limit: 10_000 }));
  let healed = 0;
  for (const { repository } of sites) {
    healed += await reconcilePulls(deps, repository).catch((error: unknown) => {
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
  return queue.tryAgain(ids, deps.clock.now());
}

const before = ({ clock }: Deps, milliseconds: number): string =>
  new Date(Date.parse(clock.now()) - milliseconds).toISOString();
