/** The bot's work outside of requests: stored deliveries first to flows, effects to GitHub, and a look at what is overdue. */
import type { Logger } from "pino";
import type { EffectResult } from "./core/effects.ts";
import { outageOf } from "./core/outage.ts";
import type { Deps } from "./flows/deps.ts";
import { beginDue, dueOperations } from "./flows/due.ts";
import { pointersApplied, pointersCrashed } from "./flows/packages/applied.ts";
import { syncApplied } from "./flows/packages/told.ts";
import { dueRecoveries, recoverDue } from "./flows/recover.ts";
import { dispatchFailed, expireJobs } from "./flows/run-lost.ts";
import { runStarted } from "./flows/run-started.ts";
import { type Loop, startLoop } from "./loop.ts";
import type { DeliveryRow, EffectRow, Queue, ResourceRow } from "./ports/queue.ts";

export interface Work {
  wakeDeliveries(): void;
  wakeEffects(): void;
  stop(): Promise<void>;
}

export interface WorkOptions {
  readonly deps: Deps;
  readonly queue: Queue;
  readonly log: Logger;
  readonly handleDelivery: (deps: Deps, row: DeliveryRow) => Promise<unknown>;
}

const POLL_MS = 1_000;
const OVERDUE_MS = 30_000;
const DUE_MS = 3_000;
/** Of one repository one after another: a pull request's webhook is worked on before the comment that came after it. */
const DELIVERY_WORKERS = 4;
const EFFECT_WORKERS = 4;

export function startWork(options: WorkOptions): Work {
  const { deps, queue, log } = options;
  const onFault = (error: unknown) => log.error({ err: error }, "the store could not be asked for work");
  const effects = startLoop({
    step: (found) =>
      queue.takeEffect(deps.clock.now(), (row, known, untried) => {
        found();
        return apply(options, row, { known, untried });
      }),
    workers: EFFECT_WORKERS,
    pollMs: POLL_MS,
    onFault,
  });
  const deliveries = startLoop({
    step: (found) =>
      queue.takeDelivery(deps.clock.now(), async (row) => {
        found();
        await handle(options, row);
        effects.wake();
      }),
    workers: DELIVERY_WORKERS,
    pollMs: POLL_MS,
    onFault,
  });
  const overdue = overdueLoop(options, effects);
  const due = dueLoop(options, effects);
  return {
    wakeDeliveries: deliveries.wake,
    wakeEffects: effects.wake,
    stop: async () => {
      await Promise.all([deliveries.stop(), effects.stop(), overdue.stop(), due.stop()]);
    },
  };
}

function overdueLoop({ deps, log }: WorkOptions, effects: Loop): Loop {
  return startLoop({
    step: async () => {
      for (const operation_id of await dueRecoveries(deps)) {
        const outcome = await recoverDue(deps, operation_id);
        log.warn({ operation_id, outcome }, "a recovery looks how an operation ended");
        effects.wake();
      }
      const ended = await expireJobs(deps);
      for (const operation_id of ended) log.warn({ operation_id }, "a run was silent for too long");
      if (ended.length > 0) effects.wake();
      return false;
    },
    workers: 1,
    pollMs: OVERDUE_MS,
    onFault: (error) => log.error({ err: error }, "overdue jobs could not be looked for"),
  });
}

/** Operations that wait for their turn, or for their next attempt. One that GitHub cannot tell of goes on waiting. */
function dueLoop({ deps, log }: WorkOptions, effects: Loop): Loop {
  const attempt = async (operation_id: string) => {
    const outcome = await beginDue(deps, operation_id);
    if (outcome === "waits") return;
    log.info({ operation_id, outcome }, "a waiting operation was taken up");
    effects.wake();
  };
  return startLoop({
    step: async () => {
      for (const operation_id of await dueOperations(deps)) {
        await attempt(operation_id).catch((error: unknown) =>
          log.warn({ operation_id, err: error }, "a waiting operation could not be taken up yet"),
        );
      }
      return false;
    },
    workers: 1,
    pollMs: DUE_MS,
    onFault: (error) => log.error({ err: error }, "waiting operations could not be looked for"),
  });
}

