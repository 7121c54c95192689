/** One job, from its machine to its result. */
import { randomBytes } from "node:crypto";
import { deploy } from "../github/deployments.ts";
import type { Environment, Repository, Run } from "../github/state.ts";
import { fullName, repositoryOf, timestamp, type World } from "../github/world.ts";
import { jobClaims, type Oidc } from "../oidc.ts";
import { type Context, holds, interpolate } from "./expressions.ts";
import { githubContext, type Machine, makeMachine } from "./machine.ts";
import type { RunnerOptions } from "./options.ts";
import type { PlannedJob } from "./plan.ts";
import { type JobRoom, runStep } from "./steps.ts";

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
const environmentOf = (order: JobOrder, repository: Repository, context: Context): Environment | null => {
  const named = order.planned.job.environment;
  if (!named) return null;
  const name = interpolate(named.name, context);
  const known = repository.environments.get(name);
  // GitHub makes an environment that does not exist, without secrets.
  if (!known) return { id: 0, name, secrets: {}, variables: {} };
  const branch = order.run.ref.replace("refs/heads/", "");
  if (known.branches && !known.branches.includes(branch)) {
    throw new Error(
      `Branch "${branch}" is not allowed to deploy to ${name} due to environment protection rules.`,
    );
  }
  return known;
};

const secretsOf = (
  order: JobOrder,
  repository: Repository,
  environment: Environment | null,
  context: Context,
): Texts => {
  const shared = Object.fromEntries(repository.secrets);
  if (order.planned.secrets === "inherit") return { ...shared, ...environment?.secrets };
  const handed = Object.entries(order.planned.secrets).map(([name, text]) => [
    name,
    interpolate(text, { ...context, names: { ...context.names, secrets: shared } }),
  ]);
  return Object.fromEntries(handed);
};

/** The job's own `GITHUB_TOKEN`, good until the job ends. */
const workflowToken = (order: JobOrder): string => {
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
  return token;
};

const oidcVariables = (order: JobOrder, environment: Environment | null): Texts => {
  if (order.planned.permissions["id-token"] !== "write") return {};
  const { run, planned, world } = order;
  const facts = {
    run,
    environment: environment?.name ?? null,
    jobWorkflow: planned.workflowRef,
    jobWorkflowSha: run.sha,
  };
  const { url, token } = order.oidc.grant(jobClaims(world, facts));
  return { ACTIONS_ID_TOKEN_REQUEST_URL: url, ACTIONS_ID_TOKEN_REQUEST_TOKEN: token };
};

/** GitHub records a deployment for a job with an environment, unless the job says `deployment: false`. */
const recordDeployment = (order: JobOrder, environment: Environment | null): ((state: string) => void) => {
  if (!environment || order.planned.job.environment?.deployment === false) return () => {};
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

const runSteps = async (
  room: JobRoom,
  order: JobOrder,
  context: (steps: unknown, failed: boolean) => Context,
): Promise<JobResult> => {
  const { job, env } = order.planned;
  const steps: Record<string, unknown> = {};
  let failed = false;
  for (const step of job.steps) {
    const now = context(steps, failed);
    if (!holds(step.if, now)) continue;
    room.machine.print(`▶ ${step.name ? interpolate(step.name, now) : (step.uses ?? step.run ?? "")}`);
    const { code, outputs } = await runStep(room, step, now, { ...env, ...job.env, ...room.machine.env });
    const outcome = code === 0 ? "success" : "failure";
    if (step.id)
      steps[step.id] = { outputs, outcome, conclusion: step["continue-on-error"] ? "success" : outcome };
    Object.assign(order.run.outputs, outputs);
    if (code !== 0) room.machine.print(`Error: Process completed with exit code ${code}.`);
    if (code !== 0 && !step["continue-on-error"]) failed = true;
  }
  for (const after of room.after) await after();
  const outputs = Object.fromEntries(
    Object.entries(job.outputs).map(([name, text]) => [name, interpolate(text, context(steps, failed))]),
  );
  return { result: order.stop.aborted ? "cancelled" : failed ? "failure" : "success", outputs };
};

/** Runs a job; what GitHub would refuse, or the double cannot do, is a problem and a failure with a line in the log. */
export const runJob = async (order: JobOrder): Promise<JobResult> => {
  const { world, run, planned } = order;
  const repository = repositoryOf(world, run.repository);
  const token = workflowToken(order);
  const github = githubContext(world, run, planned.id.split(" / ").at(-1) ?? "");
  let machine: Machine | undefined;
  try {
    const base = {
      github,
      inputs: planned.inputs,
      vars: Object.fromEntries(repository.variables),
      needs: order.needs,
    };
    const status = {
      failed: Object.values(order.needs).some(({ result }) => result !== "success"),
      cancelled: order.stop.aborted,
    };
    if (!holds(planned.job.if, { names: base, status }))
      return { result: order.stop.aborted ? "cancelled" : "skipped", outputs: {} };
    const environment = environmentOf(order, repository, { names: base, status });
    const secrets = {
      ...secretsOf(order, repository, environment, { names: base, status }),
      GITHUB_TOKEN: token,
    };
    machine = makeMachine(run, Object.values(secrets));
    const vars = { ...base.vars, ...environment?.variables };
    const names = {
      ...base,
      github: { ...github, token, workspace: machine.workspace },
      vars,
      secrets,
      runner: { temp: machine.temp, os: "Linux", arch: "X64" },
    };
    const deployed = recordDeployment(order, environment);
    deployed("in_progress");
    const room = {
      ...order,
      repository,
      machine,
      github,
      oidc: oidcVariables(order, environment),
      after: [],
    };
    const result = await runSteps(room, order, (steps, failed) => ({
      names: { ...names, steps, env: { ...planned.env, ...planned.job.env, ...machine?.env } },
      status: { failed, cancelled: order.stop.aborted },
    }));
    deployed(result.result === "success" ? "success" : "failure");
    return result;
  } catch (error) {
    const sentence = error instanceof Error ? error.message : String(error);
    world.problems.push(`run ${run.id}, job ${planned.id}: ${sentence}`);
    run.log.push(`Error: ${sentence}`);
    return { result: "failure", outputs: {} };
  } finally {
    world.state.tokens.delete(token);
    machine?.remove();
  }
};
