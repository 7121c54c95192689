/** Deployments and their statuses. */
import { z } from "zod";
import { deploy } from "../github/deployments.ts";
import { notFound, Refusal, unprocessable } from "../github/errors.ts";
import type { Deployment, DeploymentStatus } from "../github/state.ts";
import { resolveRef, timestamp } from "../github/world.ts";
import { loginOf } from "../http/auth.ts";
import { bodyAs, type Call, numberIn, type Reply, type Route, repositoryIn, route } from "../http/router.ts";
import { deploymentStatusView, deploymentView } from "../views/deployment.ts";

const Order = z.object({
  ref: z.string(),
  task: z.string().default("deploy"),
  auto_merge: z.boolean().default(true),
  required_contexts: z.array(z.string()).optional(),
  payload: z.unknown().default({}),
  environment: z.string().default("production"),
  description: z.string().nullable().default(null),
  transient_environment: z.boolean().default(false),
  production_environment: z.boolean().optional(),
});

const create = (call: Call): Reply => {
  const repository = repositoryIn(call);
  const order = bodyAs(call, Order);
  const commit = resolveRef(call.world, repository, order.ref);
  if (!commit) throw unprocessable(`No ref found for: ${order.ref}`);
  const failing = call.world.state.checks.filter(
    (one) => one.headSha === commit.sha && one.conclusion !== "success",
  );
  if (order.required_contexts === undefined && failing.length > 0) {
    throw new Refusal(409, `Conflict: Commit status checks failed for ${order.ref}.`);
  }
  if (order.auto_merge && commit.sha !== repository.branches.get(repository.defaultBranch)) {
    call.world.problems.push(
      `a deployment of ${order.ref} leaves auto_merge on, so that GitHub would merge the default branch into it`,
    );
  }
  const made = deploy(call.world, {
    repository: repository.id,
    sha: commit.sha,
    ref: order.ref,
    task: order.task,
    environment: order.environment,
    description: order.description,
    payload: order.payload,
    creator: loginOf(call.world, call.actor),
    production: order.production_environment ?? order.environment === "production",
    transient: order.transient_environment,
  });
  return { status: 201, body: deploymentView(call.world, made) };
};

const deploymentIn = (call: Call): Deployment => {
  const repository = repositoryIn(call);
  const found = call.world.state.deployments.find(
    (one) => one.id === numberIn(call, "deployment_id") && one.repository === repository.id,
  );
  if (!found) throw notFound();
  return found;
};

const list = (call: Call): Reply => {
  const repository = repositoryIn(call);
  const { query, world } = call;
  const wanted = {
    sha: query.get("sha"),
    ref: query.get("ref"),
    task: query.get("task"),
    environment: query.get("environment"),
  };
  const fits = (one: Deployment): boolean =>
    (wanted.sha ?? one.sha) === one.sha &&
    (wanted.ref ?? one.ref) === one.ref &&
    (wanted.task ?? one.task) === one.task &&
    (wanted.environment ?? one.environment) === one.environment;
  const own = world.state.deployments.filter((one) => one.repository === repository.id && fits(one));
  return { list: own.toReversed().map((one) => deploymentView(world, one)) };
};

const Status = z.object({
  state: z.string(),
  description: z.string().max(140).default(""),
  log_url: z.string().default(""),
  target_url: z.string().default(""),
  environment_url: z.string().default(""),
  auto_inactive: z.boolean().default(true),
});

const addStatus = (call: Call): Reply => {
  const deployment = deploymentIn(call);
  const sent = bodyAs(call, Status);
  const by = { creator: loginOf(call.world, call.actor), createdAt: timestamp(call.world) };
  const made = (
    state: string,
    more: Pick<DeploymentStatus, "description" | "logUrl" | "environmentUrl">,
  ): DeploymentStatus => ({
    id: call.world.nextId(),
    state,
    ...more,
    ...by,
  });
  const logUrl = sent.log_url || sent.target_url;
  const status = made(sent.state, {
    description: sent.description,
    logUrl,
    environmentUrl: sent.environment_url,
  });
  deployment.statuses.push(status);
  if (sent.state === "success" && sent.auto_inactive) {
    const earlier = call.world.state.deployments.filter(
      (one) =>
        one.repository === deployment.repository &&
        one.environment === deployment.environment &&
        one !== deployment,
    );
    const replaced = earlier.filter(
      (one) => one.statuses.at(-1)?.state === "success" && !one.transient && !one.production,
    );
    for (const one of replaced) {
      one.statuses.push(made("inactive", { description: "", logUrl: "", environmentUrl: "" }));
    }
  }
  return { status: 201, body: deploymentStatusView(call.world, deployment, status) };
};

export const deploymentRoutes: readonly Route[] = [
  route("POST /repos/{owner}/{repo}/deployments", "deployments:write", create),
  route("GET /repos/{owner}/{repo}/deployments", "deployments:read", list),
  route("GET /repos/{owner}/{repo}/deployments/{deployment_id}", "deployments:read", (call) => ({
    body: deploymentView(call.world, deploymentIn(call)),
  })),
  route("POST /repos/{owner}/{repo}/deployments/{deployment_id}/statuses", "deployments:write", addStatus),
  route("GET /repos/{owner}/{repo}/deployments/{deployment_id}/statuses", "deployments:read", (call) => {
    const deployment = deploymentIn(call);
    return {
      list: deployment.statuses.toReversed().map((one) => deploymentStatusView(call.world, deployment, one)),
    };
  }),
];
