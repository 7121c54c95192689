/** The next job of an operation, in the order that its kind prescribes. */
import { jobsOf, type Side, timeoutOf } from "../core/operations.ts";
import type { JobRow } from "../ports/operations.ts";
import type { Work } from "./work.ts";

/** Adds the next job as queued; null when all of them have been given out. */
export async function addNextJob(work: Work): Promise<JobRow | null> {
  const { operation, tx } = work;
  const given = await tx.jobsOf(operation.id);
  const next = jobsOf(operation.kind, operation.refresh?.first_clone ?? false)[given.length];
  if (next === undefined) return null;
  const job: JobRow = {
    id: work.clock.id(),
    operation_id: operation.id,
    environment_id: work[next.on].id,
    type: next.type,
    state: "queued",
    created_at: work.now,
    claimed_at: null,
    finished_at: null,
    timeout_s: timeoutOf(next.type),
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
  await tx.addJob(job);
  return job;
}

/** Which side of the pair a job works on. */
export function sideOf(work: Work, job: Pick<JobRow, "environment_id">): Side {
  return job.environment_id === work.source.id ? "source" : "target";
}
