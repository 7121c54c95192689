/** A runner reports a job: its facts are stored, and the answer names the next job or how the operation ended. */

import { FACTS } from "../core/facts.ts";
import { type Failure, failureOf, ROLLBACK_UNHEALTHY } from "../core/failure.ts";
import { SWITCH } from "../core/milestones.ts";
import { changesSomething, isOfRecovery, runResult } from "../core/operations.ts";
import { jobDone } from "../core/progress.ts";
import { cancelledSentence, doneSentence } from "../core/rendering/endings.ts";
import { JOB_WORDS, shortId } from "../core/rendering/words.ts";
import type { Report, ReportAnswer } from "../core/report.ts";
import { switchFacts } from "../core/result-facts.ts";
import type { JobRow } from "../ports/operations.ts";
import type { Tx } from "../ports/store.ts";
import { showChecks, showComment } from "./announce.ts";
import type { Deps, Refused } from "./deps.ts";
import { type EvidenceReads, evidenceForWork, NO_EVIDENCE } from "./evidence.ts";
import { type Ending, endSentence, finish } from "./finish.ts";
import { headParents } from "./head-parents.ts";
import { addNextJob } from "./next-job.ts";
import { conclude, type Loaded } from "./reports/conclude.ts";
import { probed } from "./reports/probed.ts";
import { recovered } from "./reports/recovered.ts";
import { rolledBack } from "./reports/release-rollback.ts";
import type { Conclusion } from "./reports/reported.ts";
import { finishOrRetry } from "./retry.ts";
import { actorOf, findJob, type RunnerInput, refuseJob } from "./runner-job.ts";
import { loadSettings, policyFor, type SettingsReads } from "./site.ts";
import { can, change, namesOf, type Work } from "./work.ts";

export type ReportOutcome = { readonly kind: "answered"; readonly answer: ReportAnswer } | Refused;

type ReportInput = RunnerInput & { readonly report: Report };
type ReportDeps = Deps<SettingsReads | EvidenceReads | "commitParents">;

export async function jobReport(deps: ReportDeps, input: ReportInput): Promise<ReportOutcome> {
  const found = await deps.store.transaction((tx) => findJob(deps, tx, input));
  if (found.kind === "refused") return found;
  if (input.report.job_id !== found.job.id || input.report.job_type !== found.job.type) {
    return { ...refuseJob("bad_request", "The report is for another job."), status: 400 };
  }
  const { report } = input;
  const told = changesSomething(found.job.type) || isOfRecovery(found.job.type);
  const loaded = told ? null : await load(deps, { ...found, report });

  return deps.store.transaction(async (tx) => {
    const now = await findJob(deps, tx, input);
    if (now.kind === "refused") return now;
    const { job, work } = now;
    if (job.answer !== null) return { kind: "answered", answer: job.answer };
    const late = isLate(work, job);
    if (job.state !== "running" && !late) return refuseJob("job_over", endSentence(work.operation));
    await tx.heartbeat(work.operation.id, work.now);
    const answer = await settle({ deps, work, job, report: input.report }, loaded, actorOf(input.runner));
    await tx.updateJob(job.id, { answer });
    return { kind: "answered", answer };
  });
}

/** What is judged with. What was changed, or how it ended, is kept as it was told, without GitHub: it may be out of reach at that moment. */
async function load(
  deps: ReportDeps,
  { work, job, report }: Pick<InHand, "work" | "job" | "report">,
): Promise<Loaded> {
  const { site, target } = work;
  const settings = await loadSettings(deps, site.repository);
  const head_parents = await headParents(deps, work, report);
  // Before the target was looked at there is nothing that could be approved.
  const known = settings.ok && job.type === "drift_check";
  if (!known) return { settings, head_parents, evidence: NO_EVIDENCE };
  const policy = policyFor(settings.settings, target.name);
  const evidence = await evidenceForWork(deps, work, { policy, author: await authorOnRecord(deps, work) });
  return { settings, head_parents, evidence };
}

/** A pull request keeps its author; that somebody has another name meanwhile is seen at the claim, which judges once more. */
async function authorOnRecord({ store }: ReportDeps, { site, operation }: Work): Promise<string | null> {
  const { pull_request: number } = operation;
  if (number === null) return null;
  return (await store.transaction((tx) => tx.pullRequest(site.repository.id, number)))?.author ?? null;
}

/** The doubt is about the job that was to change something, in the attempt that was the last. */
function isLate({ operation }: Work, job: JobRow): boolean {
  const doubted = changesSomething(job.type) && job.type !== "recover" && job.attempt === operation.attempt;
  return doubted && operation.state === "unknown" && job.state === "failed";
}

