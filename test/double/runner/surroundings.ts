/** What a job is given from outside: its environment, secrets, tokens, its deployment. */
import { randomBytes } from "node:crypto";
import { jobClaims } from "../claims.ts";
import { deploy } from "../github/deployments.ts";
import { Refusal } from "../github/errors.ts";
import type { Environment, Repository, Run } from "../github/state.ts";
import { fullName, repositoryOf, timestamp, type World } from "../github/world.ts";
import type { Oidc } from "../oidc.ts";
import { type Context, interpolate } from "./expressions.ts";
import type { RunnerOptions } from "./options.ts";
import type { PlannedJob } from "./plan.ts";

export type JobResult = {
  readonly result: "success" | "failure" | "cancelled" | "skipped";
  readonly outputs: Readonly<Record<string, string>>;
};

export type JobOrder = {
  readonly world: World;
  readonly options: RunnerOptions;
  readonly oidc: Oidc;
  readonly run: Run;
  readonly planned: PlannedJob;
  readonly needs: Readonly<Record<string, JobResult>>;
  /** Fires when the run is cancelled or the job is out of time. */
  readonly stop: AbortSignal;
};

type Texts = Readonly<Record<string, string>>;

/** The environment that the job names, if its branch may deploy there. */
export const environmentOf = (
  order: JobOrder,
  repository: Repository,
  context: Context,
): Environment | null => {
  const named = order.planned.job.environment;
  if (!named) return null;
  const name = interpolate(named.name, context);
  const known = repository.environments.get(name);
  // GitHub makes an environment that does not exist, without secrets.
  if (!known) return { id: 0, name, secrets: {}, variables: {} };
  const branch = order.run.ref.replace("refs/heads/", "");
  if (known.branches && !known.branches.includes(branch)) {
    throw new Refusal(
      403,
      `Branch "${branch}" is not allowed to deploy to ${name} due to environment protection rules.`,
    );
  }
  return known;
};

export const secretsOf = (
  order: JobOrder,
  repository: Repository,
  environment: Environment | null,
  context: Context,
): Texts => {
  const shared = Object.fromEntries(repository.secrets);
  const { secrets } = order.planned;
  if (secrets === "inherit") return { ...shared, ...environment?.secrets };
  const handed = Object.entries(secrets).map(([name, text]) => [
    name,
    interpolate(text, { ...context, names: { ...context.names, secrets: shared } }),
  ]);
  // A secret of the environment that the called job names goes before what its caller handed on under that name.
  const own = Object.entries(environment?.secrets ?? {}).filter(([name]) => name in secrets);
  return Object.fromEntries([...handed, ...own]);
};

/** The job's own `GITHUB_TOKEN`, good until the job ends. */
export const workflowToken = (order: JobOrder, undo: (() => void)[]): string => {
  const token = `ghs_${randomBytes(18).toString("hex")}`;
  const permissions = Object.fromEntries(
    Object.entries(order.planned.permissions).map(([name, level]) => [name.replaceAll("-", "_"), level]),
  );
  const expiresAt = order.world.now().getTime() + 86_400_000;
  order.world.state.tokens.set(token, {
    kind: "workflow",
    token,
    expiresAt,
    run: order.run.id,
    repository: order.run.repository,
    permissions,
  });
  undo.push(() => order.world.state.tokens.delete(token));
  return token;
};

export const oidcVariables = (
  order: JobOrder,
  environment: Environment | null,
  undo: (() => void)[],
): Texts => {
  if (order.planned.permissions["id-token"] !== "write") return {};
  const { run, planned, world } = order;
  const facts = {
    run,
    environment: environment?.name ?? null,
    jobWorkflow: planned.workflowRef,
    jobWorkflowSha: run.sha,
  };
  const { url, token, end } = order.oidc.grant(jobClaims(world, facts));
  undo.push(end);
  return { ACTIONS_ID_TOKEN_REQUEST_URL: url, ACTIONS_ID_TOKEN_REQUEST_TOKEN: token };
};

/** GitHub records a deployment for a job with an environment, unless the job says `deployment: false`. */
export const recordDeployment = (
  order: JobOrder,
  environment: Environment | null,
): ((state: string) => void) => {
  if (!environment || order.planned.job.environment?.deployment === "false") return () => {};
  const { world, run } = order;
  const creator = "github-actions[bot]";
  const ref = run.ref.replace("refs/heads/", "");
  const facts = {
    repository: run.repository,
    sha: run.sha,
    ref,
    task: "deploy",
    environment: environment.name,
  };
  const made = deploy(
    world,
    {
      ...facts,
      description: null,
      payload: {},
      creator,
      production: environment.name === "production",
      transient: false,
    },
    null,
  );
  const logUrl = `${world.url}/${fullName(repositoryOf(world, run.repository))}/actions/runs/${run.id}`;
  return (state) => {
    made.statuses.push({
      id: world.nextId(),
      state,
      description: "",
      logUrl,
      environmentUrl: "",
      creator,
      createdAt: timestamp(world),
    });
  };
};
