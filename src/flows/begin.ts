/** From an operation on record to its dispatched run: fit, locked, judged, launched. For the first time, after a wait, or again. */
import { dispatch } from "../core/effects.ts";
import { stops } from "../core/judgement.ts";
import { isGranted, type LockHeld, type LockProof } from "../core/lock.ts";
import { heldSides } from "../core/operations.ts";
import { blockedSentence } from "../core/rendering/endings.ts";
import { obstacles } from "../core/verdict.ts";
import { showChecks, showComment } from "./announce.ts";
import type { CommandOutcome, Deps } from "./deps.ts";
import type { Evidence } from "./evidence.ts";
import { finish } from "./finish.ts";
import { judgeNow, judgeRecords } from "./judge.ts";
import { addNextJob } from "./next-job.ts";
import { refuse, unfit } from "./refuse-operation.ts";
import type { SiteSettings } from "./site.ts";
import { change, emit, namesOf, record, type Work } from "./work.ts";

export interface BeginWith {
  readonly settings: SiteSettings;
  /** True for the API: it begins only on a fresh drift check and backup that are on record already. */
  readonly on_records: boolean;
  readonly evidence: Evidence;
}

/** What came of it; `held`: somebody else holds an environment, and nothing was changed. */
export type Begun = CommandOutcome | { readonly kind: "held"; readonly by: LockHeld };

export async function beginWork(deps: Deps<never>, work: Work, given: BeginWith): Promise<Begun> {
  const refusal = await unfit(work);
  if (refusal !== null) return refuse(work, refusal);
  const lock = await lockFor(work);
  if (!isGranted(lock)) return { kind: "held", by: lock };
  const judged = await judgeStart(work, given);
  if (judged.stopped) {
    const { verdict } = judged;
    const code = obstacles(verdict)[0]?.code ?? "blocked";
    const message = blockedSentence(namesOf(work), verdict);
    await finish(judged.work, { event: "blocked", code, message, actor: "bot" });
    return { kind: "blocked", operation_id: work.operation.id, verdict };
  }
  return launch(judged.work, { lock, workflow: deps.settings.workflow });
}

/** Asks for every environment that this kind of operation holds. */
export function lockFor(work: Work): Promise<LockProof | LockHeld> {
  const ids = heldSides(work.operation.kind).map((side) => work[side].id);
  return work.tx.acquireLock(work.operation.id, ids, work.now);
}

/** The gates that need no host: without a fresh, proven backup or a baseline nothing runs at all. */
async function judgeStart(work: Work, { settings, on_records, evidence }: BeginWith) {
  if (on_records) {
    const { verdict } = await judgeRecords(work.tx, { ...work, settings });
    if (verdict.outcome !== "pass") return { work: await change(work, { verdict }), verdict, stopped: true };
  }
  const judged = await judgeNow(work, { settings, head_parents: [], evidence });
  return { ...judged, stopped: stops(work.operation.kind, judged.verdict, false) };
}

interface Launch {
  readonly lock: LockProof;
  readonly workflow: string;
}

async function launch(work: Work, { lock, workflow }: Launch): Promise<CommandOutcome> {
  const job = await addNextJob(work);
  if (job === null) throw new Error(`A ${work.operation.kind} has no job.`);
  // A run that was started by hand is there already.
  if (work.operation.run_id === null) await dispatchRun(work, { lock, workflow, job_id: job.id });
  await showChecks(work);
  await showComment(work, "now");
  return { kind: "started", operation_id: work.operation.id, job_id: job.id };
}

/** Writes the intent down: the outbox starts the run, and finds it again by the operation's nonce. */
export async function dispatchRun(
  work: Work,
  { lock, workflow, job_id }: Launch & { readonly job_id: string },
): Promise<void> {
  const { nonce } = work.operation;
  const run = {
    workflow,
    ref: work.site.repository.default_branch,
    nonce,
    inputs: { job: job_id, nonce, environment: work.target.name },
  };
  await emit(work, dispatch(lock, run));
  await record(work, {
    actor: "bot",
    action: "dispatched",
    reason: "the lock is held",
    details: { job: job_id },
  });
}

/** A run of its own for what comes next: nothing of the run before may claim it. */
export function withNewRun(work: Work): Promise<Work> {
  return change(work, { nonce: work.clock.id(), run_id: null, run_url: null, dispatched_at: null });
}