interface InHand {
  readonly deps: Pick<Deps<never>, "settings">;
  readonly work: Work;
  readonly job: JobRow;
  readonly report: Report;
}

async function settle(inHand: InHand, loaded: Loaded | null, actor: string): Promise<ReportAnswer> {
  const { report, job } = inHand;
  const state = report.status;
  const { error_code = null, error_message = null } = report;
  const { now: finished_at, tx } = inHand.work;
  await tx.updateJob(job.id, { state, finished_at, report, error_code, error_message });
  if (job.type === "health_check") return probed(inHand.work, job);
  if (job.type === "recover") {
    return ended(await recovered(inHand.deps, inHand.work, { job, report, actor }));
  }
  const progress = jobDone(inHand.work.operation.progress);
  const work = await change(inHand.work, state === "succeeded" ? { progress } : {});
  const conclusion = await concludeReport({ ...inHand, work }, loaded);
  if (conclusion.kind === "end") return end(inHand.deps, conclusion.work, { ...conclusion.ending, actor });
  return goOn(conclusion.work, actor);
}

/** A late report may leave the doubt as it is; and what was stopped after the switch has not been stopped, but has failed. */
async function end(deps: InHand["deps"], work: Work, ending: Ending): Promise<ReportAnswer> {
  if (ending.event === "lost" && !can(work, "lost")) return ended(work);
  const tooLate = ending.event === "cancelled" && !can(work, "cancelled");
  return ended(await finishOrRetry(deps, work, tooLate ? { ...ending, event: "failed" } : ending));
}

async function concludeReport(
  { deps, work, job, report }: InHand,
  loaded: Loaded | null,
): Promise<Conclusion> {
  if (report.status !== "succeeded") {
    if (job.type === "backup_create") await failBackup(work.tx, job, report);
    const begun = work.operation.progress.steps.some(
      (step) => step.job === job.type && SWITCH.test(step.name),
    );
    const failure = failureOf(namesOf(work), job.type, report, begun);
    return keepSwitched({ deps, work, job, report }, withReason(work, report, failure));
  }
  return conclude({ work, job, report }, loaded);
}

/** Whoever asked to stop, or what changed, is told beside what the runner says of stopping. */
function withReason(work: Work, { error_message = "" }: Report, failure: Failure): Failure {
  const { cancel_reason } = work.operation;
  if (failure.event !== "cancelled" || cancel_reason === null) return failure;
  return {
    ...failure,
    message: cancelledSentence(namesOf(work), `${cancel_reason} ${error_message}`.trim()),
  };
}

/** A switch that failed afterwards has changed the target all the same: what it runs now is kept with the ending. */
async function keepSwitched({ work, job, report }: InHand, ending: Failure): Promise<Conclusion> {
  const { release, previous_release } = switchFacts(report);
  const stands = ending.event === "failed" && ending.broken;
  if (job.type === "env_promote" && stands && release !== undefined) {
    const now = { release_after: shortId(release), release_before: shortId(previous_release ?? "") || null };
    return { kind: "end", work: await change(work, now), ending };
  }
  const facts = FACTS.release_rollback.safeParse(report.facts);
  if (job.type !== "release_rollback" || ending.code !== ROLLBACK_UNHEALTHY || !facts.success) {
    return { kind: "end", work, ending };
  }
  const back = await rolledBack({ work, job, report, facts: facts.data });
  return { kind: "end", work: back.work, ending };
}

async function failBackup(tx: Tx, job: JobRow, report: Report): Promise<void> {
  const rows = await tx.backupsOf(job.environment_id);
  const open = rows.find((row) => row.operation_id === job.operation_id && row.state === "running");
  const error_message = report.error_message ?? null;
  if (open !== undefined) await tx.putBackup({ ...open, state: "failed", error_message });
}

/** The next job, unless somebody asked to stop meanwhile. Where everything is done, it is too late for that. */
async function goOn(work: Work, actor: string): Promise<ReportAnswer> {
  const { operation } = work;
  const names = namesOf(work);
  const next = await addNextJob(work);
  if (next === null) {
    const message = doneSentence(names, operation.release_after);
    return ended(await finish(work, { event: "finished", code: "done", message, actor }));
  }
  if (operation.cancel_reason !== null) {
    const message = cancelledSentence(names, operation.cancel_reason);
    return ended(await finish(work, { event: "cancelled", code: "cancelled", message, actor }));
  }
  await showChecks(work);
  await showComment(work, "now");
  return { next_job_id: next.id, result: null, message: `Next: ${JOB_WORDS[next.type]}.` };
}

function ended({ operation }: Work): ReportAnswer {
  return { next_job_id: null, result: runResult(operation.state), message: endSentence(operation) };
}
