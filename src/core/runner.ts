/** Who a runner is, by its verified OIDC token, and whether it may do the work of an operation. */
import type { Answer } from "./answer.ts";

/** Claims of the token after its signature, issuer, audience and times were checked. */
export interface RunnerIdentity {
  readonly repository_id: number;
  /** Login of whoever started the run. */
  readonly actor: string;
  readonly run_id: number;
  readonly run_attempt: number;
  readonly event_name: string;
  /** `refs/heads/main`. */
  readonly ref: string;
  /** `acme/shop/.github/workflows/belay.yml@refs/heads/main`: the workflow that was started, not a reusable one it calls. */
  readonly workflow_ref: string;
  /** The file that holds the workflow job: the same, or the reusable workflow that the started one calls. */
  readonly job_workflow_ref: string;
  /** The GitHub environment of the workflow job; null when it has none. */
  readonly environment: string | null;
}

export interface ExpectedRunner {
  readonly repository_id: number;
  readonly default_branch: string;
  readonly workflow: string;
  /** `owner/repo/.github/workflows/file.yml`, without a ref: which version is called stands in the started workflow. */
  readonly reusable_workflows: readonly string[];
  /** Null: a workflow job without an environment, and so without its secrets. */
  readonly environment: string | null;
}

interface Fault {
  readonly code: string;
  readonly wrong: boolean;
  /** Ends the sentence "This run may not do the job: it ...". */
  readonly says: string;
}

/** Null: the runner is one that was dispatched for this environment. Names of the repository may change, ids do not. */
export function refuseRunner(runner: RunnerIdentity, expected: ExpectedRunner): Answer | null {
  const fault = faults(runner, expected).find(({ wrong }) => wrong);
  if (fault === undefined) return null;
  return {
    code: fault.code,
    sentences: [`This run may not do the job: it ${fault.says}.`],
    remedy: "Start the work by a command on the environment pull request.",
  };
}

function faults(runner: RunnerIdentity, expected: ExpectedRunner): readonly Fault[] {
  const branch = `refs/heads/${expected.default_branch}`;
  const file = `/.github/workflows/${expected.workflow}@${branch}`;
  const called = runner.job_workflow_ref.split("@", 1)[0] ?? "";
  const calls =
    called === runner.workflow_ref.split("@", 1)[0] || expected.reusable_workflows.includes(called);
  const named = (environment: string | null) => (environment === null ? "none" : `\`${environment}\``);
  const given = named(runner.environment);
  const fault = (code: string, holds: boolean, says: string): Fault => ({ code, wrong: !holds, says });
  return [
    fault("wrong_repository", runner.repository_id === expected.repository_id, "runs in another repository"),
    fault(
      "wrong_event",
      runner.event_name === "workflow_dispatch",
      `was started by \`${runner.event_name}\``,
    ),
    fault("wrong_ref", runner.ref === branch, `runs on \`${runner.ref}\`, not on the default branch`),
    fault("wrong_workflow", runner.workflow_ref.endsWith(file), `is one of \`${runner.workflow_ref}\``),
    fault("wrong_job_workflow", calls, `does it in \`${called}\`, which is not a workflow of Belay`),
    fault("rerun_refused", runner.run_attempt === 1, `is attempt ${runner.run_attempt} of its run`),
    fault(
      "wrong_environment",
      runner.environment === expected.environment,
      `has the GitHub environment ${given}, not ${named(expected.environment)}`,
    ),
  ];
}
