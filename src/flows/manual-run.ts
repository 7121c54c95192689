/**
 * Somebody started the workflow by hand. Its first job, which has no environment and no secrets, asks for what `/promote` on the
 * open environment pull request would begin: the same gates, the same record, bound to this very run.
 */
import { noBots, noPair, noPullRequest, notFound } from "../core/rendering/answers.ts";
import { type RunnerIdentity, refuseRunner } from "../core/runner.ts";
import type { Tx } from "../ports/store.ts";
import {
  type ApiFlowDeps,
  type ApiOutcome,
  answered,
  forbidden,
  loadScene,
  onPath,
  pullRequestOf,
  refuse,
} from "./api-scene.ts";
import { evidenceForCommand } from "./evidence.ts";
import { configured } from "./input-of.ts";
import { policyFor } from "./site.ts";
import { startOperation } from "./start-operation.ts";

export interface ManualRun {
  /** From the verified OIDC token; its actor is who started the run. */
  readonly runner: RunnerIdentity;
  /** Name of the target. */
  readonly environment: string;
}

export async function manualRun(deps: ApiFlowDeps, input: ManualRun): Promise<ApiOutcome> {
  const { runner } = input;
  const found = await deps.store.transaction(async (tx) => {
    const site = await tx.siteOfRepository(runner.repository_id);
    const rows = site === null ? [] : await tx.environmentsOf(site.id);
    return { site, target: rows.find(({ name }) => name === input.environment) };
  });
  const { site } = found;
  if (site === null) return refuse(404, notFound("site"));
  const wrong = refuseRunner(runner, {
    repository_id: site.repository.id,
    default_branch: site.repository.default_branch,
    workflow: deps.settings.workflow,
    reusable_workflows: deps.settings.reusable_workflows,
    environment: null,
  });
  if (wrong !== null) return refuse(403, wrong);
  if (found.target === undefined) return refuse(404, notFound("environment"));
  // A workflow can start another one; its token has rights that no person was asked for.
  if (runner.actor.endsWith("[bot]")) return refuse(403, noBots(runner.actor));
  return begin(deps, input, found.target.id);
}

async function begin(deps: ApiFlowDeps, { runner }: ManualRun, target_id: string): Promise<ApiOutcome> {
  const scene = await loadScene(deps, target_id);
  if (scene.kind === "refused") return scene;
  const { site, settings } = scene;
  const { name } = scene.environment;
  const no = await forbidden(deps, scene, { actor: runner.actor, word: "promote", target: name });
  if (no !== null) return no;
  const source = onPath(settings, name, -1);
  if (source === null) return refuse(409, noPair("nothing", name));
  const step = { source, target: configured(settings, name) };
  const pull = await pullRequestOf(deps, site, step);
  if (pull === null) return refuse(409, noPullRequest(source.name, name));
  const policy = policyFor(settings, name);
  const about = {
    repository: site.repository,
    policy,
    target: name,
    head_sha: pull.head_sha,
    author: pull.author,
  };
  const question = { ...about, pull_request: pull.number, kind: "promote", approver: null } as const;
  const evidence = await evidenceForCommand(deps, question);
  const bound = { site_id: site.id, run_id: runner.run_id };
  return deps.store.transaction(async (tx) => {
    const before = await begunBy(tx, bound);
    if (before !== null) return before;
    const begun = { ...step, kind: "promote", settings, repository: site.repository, evidence } as const;
    const where = { pull_request: pull.number, head_sha: pull.head_sha, comment_id: null, on_records: false };
    const asked = { full: false, accept: null };
    const who = { requested_by: runner.actor, run_id: runner.run_id };
    return answered(await startOperation(deps, tx, { ...begun, ...where, ...who, asked }));
  });
}

/** A run that asks again, because the answer was lost, gets the job of its operation; one run begins one operation. */
async function begunBy(
  tx: Tx,
  { site_id, run_id }: { readonly site_id: string; readonly run_id: number },
): Promise<ApiOutcome | null> {
  const [operation] = await tx.operations({ site_id, run_id }, { limit: 1 });
  if (operation === undefined) return null;
  const [job] = await tx.jobsOf(operation.id);
  if (job !== undefined) return { kind: "accepted", job_id: job.id, operation_id: operation.id };
  const code = operation.result_code ?? "conflict";
  return { kind: "refused", status: 409, code, message: operation.result_message ?? "It has ended." };
}
