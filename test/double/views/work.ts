/** Check runs, workflow runs and deployments as GitHub's JSON. */
import type { CheckRun, Deployment, DeploymentStatus, Repository, Run } from "../github/state.ts";
import { ACTIONS_APP } from "../github/state.ts";
import { accountOf, commitOf, fullName, repositoryOf, type World } from "../github/world.ts";
import { api, appView, nodeId, userNamed, userView, type View } from "./account.ts";
import { minimalRepositoryView, repositoryUrl } from "./repository.ts";

const pullsAt = (world: World, repository: Repository, sha: string): readonly View[] =>
  world.state.pulls
    .filter((one) => one.headRepository === repository.id && one.headSha === sha && one.state === "open")
    .map((pull) => {
      const url = repositoryUrl(world, repository);
      const repo = { id: repository.id, url, name: repository.name };
      return {
        id: pull.id,
        number: pull.number,
        url: `${url}/pulls/${pull.number}`,
        head: { ref: pull.head, sha: pull.headSha, repo },
        base: { ref: pull.base, sha: pull.baseSha, repo },
      };
    });

/** GitHub Actions and whatever other app a test lets speak. */
const foreignApp = (world: World, id: number): View => ({
  id,
  slug: id === ACTIONS_APP ? "github-actions" : `app-${id}`,
  node_id: nodeId("App", id),
  owner: userNamed(world, world.state.apps[0]?.owner ?? ""),
  name: id === ACTIONS_APP ? "GitHub Actions" : `App ${id}`,
  description: "",
  external_url: world.url,
  html_url: `${world.url}/apps/app-${id}`,
  created_at: "2018-07-30T09:30:17Z",
  updated_at: "2018-07-30T09:30:17Z",
  permissions: {},
  events: [],
});

export const checkRunView = (world: World, check: CheckRun): View => {
  const repository = repositoryOf(world, check.repository);
  const url = `${repositoryUrl(world, repository)}/check-runs/${check.id}`;
  const app = world.state.apps.find((one) => one.id === check.app);
  return {
    id: check.id,
    name: check.name,
    node_id: nodeId("CheckRun", check.id),
    head_sha: check.headSha,
    external_id: check.externalId,
    url,
    html_url: `${world.url}/${fullName(repository)}/runs/${check.id}`,
    details_url: check.detailsUrl || `${world.url}/${fullName(repository)}/runs/${check.id}`,
    status: check.status,
    conclusion: check.conclusion,
    started_at: check.startedAt,
    completed_at: check.completedAt,
    output: {
      title: check.output.title,
      summary: check.output.summary,
      text: check.output.text,
      annotations_count: check.output.annotations.length,
      annotations_url: `${url}/annotations`,
    },
    check_suite: { id: check.id + 500_000 },
    app: app ? appView(world, app) : foreignApp(world, check.app),
    pull_requests: pullsAt(world, repository, check.headSha),
  };
};

/** The number that GitHub would give a workflow file; stable per path. */
export const workflowId = (path: string): number =>
  [...path].reduce((sum, letter) => (sum * 31 + (letter.codePointAt(0) ?? 0)) % 1_000_003, 7);

export const runView = (world: World, run: Run): View => {
  const repository = repositoryOf(world, run.repository);
  const base = repositoryUrl(world, repository);
  const url = `${base}/actions/runs/${run.id}`;
  const commit = commitOf(world, run.sha);
  const actor = userView(world, accountOf(world, run.actor));
  const repo = minimalRepositoryView(world, repository);
  const person = { name: commit.author, email: `${commit.author}@users.noreply.invalid` };
  return {
    id: run.id,
    name: run.name,
    node_id: nodeId("WorkflowRun", run.id),
    head_branch: run.ref.replace("refs/heads/", ""),
    head_sha: run.sha,
    path: run.path,
    display_title: run.title,
    run_number: run.number,
    run_attempt: run.attempt,
    event: run.event,
    status: run.status,
    conclusion: run.conclusion,
    workflow_id: workflowId(run.path),
    check_suite_id: run.id + 500_000,
    check_suite_node_id: nodeId("CheckSuite", run.id + 500_000),
    url,
    html_url: `${world.url}/${fullName(repository)}/actions/runs/${run.id}`,
    pull_requests: [],
    created_at: run.createdAt,
    updated_at: run.updatedAt,
    run_started_at: run.startedAt ?? run.createdAt,
    actor,
    triggering_actor: actor,
    jobs_url: `${url}/jobs`,
    logs_url: `${url}/logs`,
    check_suite_url: `${base}/check-suites/${run.id + 500_000}`,
    artifacts_url: `${url}/artifacts`,
    cancel_url: `${url}/cancel`,
    rerun_url: `${url}/rerun`,
    previous_attempt_url: null,
    workflow_url: `${base}/actions/workflows/${workflowId(run.path)}`,
    head_commit: {
      id: commit.sha,
      tree_id: commit.tree,
      message: commit.message,
      timestamp: commit.date,
      author: person,
      committer: person,
    },
    repository: repo,
    head_repository: repo,
  };
};

export const workflowView = (world: World, run: Run): View => {
  const repository = repositoryOf(world, run.repository);
  return {
    id: workflowId(run.path),
    node_id: nodeId("Workflow", workflowId(run.path)),
    name: run.name,
    path: run.path,
    state: "active",
    created_at: repository.createdAt,
    updated_at: repository.createdAt,
    url: `${repositoryUrl(world, repository)}/actions/workflows/${workflowId(run.path)}`,
    html_url: `${world.url}/${fullName(repository)}/blob/${repository.defaultBranch}/${run.path}`,
    badge_url: `${world.url}/${fullName(repository)}/workflows/badge.svg`,
  };
};

export const deploymentView = (world: World, deployment: Deployment): View => {
  const url = api(world, `/repos/${fullName(repositoryOf(world, deployment.repository))}`);
  const last = deployment.statuses.at(-1);
  return {
    url: `${url}/deployments/${deployment.id}`,
    id: deployment.id,
    node_id: nodeId("Deployment", deployment.id),
    sha: deployment.sha,
    ref: deployment.ref,
    task: deployment.task,
    payload: deployment.payload,
    original_environment: deployment.environment,
    environment: deployment.environment,
    description: deployment.description,
    creator: userNamed(world, deployment.creator),
    created_at: deployment.createdAt,
    updated_at: last?.createdAt ?? deployment.createdAt,
    statuses_url: `${url}/deployments/${deployment.id}/statuses`,
    repository_url: url,
    transient_environment: deployment.transient,
    production_environment: deployment.production,
  };
};

export const deploymentStatusView = (
  world: World,
  deployment: Deployment,
  status: DeploymentStatus,
): View => {
  const url = api(world, `/repos/${fullName(repositoryOf(world, deployment.repository))}`);
  return {
    url: `${url}/deployments/${deployment.id}/statuses/${status.id}`,
    id: status.id,
    node_id: nodeId("DeploymentStatus", status.id),
    state: status.state,
    creator: userNamed(world, status.creator),
    description: status.description,
    environment: deployment.environment,
    created_at: status.createdAt,
    updated_at: status.createdAt,
    deployment_url: `${url}/deployments/${deployment.id}`,
    repository_url: url,
    ...(status.logUrl && { target_url: status.logUrl, log_url: status.logUrl }),
    ...(status.environmentUrl && { environment_url: status.environmentUrl }),
  };
};
