/** Carries out the steps that the double knows: checkout, Belay's own action, shell commands. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { Repository, Run } from "../github/state.ts";
import { resolveRef, type World } from "../github/world.ts";
import { type Context, interpolate } from "./expressions.ts";
import { checkOut, type Machine, runnerEnvironment, type StepFiles, stepFiles } from "./machine.ts";
import { GRACE, isBelay, type RunnerOptions } from "./options.ts";
import { runProcess } from "./process.ts";
import { parseAction, type Step } from "./workflow.ts";

/** What a step may use of the job it belongs to. */
export type JobRoom = {
  readonly world: World;
  readonly options: RunnerOptions;
  readonly run: Run;
  readonly repository: Repository;
  readonly machine: Machine;
  readonly github: Readonly<Record<string, unknown>>;
  /** The request variables for OIDC tokens; empty without `id-token: write`. */
  readonly oidc: Readonly<Record<string, string>>;
  /** Records a state of the deployment that the job makes by itself, if it makes one. */
  readonly deployed: (state: string) => void;
  readonly stop: AbortSignal;
  /** Post steps, last first. */
  readonly after: (() => Promise<number>)[];
};

export type StepResult = { readonly code: number; readonly outputs: Readonly<Record<string, string>> };

type Texts = Readonly<Record<string, string>>;

const interpolated = (values: Texts, context: Context): Texts =>
  Object.fromEntries(Object.entries(values).map(([name, text]) => [name, interpolate(text, context)]));

const start = async (room: JobRoom, command: readonly [string, ...string[]], env: Texts): Promise<number> =>
  runProcess({
    command,
    cwd: room.machine.workspace,
    env: { ...runnerEnvironment(room.machine, room.github, room.options.env), ...env },
    line: room.machine.print,
    stop: room.stop,
    grace: room.options.grace ?? GRACE,
  });

const checkout = (room: JobRoom, given: Texts): number => {
  const unknown = Object.keys(given).filter(
    (name) => !["ref", "path", "persist-credentials", "fetch-depth"].includes(name),
  );
  if (unknown.length > 0) throw new Error(`the double's checkout knows no ${unknown.join(", ")}`);
  const commit = resolveRef(room.world, room.repository, given.ref || room.run.sha);
  if (!commit) throw new Error(`nothing to check out at ${given.ref}`);
  checkOut(commit.files, join(room.machine.workspace, given.path ?? ""));
  room.machine.print(`Checked out ${commit.sha}`);
  return 0;
};

/** `INPUT_*` for every input that the action declares; names in capitals, blanks as underscores, dashes kept. */
const inputVariables = (
  declared: Readonly<Record<string, { readonly default?: string | undefined }>>,
  given: Texts,
  context: Context,
): Texts =>
  Object.fromEntries(
    [...new Set([...Object.keys(declared), ...Object.keys(given)])].map((name) => [
      `INPUT_${name.replaceAll(" ", "_").toUpperCase()}`,
      given[name] ?? interpolate(declared[name]?.default ?? "", context),
    ]),
  );

const belay = async (room: JobRoom, given: Texts, context: Context, env: Texts): Promise<StepResult> => {
  const action = parseAction(readFileSync(join(room.options.project, "action.yml"), "utf8"));
  const unexpected = Object.keys(given).filter((name) => !(name in action.inputs));
  for (const name of unexpected)
    room.world.problems.push(`Unexpected input '${name}' for the action; action.yml does not declare it`);
  const inputs = inputVariables(action.inputs, given, context);
  const files: StepFiles = stepFiles(room.machine);
  const own = { ...env, ...inputs, ...files.env, ...room.oidc, GITHUB_ACTION: "__belay" };
  const code = await start(room, [room.options.node, join(room.options.project, action.runs.main)], own);
  const { outputs, state } = files.read(room.run);
  if (action.runs.post) {
    const saved = Object.fromEntries(Object.entries(state).map(([name, value]) => [`STATE_${name}`, value]));
    const program = join(room.options.project, action.runs.post);
    room.after.unshift(() => start(room, [room.options.node, program], { ...own, ...saved }));
  }
  return { code, outputs };
};

const shell = async (room: JobRoom, script: string, env: Texts): Promise<StepResult> => {
  const files = stepFiles(room.machine);
  const code = await start(room, ["bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", script], {
    ...env,
    ...files.env,
    ...room.oidc,
  });
  return { code, outputs: files.read(room.run).outputs };
};

/** Throws for a step that the double cannot carry out. */
export const runStep = async (
  room: JobRoom,
  step: Step,
  context: Context,
  jobEnv: Texts,
): Promise<StepResult> => {
  const env = { ...jobEnv, ...interpolated(step.env, context) };
  const given = interpolated(step.with, context);
  if (step.run !== undefined) return shell(room, interpolate(step.run, context), env);
  const name = (step.uses ?? "").split("@")[0] ?? "";
  if (name === "actions/checkout") return { code: checkout(room, given), outputs: {} };
  if (name === "./" || isBelay(room.options, name)) return belay(room, given, context, env);
  if (!room.options.ignoreActions?.includes(name))
    throw new Error(`the double cannot carry out "uses: ${step.uses}"`);
  room.machine.print(`${step.uses}: nothing to do in the double`);
  return { code: 0, outputs: {} };
};
