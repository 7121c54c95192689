/** Runs that could not be started, ended without a report, or are silent for too long. */

import type { Answer } from "../core/answer.ts";
import { changesSomething, isOfRecovery } from "../core/operations.ts";
import { OPEN_STATES } from "../core/promotion.ts";
import { answerLine } from "../core/rendering/answers.ts";
import { failedSentence, unknownSentence } from "../core/rendering/endings.ts";
import * as answers from "../core/rendering/run-answers.ts";
import { JOB_WORDS } from "../core/rendering/words.ts";
import type { JobRow } from "../ports/operations.ts";
import type { Tx } from "../ports/store.ts";
import type { Deps } from "./deps.ts";
import { type Ending, finish } from "./finish.ts";
import { openRecovery, recoveryFailed } from "./recover.ts";
import { finishOrRetry } from "./retry.ts";
import { can, namesOf, openWork, type Work } from "./work.ts";

type LostDeps = Pick<Deps<never>, "store" | "clock" | "settings">;

export type LostOutcome = { readonly kind: "ended" | "nothing"; readonly operation_id: string };

/** GitHub refused to start the run, for good: nothing has begun. */
export async function dispatchFailed(
  deps: LostDeps,
  { operation_id, message }: { readonly operation_id: string; readonly message: string },
): Promise<LostOutcome> {
  return deps.store.transaction(async (tx) => {
    const work = await openWork(deps, tx, operation_id);
    if (work === null || work.operation.run_id !== null || !can(work, "failed")) {
      return { kind: "nothing", operation_id };
    }
    const answer = answers.dispatchFailed(message);
    const recovery = await openRecovery(work);
    if (recovery !== null) return fruitless(deps, work, { job: recovery, answer });
    await finish(work, { ...failed(work, answer), actor: "bot" });
    return { kind: "ended", operation_id };
  });
}

/** A run is over (webhook `workflow_run.completed`): jobs that it claimed and did not report are lost. */
export async function runEnded(
  deps: LostDeps,
  { repository_id, run_id }: { readonly repository_id: number; readonly run_id: number },
): Promise<LostOutcome | null> {
  return deps.store.transaction(async (tx) => {
    const site = await tx.siteOfRepository(repository_id);
    if (site === null) return null;
    const open = await tx.operations({ site_id: site.id, states: OPEN_STATES }, { limit: 100 });
    const operation = open.find((one) => one.run_id === run_id);
    return operation === undefined
      ? null
      : lose(deps, tx, { operation_id: operation.id, answer: answers.runLost });
  });
}

/** Grace beyond a job's own time limit: the action reports JOB_TIMEOUT by itself first. */
const GRACE_S = 300;
/** How long a dispatched run may wait for a runner. */
const QUEUE_S = 1800;

/** On a timer: jobs that should have been claimed or reported by now. Answers the operations that it ended. */
export async function expireJobs(deps: LostDeps): Promise<readonly string[]> {
  const late = await deps.store.transaction(async (tx) => {
    const jobs = await tx.jobs({ states: ["queued", "running"] }, { limit: 500 });
    const late: JobRow[] = [];
    for (const job of jobs) if (isLate(job, await since(tx, job), deps.clock.now())) late.push(job);
    return late;
  });
  const ended: string[] = [];
  for (const job of late) {
    const minutes = Math.round((job.state === "queued" ? QUEUE_S : job.timeout_s) / 60);
    const answer = (what: string) => answers.jobTimeout(what, minutes);
    const { operation_id } = job;
    const only = async (tx: Tx, open: JobRow) =>
      open.id === job.id && isLate(open, await since(tx, open), deps.clock.now());
    const outcome = await deps.store.transaction((tx) => lose(deps, tx, { operation_id, answer, only }));
    if (outcome.kind === "ended") ended.push(operation_id);
  }
  return ended;
}

/** Null: GitHub has not started the run yet, and the outbox goes on asking for it. */
async function since(tx: Tx, job: JobRow): Promise<number | null> {
  if (job.claimed_at !== null) return Date.parse(job.claimed_at);
  const dispatched_at = (await tx.operation(job.operation_id))?.dispatched_at ?? null;
  return dispatched_at === null ? null : Math.max(Date.parse(dispatched_at), Date.parse(job.created_at));
}

function isLate(job: JobRow, began: number | null, now: string): boolean {
  const limit = job.state === "queued" ? QUEUE_S : job.timeout_s + GRACE_S;
  return began !== null && Date.parse(now) - began > limit * 1000;
}

interface Loss {
  readonly operation_id: string;
  readonly answer: (what: string) => Answer;
  /** Which open job; it may have been claimed, or reported, since it was looked for. */
  readonly only?: (tx: Tx, job: JobRow) => Promise<boolean>;
}

async function lose(deps: Pick<Deps<never>, "clock" | "settings">, tx: Tx, loss: Loss): Promise<LostOutcome> {
  const { operation_id } = loss;
  const work = await openWork(deps, tx, operation_id);
  const jobs = await tx.jobsOf(operation_id);
  const job = jobs.find((one) => one.state === "queued" || one.state === "running");
  const outdated = job === undefined || (await loss.only?.(tx, job)) === false;
  if (work === null || outdated) return { kind: "nothing", operation_id };
  const answer = loss.answer(JOB_WORDS[job.type]);
  if (isOfRecovery(job.type)) return fruitless(deps, work, { job, answer });
  if (!can(work, "lost")) return { kind: "nothing", operation_id };
  await finishOrRetry(deps, work, { ...lost(work, job, answer), actor: "bot" });
  return { kind: "ended", operation_id };
}

async function fruitless(
  deps: Pick<Deps<never>, "settings">,
  work: Work,
  { job, answer }: { readonly job: JobRow; readonly answer: Answer },
): Promise<LostOutcome> {
  const [why = ""] = answer.sentences;
  await recoveryFailed(deps, work, { job, code: answer.code, why, actor: "bot" });
  return { kind: "ended", operation_id: work.operation.id };
}

/** Before it was claimed, and while it only looked, a lost job is a failure; afterwards nobody can tell. */
function lost(work: Work, job: JobRow, answer: Answer): Omit<Ending, "actor"> {
  const doubt = changesSomething(job.type) && job.state === "running";
  if (!doubt) return failed(work, answer);
  const message = unknownSentence(namesOf(work), answerLine(answer));
  return { event: "lost", code: answer.code, message };
}

function failed(work: Work, answer: Answer): Omit<Ending, "actor"> {
  const message = failedSentence(namesOf(work), answerLine(answer));
  return { event: "failed", code: answer.code, message };
}
