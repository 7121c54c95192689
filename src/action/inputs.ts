/** The inputs of the action, parsed once at the edge. action.yml describes the same names; a contract test compares them. */
import { z } from "zod";
import { ActionError } from "./error.ts";
import type { ValidateInputs } from "./packages/run.ts";

/** Name in action.yml -> what an empty value means. */
export const INPUT_NAMES = [
  "command",
  "job",
  "environment",
  "bot-url",
  "audience",
  "inventory",
  "known-hosts",
  "ssh-key",
  "restic-repository",
  "restic-password",
  "purge-keys",
  "job-file",
  "report-file",
  "base",
  "sarif-file",
] as const;
type InputName = (typeof INPUT_NAMES)[number];

/** How to reach the hosts: paths of files in the checked-out default branch, and the secrets of the GitHub environment. */
export type HostAccess = {
  readonly inventory: string;
  readonly knownHosts: string;
  readonly sshKey: string;
  readonly resticRepository: string;
  readonly resticPassword: string;
  /** Lines `NAME=value` for headers of purge requests. */
  readonly purgeKeys: string;
};
export type RunInputs = HostAccess & {
  readonly kind: "run";
  readonly job: string;
  readonly environment: string;
  readonly botUrl: string;
  readonly audience: string;
};
export type BeginInputs = Pick<RunInputs, "environment" | "botUrl" | "audience"> & { readonly kind: "begin" };
export type LocalInputs = HostAccess & {
  readonly kind: "local";
  readonly jobFile: string;
  readonly reportFile: string;
};

/**
 * Reads the inputs from the runner's environment (`INPUT_*`).
 * @throws ActionError INPUT_INVALID with every wrong input; LOCAL_JOB_REFUSED; RUN_ATTEMPT_REFUSED.
 */
export function readInputs(env: NodeJS.ProcessEnv): RunInputs | BeginInputs | LocalInputs | ValidateInputs {
  const get = (name: InputName) => (env[`INPUT_${name.toUpperCase()}`] ?? "").trim();
  if (get("command") === "validate") {
    const folder = env.GITHUB_WORKSPACE ?? ".";
    return {
      kind: "validate",
      folder,
      base: get("base"),
      reportFile: get("report-file"),
      sarifFile: get("sarif-file"),
    };
  }
  if (get("command") === "begin") {
    refuseSecondAttempt(env);
    const audience = get("audience") || "belay";
    return beginInputs({ kind: "begin", environment: get("environment"), botUrl: get("bot-url"), audience });
  }
  if (get("command") !== "run" && get("command") !== "") {
    throw new ActionError(
      "INPUT_INVALID",
      `The input \`command\` is \`${get("command")}\`, which this version does not know.`,
      "Set it to `run`, `begin` or `validate`, or leave it out.",
    );
  }
  const access: HostAccess = {
    inventory: get("inventory") || ".github/belay/inventory.yml",
    knownHosts: get("known-hosts") || ".github/belay/known_hosts",
    sshKey: env["INPUT_SSH-KEY"] ?? "",
    resticRepository: get("restic-repository"),
    resticPassword: env["INPUT_RESTIC-PASSWORD"] ?? "",
    purgeKeys: env["INPUT_PURGE-KEYS"] ?? "",
  };
  if (get("job-file") !== "")
    return localInputs(env, {
      ...access,
      kind: "local",
      jobFile: get("job-file"),
      reportFile: get("report-file"),
    });
  refuseSecondAttempt(env);
  return runInputs({
    ...access,
    kind: "run",
    job: get("job"),
    environment: get("environment"),
    botUrl: get("bot-url"),
    audience: get("audience") || "belay",
  });
}

function localInputs(env: NodeJS.ProcessEnv, inputs: LocalInputs): LocalInputs {
  if (env.GITHUB_ACTIONS === "true") {
    throw new ActionError(
      "LOCAL_JOB_REFUSED",
      "The input `job-file` names a local job; under GitHub Actions every job comes from the bot.",
      "Remove `job-file` from the workflow and comment `/promote` on the environment pull request.",
    );
  }
  return inputs;
}

/** A re-run would repeat a promotion that the bot has judged already: a retry is a new command with a new claim. */
function refuseSecondAttempt(env: NodeJS.ProcessEnv): void {
  const attempt = Number(env.GITHUB_RUN_ATTEMPT ?? "1");
  if (attempt === 1) return;
  throw new ActionError(
    "RUN_ATTEMPT_REFUSED",
    `This is attempt ${attempt} of the run; a promotion is never re-run.`,
    "Comment the command on the pull request again: it starts a new run.",
  );
}

const Complete = z.object({
  job: z.uuid(
    "the input `job` is not the id of a job: start this workflow by a command on an environment pull request, for example `/promote`",
  ),
  environment: z
    .string()
    .min(1, "the input `environment` is empty: pass the name of the GitHub environment on"),
  botUrl: z.url({
    protocol: /^https?$/,
    error: "the input `bot-url` is not a URL: write the bot's address into the workflow file",
  }),
  sshKey: z
    .string()
    .min(
      1,
      "the input `ssh-key` is empty: store the key as a secret of the GitHub environment and name that environment in the job",
    ),
});

const runInputs = (inputs: RunInputs): RunInputs => complete(Complete, inputs);
const beginInputs = (inputs: BeginInputs): BeginInputs =>
  complete(Complete.pick({ environment: true, botUrl: true }), inputs);

function complete<T extends { readonly botUrl: string }>(schema: z.ZodType, inputs: T): T {
  const parsed = schema.safeParse(inputs);
  if (parsed.success) return { ...inputs, botUrl: inputs.botUrl.replace(/\/+$/, "") };
  const problems = parsed.error.issues.map((issue) => issue.message);
  throw new ActionError("INPUT_INVALID", `The workflow's inputs are incomplete: ${problems.join("; ")}.`);
}
