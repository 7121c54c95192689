/** Begins an operation: on record first, then the lock, the gates that need no host, and one dispatched run. */
import type { Answer } from "../core/answer.ts";
import type { SiteEnvironment } from "../core/config/types.ts";
import { dispatch } from "../core/effects.ts";
import { stops } from "../core/judgement.ts";
import { isGranted, type LockHeld, type LockProof } from "../core/lock.ts";
import { heldSides, jobsOf } from "../core/operations.ts";
import { startProgress } from "../core/progress.ts";
import * as answers from "../core/rendering/answers.ts";
import { blockedSentence } from "../core/rendering/endings.ts";
import { obstacles } from "../core/verdict.ts";
import type { OperationKind } from "../core/vocabulary.ts";
import type { OperationRow, Repository, Tx } from "../ports.ts";
import { showChecks, showComment } from "./announce.ts";
import type { CommandOutcome, Deps } from "./deps.ts";
import { finish } from "./finish.ts";
import { judgeNow, judgeRecords } from "./judge.ts";
import { addNextJob } from "./next-job.ts";
import { type SiteSettings, syncSite } from "./site.ts";
import { change, emit, namesOf, openWork, record, type Work } from "./work.ts";

export interface StartRequest {
  readonly kind: OperationKind;
  readonly repository: Repository;
  readonly settings: SiteSettings;
  readonly source: SiteEnvironment;
  readonly target: SiteEnvironment;
  readonly pull_request: number | null;
  /** Empty where there is no pull request: then no checks are posted. */
  readonly head_sha: string;
  readonly requested_by: string;
  readonly comment_id: number | null;
  /** True for the API: it begins only on a fresh drift check and backup that are on record already. */
  readonly on_records: boolean;
}

