/** One job, from its machine to its result. */
import { Refusal } from "../github/errors.ts";

import { repositoryOf } from "../github/world.ts";
import { type Context, holds, interpolate } from "./expressions.ts";
import { githubContext, makeMachine } from "./machine.ts";
import { passRule } from "./protection.ts";
import { type JobRoom, runStep } from "./steps.ts";
import {
  environmentOf,
  type JobOrder,
  type JobResult,
  oidcVariables,
  recordDeployment,
  secretsOf,
  workflowToken,
} from "./surroundings.ts";

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

type Ready = { readonly room: JobRoom; readonly context: (steps: unknown, failed: boolean) => Context };

/** `deployment` may be an expression over the inputs. */
const settled = (order: JobOrder): JobOrder => {
  const { planned } = order;
  const { environment } = planned.job;
  if (environment === undefined) return order;
  const names = { inputs: planned.inputs };
  const deployment = interpolate(environment.deployment, {
    names,
    status: { failed: false, cancelled: false },
  });
  return {
    ...order,
    planned: { ...planned, job: { ...planned.job, environment: { ...environment, deployment } } },
  };
};

/** The machine of a job and all that it is given; null when its `if` says no. What must be undone goes into `undo`. */
const makeReady = async (asked: JobOrder, undo: (() => void)[]): Promise<Ready | null> => {
  const order = settled(asked);
  const { world, run, planned, stop } = order;
  const repository = repositoryOf(world, run.repository);
  const github = githubContext(world, run, planned.id.split(" / ").at(-1) ?? "");
  const vars = Object.fromEntries(repository.variables);
  const base = { github, inputs: planned.inputs, vars, needs: order.needs };
  const failed = Object.values(order.needs).some(({ result }) => result !== "success");
  const before: Context = { names: base, status: { failed, cancelled: stop.aborted } };
  if (!holds(planned.job.if, before)) return null;
  const environment = environmentOf(order, repository, before);
  const deployed = recordDeployment(order, environment);
  await passRule(order, environment);
  const token = workflowToken(order, undo);
  const secrets = { ...secretsOf(order, repository, environment, before), GITHUB_TOKEN: token };
  const machine = makeMachine(run, Object.values(secrets));
  undo.push(machine.remove);
  const names = {
    ...base,
    github: { ...github, token, workspace: machine.workspace },
    vars: { ...vars, ...environment?.variables },
    secrets,
    runner: { temp: machine.temp, os: "Linux", arch: "X64" },
  };
  const given = {
    deployed,
    oidc: oidcVariables(order, environment, undo),
  };
  return {
    room: { ...order, ...given, repository, machine, github, after: [] },
    context: (steps, hasFailed) => ({
      names: { ...names, steps, env: { ...planned.env, ...planned.job.env, ...machine.env } },
      status: { failed: hasFailed, cancelled: stop.aborted },
    }),
  };
};

/** Runs a job. What GitHub refuses is said in the log; what the double cannot do is a problem as well. */
export const runJob = async (order: JobOrder): Promise<JobResult> => {
  const { world, run, planned } = order;
  const undo: (() => void)[] = [];
  try {
    const ready = await makeReady(order, undo);
    if (!ready) return { result: order.stop.aborted ? "cancelled" : "skipped", outputs: {} };
    ready.room.deployed("in_progress");
    const result = await runSteps(ready.room, order, ready.context);
    ready.room.deployed(result.result === "success" ? "success" : "failure");
    return result;
  } catch (error) {
    const sentence = error instanceof Error ? error.message : String(error);
    if (!(error instanceof Refusal)) world.problems.push(`run ${run.id}, job ${planned.id}: ${sentence}`);
    run.log.push(`Error: ${sentence}`);
    return { result: "failure", outputs: {} };
  } finally {
    for (const one of undo.reverse()) one();
  }
};
