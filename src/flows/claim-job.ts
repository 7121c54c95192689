/**
 * A runner claims a job. Head, base, configuration, lock and gates are read again here, right before the work: what was
 * judged must still be so. The claim answers with the job's input, or with why the run must stop.
 */

import { isGranted } from "../core/lock.ts";
import { changesSomething, heldSides, isOfRecovery } from "../core/operations.ts";
import { isOver } from "../core/promotion.ts";
import { answerLine } from "../core/rendering/answers.ts";
import { blockedSentence, cancelledSentence } from "../core/rendering/endings.ts";
import { baselineUnreadable } from "../core/rendering/run-answers.ts";
import type { Claim } from "../core/report.ts";
import { environmentStillFits } from "../core/still-fits.ts";
import { obstacles } from "../core/verdict.ts";
import type { JobType, OperationKind } from "../core/vocabulary.ts";
import type { PullRequestNow } from "../ports/github.ts";
import type { JobRow } from "../ports/operations.ts";
import { showChecks, showComment } from "./announce.ts";
import { boundBaseline } from "./baselines.ts";
import type { Deps, Refused } from "./deps.ts";
import { type Evidence, type EvidenceReads, evidenceForWork, NO_EVIDENCE } from "./evidence.ts";
import { finish } from "./finish.ts";
import { headParents } from "./head-parents.ts";
import { inputOf } from "./input-of.ts";
import { judgeNow } from "./judge.ts";
import { actorOf, findJob, type RunnerInput, type RunnerWork, refuseJob } from "./runner-job.ts";
import { type LoadedSettings, loadSettingsAndPull, policyFor, type SettingsReads } from "./site.ts";
import { beginChange } from "./touch.ts";
import { change, move, namesOf, record, type Work } from "./work.ts";

export type ClaimOutcome = { readonly kind: "claimed"; readonly claim: Claim } | Refused;

type ClaimDeps = Deps<SettingsReads | EvidenceReads | "commitParents">;

export async function claimJob(deps: ClaimDeps, input: RunnerInput): Promise<ClaimOutcome> {
  const found = await deps.store.transaction((tx) => findJob(deps, tx, input));
  if (found.kind === "refused") return found;
  const fresh = await load(deps, found);

  return deps.store.transaction(async (tx) => {
    const again = await findJob(deps, tx, input);
    if (again.kind === "refused") return again;
    const { job, work } = again;
    const repeated = repeatedClaim(job);
    if (repeated !== null) return { kind: "claimed", claim: repeated };
    if (job.state !== "queued" || isOver(work.operation.state)) return over(work);

    const stop = isOfRecovery(job.type) ? null : stopReason(work, fresh);
    if (stop !== null) return cancel(work, stop, input);
    return give({ deps, job, work, fresh, input });
  });
}

/** What GitHub says now. */
interface Fresh {
  /** Null where the operation has no pull request, or GitHub has none of that number any more. */
  readonly pull_request: PullRequestNow | null;
  readonly settings: LoadedSettings;
  readonly head_parents: readonly string[];
  readonly evidence: Evidence;
}

/** The jobs right before which the gates are judged once more. */
const JUDGED: readonly JobType[] = ["env_promote", "release_rollback"];

async function load(deps: ClaimDeps, { work, job }: Pick<RunnerWork, "work" | "job">): Promise<Fresh> {
  const { site, operation, target } = work;
  const { repository } = site;
  const { settings, pull_request } = await loadSettingsAndPull(deps, repository, operation.pull_request);
  if (!settings.ok || !JUDGED.includes(job.type)) {
    return { pull_request, settings, head_parents: [], evidence: NO_EVIDENCE };
  }
  const head_parents = await headParents(deps, work, null);
  const policy = policyFor(settings.settings, target.name);
  const evidence = await evidenceForWork(deps, work, { policy, author: pull_request?.author ?? null });
  return { pull_request, settings, head_parents, evidence };
}

/** The same run asks again, because the answer was lost: it gets the same answer. */
function repeatedClaim(job: JobRow): Claim | null {
  if (job.state !== "running" || job.input === null) return null;
  return claimOf(job, job.input);
}

function claimOf(job: JobRow, input: Claim["input"]): Claim {
  const { id, type, operation_id, timeout_s } = job;
  return { job_id: id, job_type: type, operation_id, timeout_s, input };
}

