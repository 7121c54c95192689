/** One job's machine: its folders, its environment, its log. */

import { randomBytes } from "node:crypto";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import type { Repository, Run } from "../github/state.ts";
import { accountOf, fullName, repositoryOf, type World } from "../github/world.ts";
import { mask, readAssignments, readLine } from "./commands.ts";
import { endOrphans } from "./orphans.ts";

export type Machine = {
  readonly root: string;
  readonly workspace: string;
  readonly temp: string;
  /** Added to by `GITHUB_ENV` and `GITHUB_PATH`. */
  readonly env: Record<string, string>;
  readonly path: string[];
  readonly secrets: Set<string>;
  /** Writes a line of a step's output to the run's log, obeying workflow commands and masking secrets. */
  readonly print: (line: string) => void;
  readonly remove: () => void;
};

/** A machine with empty folders. `secrets` are masked from the start. */
export const makeMachine = (run: Run, secrets: readonly string[]): Machine => {
  const root = mkdtempSync(join(tmpdir(), "github-runner-"));
  const folders = { workspace: join(root, "work"), temp: join(root, "temp") };
  for (const folder of [...Object.values(folders), join(root, "home"), join(root, "tools")])
    mkdirSync(folder);
  const masked = new Set(secrets.filter((one) => one !== ""));
  const print = (text: string): void => {
    const line = readLine(text);
    if (line.mask !== undefined) masked.add(line.mask);
    else if (line.level !== "debug") run.log.push(mask(line.text, masked));
  };
  return {
    root,
    ...folders,
    env: {},
    path: [],
    secrets: masked,
    print,
    remove: () => {
      endOrphans(root);
      rmSync(root, { recursive: true, force: true, maxRetries: 5 });
    },
  };
};

/** Writes a commit's files into a folder. */
export const checkOut = (files: ReadonlyMap<string, string>, folder: string): void => {
  for (const [path, content] of files) {
    const target = join(folder, path);
    mkdirSync(dirname(target), { recursive: true });
    writeFileSync(target, content);
  }
};

const FILES = ["ENV", "OUTPUT", "PATH", "STATE", "STEP_SUMMARY"] as const;

/** The files by which one step speaks to the runner, and what it said. */
export type StepFiles = {
  readonly env: Readonly<Record<string, string>>;
  /** Takes over variables and paths, adds the summary to the run; gives outputs and state. */
  readonly read: (run: Run) => {
    readonly outputs: Readonly<Record<string, string>>;
    readonly state: Readonly<Record<string, string>>;
  };
};

export const stepFiles = (machine: Machine): StepFiles => {
  const folder = join(machine.temp, "_runner_file_commands");
  mkdirSync(folder, { recursive: true });
  const id = randomBytes(8).toString("hex");
  const file = (name: string): string => join(folder, `${name.toLowerCase()}_${id}`);
  for (const name of FILES) writeFileSync(file(name), "");
  return {
    env: Object.fromEntries(FILES.map((name) => [`GITHUB_${name}`, file(name)])),
    read: (run) => {
      const text = (name: (typeof FILES)[number]): string => readFileSync(file(name), "utf8");
      Object.assign(machine.env, readAssignments(text("ENV")));
      machine.path.unshift(...text("PATH").split("\n").filter(Boolean).reverse());
      if (text("STEP_SUMMARY").trim() !== "") run.summaries.push(mask(text("STEP_SUMMARY"), machine.secrets));
      return { outputs: readAssignments(text("OUTPUT")), state: readAssignments(text("STATE")) };
    },
  };
};

/** The `github` context, without the token. */
export const githubContext = (world: World, run: Run, job: string): Readonly<Record<string, unknown>> => {
  const repository: Repository = repositoryOf(world, run.repository);
  return {
    repository: fullName(repository),
    repository_id: String(repository.id),
    repository_owner: repository.owner,
    repository_owner_id: String(accountOf(world, repository.owner).id),
    ref: run.ref,
    ref_name: run.ref.replace("refs/heads/", ""),
    ref_type: "branch",
    sha: run.sha,
    run_id: String(run.id),
    run_number: String(run.number),
    run_attempt: String(run.attempt),
    actor: run.actor,
    actor_id: String(accountOf(world, run.actor).id),
    triggering_actor: run.actor,
    event_name: run.event,
    event: { inputs: run.inputs, ref: run.ref },
    head_ref: "",
    base_ref: "",
    workflow: run.name,
    workflow_ref: `${fullName(repository)}/${run.path}@${run.ref}`,
    workflow_sha: run.sha,
    job,
    server_url: world.url,
    api_url: `${world.url}/api/v3`,
    graphql_url: `${world.url}/api/graphql`,
  };
};

/** The variables that every step of a job on a real runner has. */
export const runnerEnvironment = (
  machine: Machine,
  github: Readonly<Record<string, unknown>>,
  given: Readonly<Record<string, string>> | undefined,
): Readonly<Record<string, string>> => {
  const plain = Object.entries(github).filter(
    (entry): entry is [string, string] => typeof entry[1] === "string",
  );
  const event = join(machine.temp, "event.json");
  writeFileSync(event, JSON.stringify(github.event ?? {}));
  const outside = given ?? { PATH: process.env.PATH ?? "" };
  return {
    ...outside,
    PATH: [...machine.path, outside.PATH ?? ""].join(":"),
    LANG: outside.LANG ?? "C.UTF-8",
    HOME: join(machine.root, "home"),
    CI: "true",
    GITHUB_ACTIONS: "true",
    ...Object.fromEntries(plain.map(([name, value]) => [`GITHUB_${name.toUpperCase()}`, value])),
    GITHUB_EVENT_PATH: event,
    GITHUB_WORKSPACE: machine.workspace,
    GITHUB_REF_PROTECTED: "false",
    GITHUB_RETENTION_DAYS: "90",
    RUNNER_OS: "Linux",
    RUNNER_ARCH: "X64",
    RUNNER_NAME: "GitHub Actions 1",
    RUNNER_ENVIRONMENT: "github-hosted",
    RUNNER_TEMP: machine.temp,
    RUNNER_TOOL_CACHE: join(machine.root, "tools"),
    RUNNER_WORKSPACE: machine.root,
    ...machine.env,
  };
};
