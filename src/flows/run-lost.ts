/** Runs that could not be started, ended without a report, or are silent for too long. */

import type { Answer } from "../core/answer.ts";
import { changesSomething } from "../core/operations.ts";
import { OPEN_STATES } from "../core/promotion.ts";
import * as answers from "../core/rendering/answers.ts";
import { failedSentence, unknownSentence } from "../core/rendering/endings.ts";
import { JOB_WORDS } from "../core/rendering/words.ts";
import type { JobRow } from "../ports/operations.ts";
import type { Tx } from "../ports/store.ts";
import type { Deps } from "./deps.ts";
import { type Ending, finish } from "./finish.ts";
import { can, namesOf, openWork, type Work } from "./work.ts";

type LostDeps = Pick<Deps<never>, "store" | "clock">;

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
    return jobs.filter((job) => isLate(job, deps.clock.now()));
  });
  const ended: string[] = [];
  for (const job of late) {
    const minutes = Math.round((job.state === "queued" ? QUEUE_S : job.timeout_s) / 60);
    const answer = (what: string) => answers.jobTimeout(what, minutes);
    const { operation_id } = job;
    const only = (open: JobRow) => open.id === job.id && isLate(open, deps.clock.now());
    const outcome = await deps.store.transaction((tx) => lose(deps, tx, { operation_id, answer, only }));
    if (outcome.kind === "ended") ended.push(operation_id);
  }
  return ended;
}

function isLate(job: JobRow, now: string): boolean {
  const since = Date.parse(job.claimed_at ?? job.created_at);
  const limit = job.state === "queued" ? QUEUE_S : job.timeout_s + GRACE_S;
  return Date.parse(now) - since > limit * 1000;
}

interface Loss {
  readonly operation_id: string;
  readonly answer: (what: string) => Answer;
  /** Which open job; it may have been claimed, or reported, since it was looked for. */
  readonly only?: (job: JobRow) => boolean;
}

async function lose(deps: Pick<Deps<never>, "clock">, tx: Tx, loss: Loss): Promise<LostOutcome> {
  const { operation_id } = loss;
  const work = await openWork(deps, tx, operation_id);
  const jobs = await tx.jobsOf(operation_id);
  const job = jobs.find((one) => one.state === "queued" || one.state === "running");
  const outdated = job === undefined || loss.only?.(job) === false;
  if (work === null || outdated || !can(work, "lost")) return { kind: "nothing", operation_id };
  const answer = loss.answer(JOB_WORDS[job.type]);
  await finish(work, { ...lost(work, job, answer), actor: "bot" });
  return { kind: "ended", operation_id };
}

/** Before it was claimed, and while it only looked, a lost job is a failure; afterwards nobody can tell. */
function lost(work: Work, job: JobRow, answer: Answer): Omit<Ending, "actor"> {
  const doubt = changesSomething(job.type) && job.state === "running";
  if (!doubt) return failed(work, answer);
  const message = unknownSentence(namesOf(work), answers.answerLine(answer));
  return { event: "lost", code: answer.code, message };
}

function failed(work: Work, answer: Answer): Omit<Ending, "actor"> {
  const message = failedSentence(namesOf(work), answers.answerLine(answer));
  return { event: "failed", code: answer.code, message };
}
