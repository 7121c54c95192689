/** Workflow runs: dispatched, queued by concurrency group, run, cancelled; each change told by webhook. */
import { notFound, Refusal, unprocessable } from "../github/errors.ts";
import type { Conclusion, Repository, Run } from "../github/state.ts";
import {
  accountOf,
  commitOf,
  inBackground,
  repositoryOf,
  resolveRef,
  timestamp,
  type World,
} from "../github/world.ts";
import type { Oidc } from "../oidc.ts";
import { runView, workflowId, workflowView } from "../views/work.ts";
import { type Groups, makeGroups, type Turn } from "./concurrency.ts";
import { type Context, interpolate } from "./expressions.ts";
import { type JobResult, runJob } from "./job.ts";
import { githubContext } from "./machine.ts";
import type { RunnerOptions } from "./options.ts";
import { type PlannedJob, planJobs } from "./plan.ts";
import { type Concurrency, inputValues, parseWorkflow, type Workflow } from "./workflow.ts";

export type Dispatch = {
  readonly repository: Repository;
  /** The file's name, its path, or its number. */
  readonly workflow: string;
  readonly ref: string;
  readonly inputs: Readonly<Record<string, string>>;
  readonly actor: string;
};

export type Runs = {
  /** Starts a run in the background. Throws what GitHub answers: 404, 422. */
  readonly dispatch: (order: Dispatch) => Run;
  /** Asks a run to stop. Throws 409 when it has ended. */
  readonly cancel: (run: Run) => void;
  /** Resolves when the run has completed. */
  readonly finished: (run: Run) => Promise<Run>;
};

type Parts = { readonly world: World; readonly options: RunnerOptions | null; readonly oidc: Oidc };
type Live = { readonly stop: AbortController; readonly done: Promise<void> };

const tell = (world: World, run: Run, action: "requested" | "in_progress" | "completed"): void => {
  run.updatedAt = timestamp(world);
  const told = world.emit({
    webhook: `workflow-run-${action.replace("_", "-")}`,
    repository: repositoryOf(world, run.repository),
    sender: accountOf(world, run.actor),
    body: { action, workflow: workflowView(world, run), workflow_run: runView(world, run) },
  });
  inBackground(world, told);
};

const fileOf = (
  world: World,
  { repository, workflow, ref }: Dispatch,
): { readonly path: string; readonly text: string } => {
  const [tip, commit] = [
    resolveRef(world, repository, repository.defaultBranch),
    resolveRef(world, repository, ref),
  ];
  const paths = [...(tip?.files.keys() ?? [])].filter((path) => path.startsWith(".github/workflows/"));
  const path = paths.find(
    (one) => one === workflow || one.endsWith(`/${workflow}`) || String(workflowId(one)) === workflow,
  );
  if (!path) throw notFound();
  if (!commit || !repository.branches.has(ref.replace(/^refs\/heads\//, "")))
    throw unprocessable(`No ref found for: ${ref}`);
  const text = commit.files.get(path);
  if (text === undefined) throw notFound();
  return { path, text };
};

const contextOf = (world: World, run: Run): Context => ({
  names: {
    github: githubContext(world, run, ""),
    inputs: run.inputs,
    vars: Object.fromEntries(repositoryOf(world, run.repository).variables),
  },
  status: { failed: false, cancelled: false },
});

const newRun = (
  world: World,
  order: Dispatch,
  file: { readonly path: string; readonly workflow: Workflow },
  inputs: Run["inputs"],
): Run => {
  const { path, workflow } = file;
  const number =
    1 + world.state.runs.filter((one) => one.repository === order.repository.id && one.path === path).length;
  const now = timestamp(world);
  const branch = order.ref.replace(/^refs\/heads\//, "");
  const run: Run = {
    id: world.nextId(),
    repository: order.repository.id,
    number,
    attempt: 1,
    path,
    name: workflow.name ?? path,
    title: workflow.name ?? path,
    event: "workflow_dispatch",
    ref: `refs/heads/${branch}`,
    sha: order.repository.branches.get(branch) ?? "",
    actor: order.actor,
    inputs,
    createdAt: now,
    updatedAt: now,
    startedAt: null,
    status: "queued",
    conclusion: null,
    log: [],
    summaries: [],
    outputs: {},
  };
  const named = workflow["run-name"];
  return named ? { ...run, title: interpolate(named, contextOf(world, run)) } : run;
};

export const makeRuns = (parts: Parts): Runs => {
  const { world } = parts;
  const groups = makeGroups();
  const live = new Map<number, Live>();
  const cancel = (run: Run): void => {
    if (run.status === "completed") throw new Refusal(409, "Cannot cancel a workflow run that is completed.");
    live.get(run.id)?.stop.abort();
  };
  const begin = (run: Run, workflow: Workflow): void => {
    const stop = new AbortController();
    const done = carryOut({ ...parts, groups, run, workflow, stop, cancel });
    live.set(run.id, { stop, done });
    inBackground(world, done);
  };
  return {
    cancel,
    dispatch: (order) => {
      const { path, text } = fileOf(world, order);
      const workflow = parseWorkflow(text, path);
      if (workflow.on.workflow_dispatch === undefined)
        throw unprocessable("Workflow does not have 'workflow_dispatch' trigger");
      const { values, refused } = inputValues(workflow.on.workflow_dispatch?.inputs ?? {}, order.inputs);
      if (refused.length > 0) throw unprocessable(refused.join("; "));
      const run = newRun(world, order, { path, workflow }, values);
      world.state.runs.push(run);
      tell(world, run, "requested");
      begin(run, workflow);
      return run;
    },
    finished: async (run) => {
      await live.get(run.id)?.done;
      return run;
    },
  };
};

type Work = Parts & {
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

const runPlanned = async (
  work: Work,
  planned: PlannedJob,
  done: ReadonlyMap<string, JobResult>,
): Promise<JobResult> => {
  if (!work.options) throw new Error("the double has no runner; give it `runner` options");
  const needs = Object.fromEntries(
    [...done].filter(([id]) => planned.needs.some((name) => id === name || id.startsWith(`${name} / `))),
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

const carryOut = async (work: Work): Promise<void> => {
  const { world, run, workflow, options } = work;
  // A run never starts within the request that asked for it.
  await new Promise(setImmediate);
  const results = new Map<string, JobResult>();
  try {
    if (!options) throw new Error("the double has no runner; give it `runner` options");
    const planned = planJobs(world, options, run, workflow, contextOf(world, run));
    commitOf(world, run.sha);
    const turns = workflow.concurrency ? [turnOf(work, workflow.concurrency, contextOf(world, run))] : [];
    await inTurn(work, turns, async () => {
      run.status = "in_progress";
      run.startedAt = timestamp(world);
      tell(world, run, "in_progress");
      for (const one of planned) results.set(one.id, await runPlanned(work, one, results));
    });
  } catch (error) {
    const sentence = error instanceof Error ? error.message : String(error);
    world.problems.push(`run ${run.id}: ${sentence}`);
    run.log.push(`Error: ${sentence}`);
    return complete(work, "startup_failure");
  }
  const all = [...results.values()].map(({ result }) => result);
  if (all.length === 0 || all.includes("cancelled")) return complete(work, "cancelled");
  complete(work, all.includes("failure") ? "failure" : "success");
};
