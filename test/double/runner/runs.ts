/** Workflow runs: dispatched, queued by concurrency group, run, cancelled; each change told by webhook. */

import { notFound, Refusal, unprocessable } from "../github/errors.ts";
import type { Repository, Run } from "../github/state.ts";
import { inBackground, resolveRef, timestamp, type World } from "../github/world.ts";
import { workflowId } from "../views/run.ts";
import { carryOut, contextOf, type Parts, tell } from "./carry-out.ts";
import { makeGroups } from "./concurrency.ts";
import { interpolate } from "./expressions.ts";
import { inputValues, parseWorkflow, type Workflow } from "./workflow.ts";

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

type Live = { readonly stop: AbortController; readonly done: Promise<void> };

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
