/** One job, from its machine to its result. */

import { repositoryOf } from "../github/world.ts";
import { type Context, holds, interpolate } from "./expressions.ts";
import { githubContext, type Machine, makeMachine } from "./machine.ts";
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