async function handle({ deps, queue, log, handleDelivery }: WorkOptions, row: DeliveryRow): Promise<void> {
  const { id: delivery, event, attempts, faults } = row;
  try {
    const outcome = await handleDelivery(deps, row);
    log.info({ delivery, event, outcome: summary(outcome) }, "delivery handled");
  } catch (error) {
    const outage = outageOf(error);
    const last = outage === null && faults + 1 >= queue.most_faults;
    const message = last ? "delivery set aside" : "delivery failed, will be tried again";
    log[last ? "error" : "warn"]({ delivery, event, attempts, outage: outage?.code, err: error }, message);
    throw error;
  }
}

/** What earlier effects of the stream have made on GitHub, as far as that is known. */
interface Before {
  readonly known: ResourceRow | null;
  readonly untried: boolean;
}

async function apply(options: WorkOptions, row: EffectRow, before: Before): Promise<EffectResult> {
  const { deps, log, queue } = options;
  const result = await deps.github.applyEffect(row.repository, row.effect, before.known, before.untried);
  const { kind } = row.effect;
  const about = { effect: row.id, kind, stream: row.stream, operation_id: row.operation_id };
  if (result.ok) {
    log.debug({ ...about, url: result.url }, "effect applied");
  } else {
    const last = isLast(queue, row, result);
    const { code, message } = result;
    log[last ? "error" : "warn"]({ ...about, code, attempts: row.attempts }, message);
    if (last) log.error(about, "effect given up");
  }
  if (row.effect.kind === "dispatch") await tellOfDispatch(options, { row, result });
  await tellOfPackages(options, { row, result });
  return result;
}

/** Whether an effect that failed is set aside: an outage never is. */
function isLast(
  { most_faults }: Queue,
  row: EffectRow,
  result: Exclude<EffectResult, { ok: true }>,
): boolean {
  if (outageOf(result) !== null) return false;
  return !result.retry || row.faults + 1 >= most_faults;
}

interface Applied {
  readonly row: EffectRow;
  readonly result: EffectResult;
}

/** Only the run that GitHub names may claim; a run that cannot be started ends its operation. */
async function tellOfDispatch({ deps, queue }: WorkOptions, { row, result }: Applied): Promise<void> {
  const { operation_id } = row;
  if (operation_id === null) return;
  if (result.ok && result.external_id !== null) {
    await runStarted(deps, { operation_id, run_id: result.external_id, run_url: result.url });
  }
  if (result.ok || !isLast(queue, row, result)) return;
  await dispatchFailed(deps, { operation_id, message: result.message });
}

/** What became of pointers that were to be moved, and of telling the runtime. */
async function tellOfPackages({ deps, queue, log }: WorkOptions, { row, result }: Applied): Promise<void> {
  const { effect } = row;
  const last = !result.ok && isLast(queue, row, result);
  if (effect.kind === "pointers") {
    const tried_before = row.attempts > 1;
    await pointersApplied(deps, { effect, result, last, tried_before }).catch((error: unknown) => {
      if (outageOf(error) !== null || row.faults + 1 < queue.most_faults) throw error;
      log.error({ operation_id: row.operation_id, err: error }, "moved pointers could not be told of");
      return pointersCrashed(deps, { effect, result, error });
    });
  }
  if (effect.kind === "sync") await syncApplied(deps, { effect, result, last });
}

/** What a flow answered, without what it quotes. */
function summary(outcome: unknown): unknown {
  if (typeof outcome !== "object" || outcome === null) return null;
  const { kind, reason, operation_id, job_id }: Readonly<Record<string, unknown>> = { ...outcome };
  return { kind, reason, operation_id, job_id };
}
