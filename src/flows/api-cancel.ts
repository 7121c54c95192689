/** `POST /api/jobs/{id}/cancel`: what `/cancel` does, for the operation that a job belongs to. */
import { cancelled, notFound } from "../core/rendering/answers.ts";
import { answeredBefore, answerOnce, type Once } from "./api-once.ts";
import { type ApiFlowDeps, type ApiOutcome, forbidden, loadScene, refuse } from "./api-scene.ts";
import { cancelOperation } from "./cancel.ts";

export interface CancelInput {
  readonly job_id: string;
  /** Login of the person whose token was checked. */
  readonly actor: string;
  readonly once: Once | null;
}

export async function apiCancel(deps: ApiFlowDeps, input: CancelInput): Promise<ApiOutcome> {
  const before = await answeredBefore(deps, input);
  if (before !== null) return before;
  const { job_id, actor } = input;
  const operation = await deps.store.transaction(async (tx) => {
    const job = await tx.job(job_id);
    return job && tx.operation(job.operation_id);
  });
  if (operation === null) return refuse(404, notFound("job"));
  const scene = await loadScene(deps, operation.target_environment_id);
  if (scene.kind === "refused") return scene;
  const no = await forbidden(deps, scene, { actor, word: "cancel", target: scene.environment.name });
  if (no !== null) return no;
  return answerOnce(deps, input, async (tx) => {
    const job = await tx.job(job_id);
    if (job?.state !== "queued" && job?.state !== "running") {
      return refuse(409, cancelled.over("The job has been done already."));
    }
    const { stopped, answer } = await cancelOperation(deps, tx, { id: job.operation_id, login: actor });
    return stopped ? { kind: "accepted", job_id, operation_id: job.operation_id } : refuse(409, answer);
  });
}
