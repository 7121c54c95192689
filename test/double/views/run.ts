/** Workflow runs as GitHub's JSON. */
import { emailOf } from "../github/git.ts";
import type { Run } from "../github/state.ts";
import { accountOf, commitOf, fullName, repositoryOf, type World } from "../github/world.ts";
import { nodeId, userView, type View } from "./account.ts";
import { minimalRepositoryView, repositoryUrl } from "./repository.ts";

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
  const person = { name: commit.author, email: emailOf(commit.author) };
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
    status: world.state.waiting.some((one) => one.run === run.id) ? "waiting" : run.status,
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
