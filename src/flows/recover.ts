/**
 * Nobody could tell how an operation ended: a recovery looks at its host, and its report ends the doubt. The operation keeps its
 * lock meanwhile; the recovery is two more jobs of it, with a run of its own: first whether the site answers, then what was
 * interrupted. If it comes to nothing, the doubt stays and says so.
 */
import { FACTS } from "../core/facts.ts";
import { isGranted } from "../core/lock.ts";
import { changesSomething, isOfRecovery, timeoutOf } from "../core/operations.ts";
import * as words from "../core/rendering/recovery.ts";
import type { JobRow, OperationRow } from "../ports/operations.ts";
import type { EnvironmentRow } from "../ports/sites.ts";
import { showComment } from "./announce.ts";
import { dispatchRun, lockFor, withNewRun } from "./begin.ts";
import type { Deps } from "./deps.ts";
import { newJob } from "./next-job.ts";
import { change, openWork, record, type Work } from "./work.ts";

type RecoverDeps = Pick<Deps<never>, "store" | "clock" | "settings">;

/** Doubtful operations whose next recovery is due. */
export function dueRecoveries({ store, clock }: RecoverDeps): Promise<readonly string[]> {
  return store.transaction(async (tx) => {
    const now = Date.parse(clock.now());
    const unknown = await tx.operations({ states: ["unknown"] }, { limit: 100 });
    const due = ({ recover_at }: OperationRow) => recover_at !== null && Date.parse(recover_at) <= now;
    return unknown.filter(due).map(({ id }) => id);
  });
}

export type RecoveryOutcome = "begun" | "under_way" | "not_unknown";

/** On the timer. */
export function recoverDue(deps: RecoverDeps, operation_id: string): Promise<RecoveryOutcome> {
  return deps.store.transaction(async (tx) => {
    const work = await openWork(deps, tx, operation_id);
    const at = work?.operation.recover_at ?? null;
    const due = work !== null && at !== null && Date.parse(at) <= Date.parse(work.now);
    return due ? beginRecovery(deps, work, "bot") : "not_unknown";
  });
}

/** Inside a transaction. @param actor `bot`, or `github:<login>` of whoever commented `/unlock` */
export async function beginRecovery(
  { settings }: Pick<RecoverDeps, "settings">,
  work: Work,
  actor: string,
): Promise<RecoveryOutcome> {
  if (work.operation.state !== "unknown") return "not_unknown";
  if ((await openRecovery(work)) !== null) return "under_way";
  const lock = await lockFor(work);
  if (!isGranted(lock)) throw new Error("An operation whose end is unknown has lost its lock.");
  const recoveries = work.operation.recoveries + 1;
  const anew = await change(await withNewRun(work), { recoveries, recover_at: null, cancel_reason: null });
  const environment = await doubtfulEnvironment(work);
  const job = newJob(anew, {
    type: "health_check",
    environment_id: environment.id,
    timeout_s: timeoutOf("health_check"),
  });
  await work.tx.addJob(job);
  await dispatchRun(anew, { lock, workflow: settings.workflow, job_id: job.id });
  await record(anew, { actor, action: "recovery_begun", reason: words.begun(environment.name) });
  await showComment(anew, "now");
  return "begun";
}

export async function openRecovery({
  tx,
  operation,
}: Pick<Work, "tx" | "operation">): Promise<JobRow | null> {
  const jobs = await tx.jobsOf(operation.id);
  const open = (job: JobRow) => isOfRecovery(job.type) && (job.state === "queued" || job.state === "running");
  return jobs.find(open) ?? null;
}

/** Where the job was at work that nobody heard of again. */
export async function doubtfulEnvironment({ tx, operation, source, target }: Work): Promise<EnvironmentRow> {
  const jobs = await tx.jobsOf(operation.id);
  const changing = jobs.findLast((job) => changesSomething(job.type) && job.type !== "recover");
  // Of a store that was put back it may have begun since: what a refresh changes is the source.
  if (changing === undefined) return operation.kind === "refresh" ? source : target;
  return changing.environment_id === source.id ? source : target;
}

/** When the next recovery begins by itself; null: only a person begins one. */
export function nextRecovery(
  { operation, now }: { readonly now: string; readonly operation: Pick<OperationRow, "recoveries"> },
  waits_s: readonly number[],
): string | null {
  const wait = waits_s[operation.recoveries];
  return wait === undefined ? null : new Date(Date.parse(now) + wait * 1000).toISOString();
}

/** What the newest recovery saw of the site before it looked for what was interrupted, in words; null: it has not looked yet. */
export async function probe({
  tx,
  operation,
  source,
  target,
}: Pick<Work, "tx" | "operation" | "source" | "target">): Promise<string | null> {
  const newest = (await tx.jobsOf(operation.id)).findLast(({ type }) => type === "health_check");
  if (newest?.report == null) return null;
  const { name } = newest.environment_id === source.id ? source : target;
  const facts = FACTS.health_check.safeParse(newest.report.facts);
  const looked = newest.state === "succeeded" && facts.success;
  return words.probed(name, newest.finished_at ?? "", looked ? facts.data : null);
}

export interface Fruitless {
  readonly job: JobRow;
  readonly code: string;
  /** Why it came to nothing. */
  readonly why: string;
  readonly actor: string;
}

/** The recovery's run was lost, refused, or could not look: the doubt stays, and the comment says what comes next. */
export async function recoveryFailed(
  { settings }: Pick<RecoverDeps, "settings">,
  before: Work,
  { job, code, why, actor }: Fruitless,
): Promise<Work> {
  const ended = { state: "failed", finished_at: before.now, error_code: code, error_message: why } as const;
  if (job.state === "queued" || job.state === "running") await before.tx.updateJob(job.id, ended);
  const environment = await doubtfulEnvironment(before);
  const recover_at = nextRecovery(before, settings.recovery_waits_s);
  const next = recover_at === null ? words.byHand(environment.name) : words.planned(recover_at);
  const seen = await probe(before);
  const said = [why, ...(seen === null ? [] : [seen]), next].join(" ");
  const work = await change(before, { recover_at, result_message: said });
  await record(work, { actor, action: "recovery_failed", reason: why, details: { code } });
  return showComment(work, "now");
}
