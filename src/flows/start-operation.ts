/** Begins an operation: on record first, then the lock, the gates that need no host, and one dispatched run. */
import { dispatch } from "../core/effects.ts";
import { stops } from "../core/judgement.ts";
import { isGranted, type LockProof } from "../core/lock.ts";
import { heldSides } from "../core/operations.ts";
import { blockedSentence } from "../core/rendering/endings.ts";
import { obstacles } from "../core/verdict.ts";
import type { Tx } from "../ports/store.ts";
import { showChecks, showComment } from "./announce.ts";
import { createOperation, type StartRequest } from "./create-operation.ts";
import type { CommandOutcome, Deps } from "./deps.ts";
import { finish } from "./finish.ts";
import { judgeNow, judgeRecords } from "./judge.ts";
import { addNextJob } from "./next-job.ts";
import { holderOf, refuse, unfit } from "./refuse-operation.ts";
import { change, emit, namesOf, record, type Work } from "./work.ts";

/** Inside the transaction that claimed the command. A refusal leaves a blocked operation on record, too. */
export async function startOperation(
  deps: Deps<never>,
  tx: Tx,
  request: StartRequest,
): Promise<CommandOutcome> {
  const work = await createOperation(deps, tx, request);
  const refusal = unfit(work);
  if (refusal !== null) return refuse(work, refusal);
  const ids = heldSides(request.kind).map((side) => work[side].id);
  const lock = await tx.acquireLock(work.operation.id, ids, work.now);
  if (!isGranted(lock)) return refuse(work, await holderOf(tx, lock));
  const judged = await judgeStart(work, request);
  if (judged.stopped) {
    const { verdict } = judged;
    const code = obstacles(verdict)[0]?.code ?? "blocked";
    const message = blockedSentence(namesOf(work), verdict);
    await finish(judged.work, { event: "blocked", code, message, actor: "bot" });
    return { kind: "blocked", operation_id: work.operation.id, verdict };
  }
  return launch(judged.work, { lock, workflow: deps.settings.workflow });
}

/** The gates that need no host: without a fresh, proven backup or a baseline nothing runs at all. */
async function judgeStart(work: Work, { settings, on_records, kind, evidence }: StartRequest) {
  if (on_records) {
    const { verdict } = await judgeRecords(work.tx, { ...work, settings });
    if (verdict.outcome !== "pass") return { work: await change(work, { verdict }), verdict, stopped: true };
  }
  const judged = await judgeNow(work, { settings, head_parents: [], evidence });
  return { ...judged, stopped: stops(kind, judged.verdict, false) };
}

interface Launch {
  readonly lock: LockProof;
  readonly workflow: string;
}

async function launch(work: Work, { lock, workflow }: Launch): Promise<CommandOutcome> {
  const job = await addNextJob(work);
  if (job === null) throw new Error(`A ${work.operation.kind} has no job.`);
  if (work.operation.run_id === null) await start(work, { lock, workflow, job_id: job.id });
  await showChecks(work);
  await showComment(work, "now");
  return { kind: "started", operation_id: work.operation.id, job_id: job.id };
}

/** A run that was started by hand is there already. */
async function start(
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