/** Inside the transaction that claimed the command. A refusal leaves a blocked operation on record, too. */
export async function startOperation(
  deps: Deps<never>,
  tx: Tx,
  request: StartRequest,
): Promise<CommandOutcome> {
  const work = await createOperation(deps, tx, request);
  const refusal = unfitEnvironment(work) ?? (await nothingToUndo(work, request));
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
async function judgeStart(work: Work, { settings, on_records, kind }: StartRequest) {
  if (on_records) {
    const { verdict } = await judgeRecords(work.tx, { ...work, settings });
    if (verdict.outcome !== "pass") return { work: await change(work, { verdict }), verdict, stopped: true };
  }
  const judged = await judgeNow(work, { settings, head_parents: [] });
  return { ...judged, stopped: stops(kind, judged.verdict) };
}

async function createOperation(deps: Deps<never>, tx: Tx, request: StartRequest): Promise<Work> {
  const { site, environments } = await syncSite(tx, deps.clock, {
    repository: request.repository,
    config: request.settings.config,
  });
  const source = environments.get(request.source.name);
  const target = environments.get(request.target.name);
  if (source === undefined || target === undefined) throw new Error("An environment of the pair has no row.");
  const baseline = await tx.baselineOf(source.id, target.id);
  const undone = request.kind === "rollback" ? await lastStandingPromotion(tx, target.id) : null;
  const operation: OperationRow = {
    ...EMPTY_OPERATION,
    id: deps.clock.id(),
    nonce: deps.clock.id(),
    kind: request.kind,
    site_id: site.id,
    source_environment_id: source.id,
    target_environment_id: target.id,
    pull_request: request.pull_request,
    head_sha: request.head_sha,
    requested_by: request.requested_by,
    requested_at: deps.clock.now(),
    comment_id: request.comment_id,
    baseline_id: baseline?.id ?? null,
    settings_digest: request.settings.digest,
    release_before: undone?.release_after ?? null,
    release_after: undone?.release_before ?? null,
    progress: startProgress(jobsOf(request.kind, baseline !== null).map((job) => job.type)),
  };
  await tx.addOperation(operation);
  const work = await openWork(deps, tx, operation.id);
  if (work === null) throw new Error("The operation that was just written cannot be read.");
  const actor = `github:${request.requested_by}`;
  await record(work, {
    actor,
    action: "requested",
    reason: `/${request.kind}`,
    details: { head_sha: request.head_sha },
  });
  return work;
}

const EMPTY_OPERATION = {
  state: "requested",
  drift_check_id: null,
  backup_id: null,
  release_id: null,
  verdict: null,
  plan: null,
  refresh: null,
  result_code: null,
  result_message: null,
  cancel_reason: null,
  run_id: null,
  run_url: null,
  commented_at: null,
  finished_at: null,
  state_version: 0,
} as const;

/** The newest promotion of the target that succeeded and that no later rollback has taken back. */
export async function lastStandingPromotion(
  tx: Tx,
  target_environment_id: string,
): Promise<OperationRow | null> {
  const done = await tx.operations(
    { target_environment_id, kinds: ["promote", "rollback"], states: ["succeeded"] },
    { limit: 100 },
  );
  let undone = 0;
  for (const operation of done) {
    if (operation.kind === "rollback") undone++;
    else if (undone > 0) undone--;
    else return operation;
  }
  return null;
}

/** An environment left in a failed state takes only what brings it back. */
function unfitEnvironment({ operation, source, target }: Work): Answer | null {
  const { kind } = operation;
  if (target.status === "failed" && ["promote", "refresh"].includes(kind)) {
    return answers.environmentFailed(target.name, "/rollback");
  }
  if (source.status === "failed" && ["promote", "plan"].includes(kind)) {
    return answers.environmentFailed(source.name, "/refresh");
  }
  return null;
}

async function nothingToUndo(work: Work, request: StartRequest): Promise<Answer | null> {
  if (request.kind !== "rollback" || work.operation.release_after !== null) return null;
  return answers.nothingToRollBack(work.target.name);
}

async function holderOf(tx: Tx, held: LockHeld): Promise<Answer> {
  const environment = await tx.environment(held.environment_id);
  const holder = await tx.operation(held.held_by);
  return answers.locked({
    environment: environment?.name ?? "the environment",
    kind: holder?.kind ?? "promote",
    pull_request: holder?.pull_request ?? null,
    by: holder?.requested_by ?? "somebody",
    since: held.since,
    unknown: holder?.state === "unknown",
  });
}

/** The answer is all that is shown: checks and comment of the operation that holds the environment stay as they are. */
async function refuse(work: Work, answer: Answer): Promise<CommandOutcome> {
  const message = answers.answerLine(answer);
  await work.tx.updateOperation(work.operation.id, {
    state: "blocked",
    result_code: answer.code,
    result_message: message,
    finished_at: work.now,
  });
  await record(work, { actor: "bot", action: "blocked", reason: message, details: { code: answer.code } });
  const { pull_request, id } = work.operation;
  if (pull_request !== null) {
    const body = answers.renderAnswer(answer, `refused:${id}`);
    const marker = answers.answerMarker(`refused:${id}`);
    await emit(work, { kind: "answer", pull_request, marker, body });
  }
  return { kind: "answered", answer };
}

interface Launch {
  readonly lock: LockProof;
  readonly workflow: string;
}

async function launch(work: Work, { lock, workflow }: Launch): Promise<CommandOutcome> {
  const job = await addNextJob(work);
  if (job === null) throw new Error(`A ${work.operation.kind} has no job.`);
  const { nonce } = work.operation;
  const run = {
    workflow,
    ref: work.site.repository.default_branch,
    nonce,
    inputs: { job: job.id, nonce, environment: work.target.name },
  };
  await emit(work, dispatch(lock, run));
  await record(work, {
    actor: "bot",
    action: "dispatched",
    reason: "the lock is held",
    details: { job: job.id },
  });
  await showChecks(work);
  await showComment(work, "now");
  return { kind: "started", operation_id: work.operation.id, job_id: job.id };
}
