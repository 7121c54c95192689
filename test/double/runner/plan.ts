/** From a workflow file to the jobs that will run: called workflows followed (one level), permissions and inputs settled. */

import { readFileSync } from "node:fs";
import { join } from "node:path";
import { Refusal } from "../github/errors.ts";
import type { Level, Repository, Run } from "../github/state.ts";
import { commitOf, fullName, repositoryOf, type World } from "../github/world.ts";
import { type Context, interpolate } from "./expressions.ts";
import { isBelay, type RunnerOptions } from "./options.ts";
import {
  type Concurrency,
  inputValues,
  type Job,
  parseWorkflow,
  type Workflow,
  type WorkflowPermissions,
} from "./workflow.ts";

export type PlannedJob = {
  readonly id: string;
  readonly job: Job;
  readonly inputs: Readonly<Record<string, string>>;
  readonly env: Readonly<Record<string, string>>;
  readonly permissions: Readonly<Record<string, Level>>;
  /** Which secrets the job may see; a called workflow sees those that its caller hands on. */
  readonly secrets: "inherit" | Readonly<Record<string, string>>;
  readonly concurrency: readonly Concurrency[];
  readonly needs: readonly string[];
  readonly workflowRef: string;
};

const SCOPES = [
  "actions",
  "checks",
  "contents",
  "deployments",
  "id-token",
  "issues",
  "packages",
  "pull-requests",
  "statuses",
];

/** The default of repositories made since 2023. */
const DEFAULT_PERMISSIONS = { contents: "read", packages: "read" } as const;

const granted = (permissions: WorkflowPermissions): Readonly<Record<string, Level>> => {
  if (typeof permissions === "string") {
    return Object.fromEntries(SCOPES.map((scope) => [scope, permissions === "write-all" ? "write" : "read"]));
  }
  return Object.fromEntries(
    Object.entries(permissions).filter((entry): entry is [string, Level] => entry[1] !== "none"),
  );
};

/** A called workflow may only have what its caller has; more makes GitHub refuse to start. */
const refuseMore = (
  wanted: Readonly<Record<string, Level>>,
  caller: Readonly<Record<string, Level>>,
): void => {
  for (const [scope, level] of Object.entries(wanted)) {
    if (caller[scope] === level || caller[scope] === "write") continue;
    throw new Refusal(
      422,
      `the called workflow asks for ${scope}: ${level}, but its caller is only allowed ${scope}: ${caller[scope] ?? "none"}`,
    );
  }
};

const fullRef = (ref: string): string => {
  if (/^[0-9a-f]{40}$/.test(ref) || ref.startsWith("refs/")) return ref;
  return `refs/${ref === "main" || ref === "master" ? "heads" : "tags"}/${ref}`;
};

/** The file that `uses:` names, and how GitHub names that file in a token. */
const calledFile = (
  world: World,
  options: RunnerOptions,
  run: Run,
  uses: string,
): { readonly text: string; readonly ref: string } => {
  const repository: Repository = repositoryOf(world, run.repository);
  const local = /^\.\/(\.github\/workflows\/[^/]+)$/.exec(uses)?.[1];
  if (local) {
    const text = commitOf(world, run.sha).files.get(local);
    if (text === undefined) throw new Error(`${uses} is not in the repository`);
    return { text, ref: `${fullName(repository)}/${local}@${run.ref}` };
  }
  const [, owner = "", path = "", ref = ""] =
    /^([^/]+\/[^/]+)\/(\.github\/workflows\/[^/@]+)@(.+)$/.exec(uses) ?? [];
  if (!isBelay(options, owner)) throw new Error(`the double knows no workflow ${uses}`);
  return { text: readFileSync(join(options.project, path), "utf8"), ref: `${owner}/${path}@${fullRef(ref)}` };
};

type Caller = {
  readonly workflow: Workflow;
  readonly id: string;
  readonly job: Job;
  readonly context: Context;
};

const follow = (world: World, options: RunnerOptions, run: Run, caller: Caller): readonly PlannedJob[] => {
  const { job, context } = caller;
  const allowed = granted(job.permissions ?? caller.workflow.permissions ?? DEFAULT_PERMISSIONS);
  const file = calledFile(world, options, run, job.uses ?? "");
  const called = parseWorkflow(file.text, job.uses ?? "");
  if (called.on.workflow_call === undefined)
    throw new Error(`${job.uses} cannot be called: it has no on: workflow_call`);
  const given = Object.fromEntries(
    Object.entries(job.with).map(([name, text]) => [name, interpolate(text, context)]),
  );
  const { values, refused } = inputValues(called.on.workflow_call?.inputs ?? {}, given);
  if (refused.length > 0) throw new Error(`${job.uses}: ${refused.join("; ")}`);
  return Object.entries(called.jobs).map(([id, inner]) => {
    if (inner.uses) throw new Error(`${job.uses} calls ${inner.uses}; the double follows one level only`);
    const wanted = inner.permissions ?? called.permissions;
    const permissions = wanted === undefined ? allowed : granted(wanted);
    refuseMore(permissions, allowed);
    return {
      id: `${caller.id} / ${id}`,
      job: inner,
      inputs: values,
      env: called.env,
      permissions,
      secrets: job.secrets ?? {},
      concurrency: [job.concurrency, called.concurrency, inner.concurrency].filter(
        (one) => one !== undefined,
      ),
      needs: [...inner.needs.map((name) => `${caller.id} / ${name}`), ...job.needs],
      workflowRef: file.ref,
    };
  });
};

/** The jobs of a run in the order of the file. Throws where GitHub would refuse to start it. */
export const planJobs = (
  world: World,
  options: RunnerOptions,
  run: Run,
  workflow: Workflow,
  context: Context,
): readonly PlannedJob[] =>
  Object.entries(workflow.jobs).flatMap(([id, job]) => {
    if (job.uses) return follow(world, options, run, { workflow, id, job, context });
    const own: PlannedJob = {
      id,
      job,
      inputs: run.inputs,
      env: workflow.env,
      permissions: granted(job.permissions ?? workflow.permissions ?? DEFAULT_PERMISSIONS),
      secrets: "inherit",
      concurrency: job.concurrency ? [job.concurrency] : [],
      needs: job.needs,
      workflowRef: `${fullName(repositoryOf(world, run.repository))}/${run.path}@${run.ref}`,
    };
    return [own];
  });
