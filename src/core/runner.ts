/** Who a runner is, by its verified OIDC token, and whether it may do the work of an operation. */
import type { Answer } from "./answer.ts";

/** Claims of the token after its signature, issuer, audience and times were checked. */
export interface RunnerIdentity {
  readonly repository_id: number;
  readonly run_id: number;
  readonly run_attempt: number;
  readonly event_name: string;
  /** `refs/heads/main`. */
  readonly ref: string;
  /** `acme/shop/.github/workflows/belay.yml@refs/heads/main`: the workflow that was started, not a reusable one it calls. */
  readonly workflow_ref: string;
  /** The GitHub environment of the workflow job; null when it has none. */
  readonly environment: string | null;
}

export interface ExpectedRunner {
  readonly repository_id: number;
  readonly default_branch: string;
  readonly workflow: string;
  readonly environment: string;
}

/** Null: the runner is the one that was dispatched for this environment. Names of the repository may change, ids do not. */
export function refuseRunner(runner: RunnerIdentity, expected: ExpectedRunner): Answer | null {
  const branch = `refs/heads/${expected.default_branch}`;
  const file = `/.github/workflows/${expected.workflow}@${branch}`;
  const faults = [
    runner.repository_id === expected.repository_id ? null : "it runs in another repository",
    runner.event_name === "workflow_dispatch" ? null : `it was started by \`${runner.event_name}\``,
    runner.ref === branch ? null : `it runs on \`${runner.ref}\`, not on the default branch`,
    runner.workflow_ref.endsWith(file) ? null : `its workflow is \`${runner.workflow_ref}\``,
    runner.run_attempt === 1 ? null : `it is attempt ${runner.run_attempt} of its run`,
    runner.environment === expected.environment
      ? null
      : `its GitHub environment is ${runner.environment === null ? "none" : `\`${runner.environment}\``}, not \`${expected.environment}\``,
  ].filter((fault) => fault !== null);
  if (faults.length === 0) return null;
  return {
    code: "forbidden",
    sentences: [`This run may not do the job: ${faults.join("; ")}.`],
    remedy: "Start the work by a command on the environment pull request.",
  };
}
