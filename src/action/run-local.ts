/** A job described by a local file: for tests and for hands, outside GitHub Actions. No bot is asked, so nothing is judged. */
import { readFile, writeFile } from "node:fs/promises";
import { z } from "zod";
import { INPUTS } from "../core/jobs.ts";
import { Claim } from "../core/report.ts";
import { JobType } from "../core/vocabulary.ts";
import { ActionError } from "./error.ts";
import type { LocalInputs } from "./inputs.ts";
import type { Outcome } from "./output.ts";
import { runPlaybook } from "./playbook.ts";
import { stopOnSignals } from "./signals.ts";
import { prepareWorkplace } from "./ssh.ts";

const DEFAULT_TIMEOUT_S = 30 * 60;
const JobHead = z.object({ job_id: z.uuid(), job_type: JobType, operation_id: z.uuid() });

/** @throws ActionError JOB_FILE_INVALID with every wrong field */
export async function runLocalJob(
  inputs: LocalInputs,
  place: { readonly ansible: string; readonly environment: NodeJS.ProcessEnv },
): Promise<Outcome> {
  const claim = await readJobFile(inputs.jobFile);
  const workplace = await prepareWorkplace(inputs);
  const stop = stopOnSignals();
  try {
    const report = await runPlaybook(claim, {
      ...place,
      workplace,
      signal: stop.signal,
      onEvent: (event) => console.log(JSON.stringify(event)),
      onLine: (line) => console.error(line),
    });
    if (inputs.reportFile !== "") await writeFile(inputs.reportFile, JSON.stringify(report, null, 2));
    return {
      result: report.status,
      code: report.error_code ?? "",
      message: report.error_message ?? `${claim.job_type} ${report.status}.`,
      promotionId: claim.operation_id,
      report: inputs.reportFile,
    };
  } finally {
    stop.forget();
    await workplace.remove();
  }
}

async function readJobFile(file: string): Promise<Claim> {
  try {
    const input: unknown = JSON.parse(await readFile(file, "utf8"));
    const head = JobHead.parse(input);
    return Claim.parse({ ...head, timeout_s: DEFAULT_TIMEOUT_S, input: INPUTS[head.job_type].parse(input) });
  } catch (error) {
    const why = error instanceof z.ZodError ? z.prettifyError(error) : String(error);
    throw new ActionError("JOB_FILE_INVALID", `The job file ${file} is not a job: ${why}`);
  }
}
