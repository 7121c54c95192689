/** The next job of an operation, in the order that its kind prescribes. */
import { isOfRecovery, jobsOf, type Side, timeoutOf } from "../core/operations.ts";
import type { JobRow } from "../ports/operations.ts";
import type { Work } from "./work.ts";

/** Adds the next job as queued; null when all of them have been given out. */
export async function addNextJob(work: Work): Promise<JobRow | null> {
  const { operation, tx } = work;
  const all = await tx.jobsOf(operation.id);
  const given = all.filter(({ attempt, type }) => attempt === operation.attempt && !isOfRecovery(type));
  const next = jobsOf(operation.kind, operation.refresh?.first_clone ?? false)[given.length];
  if (next === undefined) return null;
  const job = newJob(work, {
    type: next.type,
    environment_id: work[next.on].id,
    timeout_s: timeoutOf(next.type),
  });
  await tx.addJob(job);
  return job;
}

/** A job that waits to be claimed. */
export function newJob(
  { clock, now, operation }: Pick<Work, "clock" | "now" | "operation">,
  what: Pick<JobRow, "type" | "environment_id" | "timeout_s">,
): JobRow {
  return {
    ...what,
    id: clock.id(),
    operation_id: operation.id,
    state: "queued",
    created_at: now,
    claimed_at: null,
    finished_at: null,
    attempt_count: 0,
    attempt: operation.attempt,
    run_id: null,
    input: null,
    report: null,
    answer: null,
    error_code: null,
    error_message: null,
    state_version: 0,
  };
}

/** Which side of the pair a job works on. */
export function sideOf(work: Work, job: Pick<JobRow, "environment_id">): Side {
  return job.environment_id === work.source.id ? "source" : "target";
}