function over({ operation }: Work): Refused {
  const message = operation.result_message ?? "The job has been done already.";
  return refuseJob("job_over", message);
}

function stopReason(work: Work, fresh: Fresh): string | null {
  const { operation, source, target } = work;
  if (operation.cancel_reason !== null) return operation.cancel_reason;
  return environmentStillFits({
    kind: operation.kind,
    has_pull_request: operation.pull_request !== null,
    head_sha: operation.head_sha,
    settings_digest: operation.settings_digest,
    branches: { head: source.branch, base: target.branch },
    pull_request: fresh.pull_request,
    digest_now: fresh.settings.ok ? fresh.settings.settings.digest : null,
  });
}

async function cancel(work: Work, reason: string, { runner }: RunnerInput): Promise<Refused> {
  const message = cancelledSentence(namesOf(work), reason);
  await finish(work, { event: "cancelled", code: "cancelled", message, actor: actorOf(runner) });
  return refuseJob("cancelled", message);
}

interface Giving {
  readonly deps: ClaimDeps;
  readonly job: JobRow;
  readonly work: Work;
  readonly fresh: Fresh;
  readonly input: RunnerInput;
}

async function give(giving: Giving): Promise<ClaimOutcome> {
  const { deps, job, fresh, input } = giving;
  const actor = actorOf(input.runner);
  if (!fresh.settings.ok) return refuseJob(fresh.settings.answer.code, answerLine(fresh.settings.answer));
  const { settings } = fresh.settings;
  const held = heldSides(giving.work.operation.kind).map((side) => giving.work[side].id);
  const lock = await giving.work.tx.acquireLock(giving.work.operation.id, held, giving.work.now);
  if (!isGranted(lock)) return refuseJob("environment_locked", "Another operation holds the environment.");

  let work = giving.work;
  if (JUDGED.includes(job.type)) {
    const { head_parents, evidence } = fresh;
    const judged = await judgeNow(work, { settings, head_parents, evidence });
    if (judged.verdict.outcome !== "pass") {
      const code = obstacles(judged.verdict)[0]?.code ?? "blocked";
      const message = blockedSentence(namesOf(work), judged.verdict);
      await finish(judged.work, { event: "blocked", code, message, actor });
      return refuseJob(code, message);
    }
    work = judged.work;
  }
  const needed = !isOfRecovery(job.type) && JUDGED_BY_BASELINE.includes(work.operation.kind);
  const damaged = needed ? (await boundBaseline(work)).damaged : null;
  if (damaged !== null) {
    const answer = baselineUnreadable(namesOf(work), damaged);
    const message = answerLine(answer);
    await finish(work, { event: "blocked", code: answer.code, message, actor });
    return refuseJob(answer.code, message);
  }
  return handOut({ ...giving, work }, { actor, job_input: await inputOf(deps, work, { job, settings }) });
}

/** The kinds whose jobs are told of the baseline. A refresh makes a new one, and a rollback needs none. */
const JUDGED_BY_BASELINE: readonly OperationKind[] = ["promote", "plan", "drift"];

interface HandOut {
  readonly actor: string;
  readonly job_input: Claim["input"];
}

async function handOut(giving: Giving, { actor, job_input }: HandOut): Promise<ClaimOutcome> {
  const { job, input } = giving;
  const changes = changesSomething(job.type) || giving.work.operation.kind === "backup";
  const event = changes ? "work_started" : "checks_started";
  const { run_id } = input.runner;
  const bound = { run_id, dispatched_at: giving.work.operation.dispatched_at ?? giving.work.now };
  // A recovery moves nothing: the operation stays unknown until it has reported.
  const work = isOfRecovery(job.type)
    ? await change(giving.work, bound)
    : await move(giving.work, event, bound);
  await work.tx.heartbeat(work.operation.id, work.now);
  await work.tx.updateJob(job.id, {
    state: "running",
    claimed_at: work.now,
    run_id: input.runner.run_id,
    attempt_count: job.attempt_count + 1,
    input: job_input,
  });
  await beginChange(work, job);
  await record(work, { actor, action: "claimed", reason: `job ${job.type}`, details: { job: job.id } });
  await showChecks(work);
  await showComment(work, "soon");
  return { kind: "claimed", claim: claimOf(job, job_input) };
}
