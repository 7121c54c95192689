/** The claims of GitHub's OIDC tokens. */
import type { Repository, Run } from "./github/state.ts";
import { accountOf, fullName, repositoryOf, type World } from "./github/world.ts";

export type Claims = Readonly<Record<string, unknown>>;

export type JobFacts = {
  readonly run: Run;
  readonly environment: string | null;
  /** `owner/repo/path@ref` of the file that holds the job: the called one, where one is called. */
  readonly jobWorkflow: string;
  readonly jobWorkflowSha: string;
};

/** GitHub's claims about one job of a run. */
export const jobClaims = (
  world: World,
  { run, environment, jobWorkflow, jobWorkflowSha }: JobFacts,
): Claims => {
  const repository = repositoryOf(world, run.repository);
  const name = fullName(repository);
  const context = environment === null ? `ref:${run.ref}` : `environment:${environment}`;
  return {
    sub: `repo:${name}:${context}`,
    ...repositoryClaims(world, repository),
    ref: run.ref,
    ref_type: "branch",
    ref_protected: String((repository.rules.get(run.ref.replace("refs/heads/", "")) ?? []).length > 0),
    sha: run.sha,
    head_ref: "",
    base_ref: "",
    workflow: run.name,
    workflow_ref: `${name}/${run.path}@${run.ref}`,
    workflow_sha: run.sha,
    job_workflow_ref: jobWorkflow,
    job_workflow_sha: jobWorkflowSha,
    event_name: run.event,
    run_id: String(run.id),
    run_number: String(run.number),
    run_attempt: String(run.attempt),
    actor: run.actor,
    actor_id: String(accountOf(world, run.actor).id),
    runner_environment: "github-hosted",
    ...(environment !== null && { environment }),
  };
};

const repositoryClaims = (world: World, repository: Repository): Claims => ({
  repository: fullName(repository),
  repository_id: String(repository.id),
  repository_owner: repository.owner,
  repository_owner_id: String(accountOf(world, repository.owner).id),
  repository_visibility: repository.private ? "private" : "public",
});

/** Claims of a run that was never made, for tests that need only a token. */
export const inventedClaims = (world: World): Claims => {
  const [repository] = world.state.repositories;
  if (!repository) return {};
  const ref = `refs/heads/${repository.defaultBranch}`;
  const path = `${fullName(repository)}/.github/workflows/belay.yml@${ref}`;
  const sha = repository.branches.get(repository.defaultBranch) ?? "";
  return {
    sub: `repo:${fullName(repository)}:ref:${ref}`,
    ...repositoryClaims(world, repository),
    ref,
    ref_type: "branch",
    sha,
    workflow: "Belay",
    workflow_ref: path,
    workflow_sha: sha,
    job_workflow_ref: path,
    job_workflow_sha: sha,
    event_name: "workflow_dispatch",
    run_id: "1",
    run_number: "1",
    run_attempt: "1",
    actor: repository.owner,
    actor_id: String(accountOf(world, repository.owner).id),
    runner_environment: "github-hosted",
  };
};
