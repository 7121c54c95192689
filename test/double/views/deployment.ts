/** Deployments and their statuses as GitHub's JSON. */
import type { Deployment, DeploymentStatus } from "../github/state.ts";
import { fullName, repositoryOf, type World } from "../github/world.ts";
import { api, nodeId, userNamed, type View } from "./account.ts";

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
