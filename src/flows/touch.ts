/** What begins when a job is handed out: the environment's status, a backup's row, GitHub's deployment. */

import { capLine, DESCRIPTION_LIMIT } from "../core/rendering/cap.ts";
import { operationTitle } from "../core/rendering/words.ts";
import type { JobRow } from "../ports/operations.ts";
import { emit, type Work } from "./work.ts";

export async function beginChange(work: Work, job: JobRow): Promise<void> {
  switch (job.type) {
    case "backup_create":
      return beginBackup(work, job);
    case "env_refresh":
      await work.tx.updateEnvironment(work.source.id, { status: "cloning" });
      return;
    case "env_promote":
      await work.tx.updateEnvironment(work.target.id, { status: "deploying" });
      return beginDeployment(work);
    case "release_rollback":
      await work.tx.updateEnvironment(work.target.id, { status: "restoring" });
      return beginDeployment(work);
    default:
      return;
  }
}

async function beginBackup(work: Work, job: JobRow): Promise<void> {
  await work.tx.putBackup({
    id: work.clock.id(),
    environment_id: job.environment_id,
    operation_id: work.operation.id,
    state: "running",
    scope: "full",
    snapshot: null,
    taken_at: null,
    bytes: 0,
    proof: null,
    created_at: work.now,
    error_message: null,
  });
}

async function beginDeployment(work: Work): Promise<void> {
  const { operation, source, target } = work;
  const sha = await deployedCommit(work);
  if (sha === null) return;
  const title = operationTitle(operation.kind, source.name, target.name);
  const description = capLine(title, DESCRIPTION_LIMIT);
  const operation_id = operation.id;
  const production = target.type === "production";
  const made = { operation_id, sha, environment: target.name, production, description };
  await emit(work, { kind: "deployment", ...made });
  const status = { operation_id, state: "in_progress", description, environment_url: target.url } as const;
  await emit(work, { kind: "deployment_status", ...status });
}

/** The commit that the target will run: a rollback goes back to an earlier promotion's. Null: nobody knows, so nothing is said. */
export async function deployedCommit({ tx, operation }: Work): Promise<string | null> {
  const { kind, head_sha, release_after, target_environment_id } = operation;
  if (kind !== "rollback") return head_sha;
  const filter = { target_environment_id, kinds: ["promote"], states: ["succeeded"] } as const;
  const promotions = await tx.operations(filter, { limit: 100 });
  return promotions.find((one) => one.release_after === release_after)?.head_sha ?? null;
}
