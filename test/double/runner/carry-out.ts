/** A run, once it is asked for: its turn, its jobs one after another, its end. */
import { Refusal } from "../github/errors.ts";
import type { Conclusion, Run } from "../github/state.ts";
import { accountOf, inBackground, repositoryOf, timestamp, type World } from "../github/world.ts";
import type { Oidc } from "../oidc.ts";
import { runView, workflowView } from "../views/run.ts";
import type { Groups, Turn } from "./concurrency.ts";
import { type Context, interpolate } from "./expressions.ts";
import { runJob } from "./job.ts";
import { githubContext } from "./machine.ts";
import type { RunnerOptions } from "./options.ts";
import { type PlannedJob, planJobs } from "./plan.ts";
import type { JobResult } from "./surroundings.ts";
import type { Concurrency, Workflow } from "./workflow.ts";

export type Parts = { readonly world: World; readonly options: RunnerOptions | null; readonly oidc: Oidc };

export const tell = (world: World, run: Run, action: "requested" | "in_progress" | "completed"): void => {
  run.updatedAt = timestamp(world);
  const told = world.emit({
    webhook: `workflow-run-${action.replace("_", "-")}`,
    repository: repositoryOf(world, run.repository),
    sender: accountOf(world, run.actor),
    body: { action, workflow: workflowView(world, run), workflow_run: runView(world, run) },
  });
  inBackground(world, told);
};

export const contextOf = (world: World, run: Run): Context => ({
  names: {
    github: githubContext(world, run, ""),
    inputs: run.inputs,
    vars: Object.fromEntries(repositoryOf(world, run.repository).variables),
  },
  status: { failed: false, cancelled: false },
});

export type Work = Parts & {
  readonly groups: Groups;
  readonly run: Run;
  readonly workflow: Workflow;
  readonly stop: AbortController;
  readonly cancel: (run: Run) => void;
};

const turnOf = (work: Work, concurrency: Concurrency, context: Context): Turn => ({
  group: `${work.run.repository}/${interpolate(concurrency.group, context)}`,
  queue: concurrency.queue,
  cancelInProgress: interpolate(concurrency["cancel-in-progress"], context) === "true",
  cancel: () => work.stop.abort(),
});

/** Holds the groups while the work is done; false when a newer run took this one's place or it was cancelled waiting. */
const inTurn = async (work: Work, turns: readonly Turn[], then: () => Promise<void>): Promise<boolean> => {
  const [first, ...rest] = turns;
  if (!first) {
    if (work.stop.signal.aborted) return false;
    await then();
    return true;
  }
  if (!(await work.groups.enter(first, work.stop.signal))) return false;
  try {
    return await inTurn(work, rest, then);
  } finally {
    work.groups.leave(first);
  }
};

const complete = (work: Work, conclusion: Conclusion): void => {
  work.run.status = "completed";
  work.run.conclusion = conclusion;
  tell(work.world, work.run, "completed");
};

/** A job of a called workflow knows its neighbours by the names that they have there. */
const nameAmong = (own: string, other: string): string => {
  const [caller = "", inner] = other.split(" / ");
  return inner !== undefined && own.startsWith(`${caller} / `) ? inner : other;
};

const runPlanned = async (
  work: Work,
  planned: PlannedJob,
  done: ReadonlyMap<string, JobResult>,
): Promise<JobResult> => {
  if (!work.options) throw new Error("the double has no runner; give it `runner` options");
  const needs = Object.fromEntries(
    [...done]
      .filter(([id]) => planned.needs.some((name) => id === name || id.startsWith(`${name} / `)))
      .map(([id, result]) => [nameAmong(planned.id, id), result]),
  );
  const late = AbortSignal.timeout(planned.job["timeout-minutes"] * 60_000);
  const { world, options, oidc, run } = work;
  const context: Context = {
    ...contextOf(world, run),
    names: { ...contextOf(world, run).names, inputs: planned.inputs },
  };
  const turns = planned.concurrency.map((one) => turnOf(work, one, context));
  let result: JobResult = { result: "cancelled", outputs: {} };
  await inTurn(work, turns, async () => {
    result = await runJob({
      world,
      options,
      oidc,
      run,
      planned,
      needs,
      stop: AbortSignal.any([work.stop.signal, late]),
    });
  });
  return result;
};

export const carryOut = async (work: Work): Promise<void> => {
  const { world, run, workflow, options } = work;
  // A run never starts within the request that asked for it.
  await new Promise(setImmediate);
  const results = new Map<string, JobResult>();
  try {
    if (!options) throw new Error("the double has no runner; give it `runner` options");
    const planned = planJobs(world, options, run, workflow, contextOf(world, run));
    const turns = workflow.concurrency ? [turnOf(work, workflow.concurrency, contextOf(world, run))] : [];
    await inTurn(work, turns, async () => {
      run.status = "in_progress";
      run.startedAt = timestamp(world);
      tell(world, run, "in_progress");
      for (const one of planned) results.set(one.id, await runPlanned(work, one, results));
    });
  } catch (error) {
    const sentence = error instanceof Error ? error.message : String(error);
    if (!(error instanceof Refusal)) world.problems.push(`run ${run.id}: ${sentence}`);
    run.log.push(`Error: ${sentence}`);
    return complete(work, "startup_failure");
  }
  const all = [...results.values()].map(({ result }) => result);
  if (all.length === 0 || all.includes("cancelled")) return complete(work, "cancelled");
  complete(work, all.includes("failure") ? "failure" : "success");
};
