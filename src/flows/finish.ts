/** The end of an operation: state, lock, environments, deployment, comment, checks, audit; all in one transaction. */

import type { AuditRecord } from "../core/audit.ts";
import { ROLLBACK_UNHEALTHY } from "../core/failure.ts";
import { changesSomething } from "../core/operations.ts";
import { isOver, type PromotionEvent } from "../core/promotion.ts";
import { answerMarker, renderAnswer } from "../core/rendering/answers.ts";
import { capLine, DESCRIPTION_LIMIT } from "../core/rendering/cap.ts";
import { settled } from "../core/verdict.ts";
import type { OperationRow } from "../ports/operations.ts";
import type { EnvironmentRow } from "../ports/sites.ts";
import { nextOf, showChecks, showComment } from "./announce.ts";
import { lastStandingPromotion } from "./create-operation.ts";
import { deployedCommit } from "./touch.ts";
import { emit, move, record, type Work } from "./work.ts";

export interface Ending {
  readonly event: PromotionEvent;
  /** Stable: a gate's code, a host's error code, or the state. */
  readonly code: string;
  readonly message: string;
  /** `bot` or `run:<id>`. */
  readonly actor: string;
  /** The environment was left neither as it was nor as it should be. */
  readonly broken?: boolean;
  /** Where nobody can tell: when the host is looked at. */
  readonly recover_at?: string | null;
}

/** Ends an operation, or leaves it `unknown` with its lock. */
export async function finish(work: Work, ending: Ending): Promise<Work> {
  const { verdict } = work.operation;
  const done = await move(work, ending.event, {
    result_code: ending.code,
    result_message: ending.message,
    verdict: verdict === null ? null : settled(verdict, "Comment `/promote` to have it judged."),
    finished_at: work.now,
    queued_at: null,
    retry_at: null,
    // A late report may still come before the host is looked at.
    ...(ending.event === "lost" || ending.event === "restored"
      ? { recoveries: 0, recover_at: ending.recover_at ?? null }
      : {}),
  });
  const touched = await touchedEnvironment(done);
  await endOpenJobs(done, ending);
  if (isOver(done.operation.state)) {
    await done.tx.releaseLock(done.operation.id);
    await done.tx.withdrawDispatches(done.operation.id);
  }
  const left = touched === null ? done : await afterTouch(done, touched, ending);
  const last = await record(left, {
    actor: ending.actor,
    action: left.operation.state,
    reason: ending.message,
    details: { code: ending.code, release: left.operation.release_after },
  });
  if (touched !== null) await anchor(left, last);
  return tell(left, ending);
}

/** After every operation that may have changed an environment, the site's repository remembers how far the log had come. */
async function anchor(work: Work, { seq, hash }: AuditRecord): Promise<void> {
  const { head_sha } = work.operation;
  if (head_sha !== "") await emit(work, { kind: "anchor", commit: head_sha, seq, hash });
}

async function tell(work: Work, ending: Ending): Promise<Work> {
  await showChecks(work);
  const shown = await showComment(work, "now");
  const { operation } = shown;
  const notify = ["failed", "rolled_back", "unknown"].includes(operation.state);
  if (!notify || operation.pull_request === null) return shown;
  const key = `ended:${operation.id}:${operation.state}`;
  const answer = {
    code: ending.code,
    sentences: [ending.message],
    remedy: nextOf(work),
  };
  const body = renderAnswer(answer, key);
  await emit(shown, {
    kind: "answer",
    pull_request: operation.pull_request,
    marker: answerMarker(key),
    body,
  });
  return shown;
}

/** Jobs that will not be done any more; a job that reported has its state already. */
export async function endOpenJobs(work: Work, ending: Ending): Promise<void> {
  for (const job of await work.tx.jobsOf(work.operation.id)) {
    if (job.state !== "queued" && job.state !== "running") continue;
    const state = job.state === "running" ? "failed" : "cancelled";
    const error = { error_code: ending.code, error_message: ending.message };
    await work.tx.updateJob(job.id, { state, finished_at: work.now, ...error });
    if (job.type === "backup_create") await failBackup(work, ending.message);
  }
}

async function failBackup(work: Work, error_message: string): Promise<void> {
  for (const environment of [work.source, work.target]) {
    const backups = await work.tx.backupsOf(environment.id);
    const open = backups.find((row) => row.operation_id === work.operation.id && row.state === "running");
    if (open !== undefined) await work.tx.putBackup({ ...open, state: "failed", error_message });
  }
}

/** The environment that a claimed job of this operation may have changed; null when none was claimed. */
async function touchedEnvironment(work: Work): Promise<EnvironmentRow | null> {
  const jobs = await work.tx.jobsOf(work.operation.id);
  const job = jobs.find((one) => changesSomething(one.type) && one.claimed_at !== null);
  if (job === undefined) return null;
  return job.environment_id === work.source.id ? work.source : work.target;
}

async function afterTouch(before: Work, environment: EnvironmentRow, ending: Ending): Promise<Work> {
  const { state, kind, id } = before.operation;
  if (state === "unknown") return before;
  const failed = ending.broken === true || (await isStillBroken(before, ending));
  const row = await before.tx.updateEnvironment(environment.id, { status: failed ? "failed" : "active" });
  const work: Work = { ...before, [environment.id === before.source.id ? "source" : "target"]: row };
  if (kind === "refresh" || (await deployedCommit(work)) === null) return work;
  await emit(work, {
    kind: "deployment_status",
    operation_id: id,
    state: state === "succeeded" ? "success" : "failure",
    description: capLine(ending.message.replaceAll("`", ""), DESCRIPTION_LIMIT),
    environment_url: work.target.url,
  });
  return work;
}

/** A rollback that did not switch leaves the target as the promotion before left it. */
export async function isStillBroken({ tx, operation }: Work, { code }: Ending): Promise<boolean> {
  const back = operation.state === "succeeded" || code === ROLLBACK_UNHEALTHY;
  if (operation.kind !== "rollback" || back) return false;
  return (await lastStandingPromotion(tx, operation.target_environment_id))?.state === "failed";
}

/** What an operation's run is told when there is nothing more to do. */
export function endSentence(operation: OperationRow): string {
  return operation.result_message ?? `The ${operation.kind} is ${operation.state.replaceAll("_", " ")}.`;
}
