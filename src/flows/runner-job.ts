/** The job that a runner names, with everything it belongs to, and whether this runner may speak for it. */
import { answerLine, notFound } from "../core/rendering/answers.ts";
import { type RunnerIdentity, refuseRunner } from "../core/runner.ts";
import type { JobRow } from "../ports/operations.ts";
import type { Tx } from "../ports/store.ts";
import type { Deps, Refused } from "./deps.ts";
import { openWork, type Work } from "./work.ts";

export interface RunnerInput {
  readonly job_id: string;
  /** From the verified OIDC token. */
  readonly runner: RunnerIdentity;
}

export interface RunnerWork {
  readonly kind: "found";
  readonly job: JobRow;
  readonly work: Work;
}

export async function findJob(
  deps: Pick<Deps<never>, "clock" | "settings">,
  tx: Tx,
  { job_id, runner }: RunnerInput,
): Promise<RunnerWork | Refused> {
  const job = await tx.job(job_id);
  const work = job === null ? null : await openWork(deps, tx, job.operation_id);
  if (job === null || work === null) {
    return { kind: "refused", status: 404, code: "not_found", message: answerLine(notFound("job")) };
  }
  const { repository } = work.site;
  const wrong = refuseRunner(runner, {
    repository_id: repository.id,
    default_branch: repository.default_branch,
    workflow: deps.settings.workflow,
    reusable_workflows: deps.settings.reusable_workflows,
    environment: work.target.name,
  });
  if (wrong !== null) return { kind: "refused", status: 403, code: wrong.code, message: answerLine(wrong) };
  // What a run has claimed stays its own, whatever run the operation has now: a late report is worth more than a doubt.
  const bound = job.run_id ?? work.operation.run_id;
  const other = bound === runner.run_id ? null : bound;
  if (other === null) return { kind: "found", job, work };
  const message = `The job belongs to run ${other}; this is run ${runner.run_id}. Start the work by a new command.`;
  return { kind: "refused", status: 409, code: "job_claimed", message };
}

export const actorOf = (runner: RunnerIdentity): string => `run:${runner.run_id}`;

export function refuseJob(code: string, message: string): Refused {
  return { kind: "refused", status: 409, code, message };
}
