/** Whether a verified runner is the one that this job is meant for. Each check has a code of its own. */
import { ApiError } from "./errors.ts";
import type { RunnerClaims } from "./oidc.ts";

export interface ExpectedRunner {
  readonly repository_id: number;
  readonly default_branch: string;
  /** Path of the workflow file that the bot dispatches: `.github/workflows/belay.yml`. */
  readonly workflow: string;
  /** Reusable workflows that this file may call, without their ref: `owner/repo/.github/workflows/promote.yml`. */
  readonly reusable_workflows: readonly string[];
  /** The GitHub environment whose secrets the job uses. */
  readonly environment: string;
  /** The run that the bot started; null while GitHub's answer to the dispatch is not recorded. */
  readonly run_id: number | null;
}

/** @throws ApiError 403 with the code of the first check that fails; 503 while the run is not known yet */
export function checkRunner(claims: RunnerClaims, expected: ExpectedRunner): void {
  const branch = `refs/heads/${expected.default_branch}`;
  const own = `${claims.repository}/${expected.workflow}@${branch}`;
  const called = claims.job_workflow_ref.split("@", 1)[0] ?? "";
  refuseUnless(
    claims.repository_id === expected.repository_id,
    "wrong_repository",
    "The run belongs to another repository than the job.",
  );
  refuseUnless(
    claims.event_name === "workflow_dispatch",
    "wrong_event",
    "Only a dispatched run may do this job.",
  );
  refuseUnless(claims.ref === branch, "wrong_ref", `The run is not one of ${expected.default_branch}.`);
  refuseUnless(
    claims.workflow_ref === own,
    "wrong_workflow",
    `The run is not one of ${expected.workflow} on ${expected.default_branch}.`,
  );
  refuseUnless(
    claims.job_workflow_ref === own || expected.reusable_workflows.includes(called),
    "wrong_job_workflow",
    `The job runs in ${called}, which is not a workflow of Belay; the bot's BELAY_WORKFLOWS lists those allowed.`,
  );
  refuseUnless(
    claims.environment === expected.environment,
    "wrong_environment",
    `The workflow job must have \`environment: ${expected.environment}\`.`,
  );
  refuseUnless(
    claims.run_attempt === 1,
    "rerun_refused",
    "A run may not be repeated, because what it was allowed has been judged before: comment the command again.",
  );
  if (expected.run_id === null) {
    throw new ApiError(
      503,
      "run_not_recorded",
      "GitHub has not yet told Belay which run this is; try again.",
    );
  }
  refuseUnless(claims.run_id === expected.run_id, "wrong_run", "Another run was started for this job.");
}

function refuseUnless(holds: boolean, code: string, message: string): void {
  if (!holds) throw new ApiError(403, code, message);
}
