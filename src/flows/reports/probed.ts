/** A recovery's first job told whether the site answers. Whatever it saw, the second one looks for what was interrupted. */
import { timeoutOf } from "../../core/operations.ts";
import * as words from "../../core/rendering/recovery.ts";
import { JOB_WORDS } from "../../core/rendering/words.ts";
import type { ReportAnswer } from "../../core/report.ts";
import type { JobRow } from "../../ports/operations.ts";
import { showComment } from "../announce.ts";
import { newJob } from "../next-job.ts";
import { doubtfulEnvironment, probe } from "../recover.ts";
import { change, type Work } from "../work.ts";

/** Inside the transaction that stored the job's report. */
export async function probed(
  before: Work,
  { environment_id }: Pick<JobRow, "environment_id">,
): Promise<ReportAnswer> {
  const { name } = await doubtfulEnvironment(before);
  const said = [words.begun(name), (await probe(before)) ?? ""].join(" ").trim();
  const work = await change(before, { result_message: said });
  const job = newJob(work, { type: "recover", environment_id, timeout_s: timeoutOf("recover") });
  await work.tx.addJob(job);
  await showComment(work, "now");
  return { next_job_id: job.id, result: null, message: `Next: ${JOB_WORDS.recover}.` };
}
