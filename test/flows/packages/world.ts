/** The world of a story on packages: a bot as it runs, with a store of its own, on a double of GitHub that holds a repository of packages. */
import { packageId, sampleFiles, versionAt } from "../../../script/bench/packages/sample.ts";
import type { BotOptions } from "../../../src/bot.ts";
import type { Double } from "../../double/double.ts";
import { startDouble } from "../../double/double.ts";
import type { PullRequest } from "../../double/github/state.ts";
import type { RunnerOptions } from "../../double/runner/options.ts";
import { startTestBot } from "../../support/bot.ts";

/** Long enough for a busy machine; reached only when a test fails. */
const PATIENT = 110_000;
export const POINTERS = "_active/active_releases.json";
const PEOPLE = { ann: "write", bea: "maintain", carl: "read", dora: "admin" } as const;
export const SETTINGS = `version: 1
tags: true
sync:
  repository_dispatch: packages-activated
`;
/** The name of the first package of the sample, and its versions. */
export const FIRST = packageId(0);
export const [V1, V2, V3] = [versionAt(0), versionAt(1), versionAt(2)] as const;

export interface PackagesWorld {
  readonly double: Double;
  readonly lines: string[];
  readonly bot: { readonly url: string };
  /** A pull request that brings the third version of these packages. */
  propose(ids?: readonly string[], more?: Readonly<Record<string, string | null>>): Promise<PullRequest>;
  /** A comment, and the bot's answer to it or what `look` finds. */
  says(login: string, pull: PullRequest, body: string): Promise<void>;
  check(
    pull: PullRequest,
    name: string,
  ): { readonly conclusion: string | null; readonly title: string } | undefined;
  /** Stages, and has it approved by a review. */
  stages(pull: PullRequest): Promise<void>;
  /** Waits until a check of the head has this conclusion. */
  until(pull: PullRequest, name: string, conclusion: string): Promise<void>;
  titled(pull: PullRequest, name: string, title: string): Promise<void>;
  /** Waits for a comment of the bot with this text. */
  told(pull: PullRequest, text: string): Promise<string>;
  /** The pointer file of the default branch. */
  pointers(): Readonly<Record<string, string>>;
  /** A file of the default branch. */
  file(path: string): string | undefined;
  /** First lines of the default branch's commits that begin so, newest first. */
  commits(start: string): readonly string[];
  close(): Promise<void>;
}

export function versionFiles(ids: readonly string[], version: string): Record<string, string> {
  const all = [...sampleFiles({ packages: 3, versions: 3 })];
  return Object.fromEntries(
    all.filter(([path]) => ids.some((id) => path.startsWith(`document_types/${id}/releases/${version}/`))),
  );
}

export interface WorldOptions {
  readonly settings?: string;
  readonly policy?: string;
  /** Of the owner, and who is in them. */
  readonly teams?: Readonly<Record<string, readonly string[]>>;
  /** Null: the story starts its own. */
  readonly bot?: Partial<BotOptions> | null;
  readonly files?: Readonly<Record<string, string>>;
  /** For stories in which a workflow runs. */
  readonly runner?: RunnerOptions;
  /** In place of the sample's. */
  readonly packages?: Readonly<Record<string, string>>;
}

/** As people see it: signs that mean something in Markdown are escaped in sentences. */
const shown = (body: string): string => body.replace(/\\([!-/:-@[-`{-~])/g, "$1");

const NO_BOT = { url: "", stop: async () => undefined };

export async function openPackagesWorld(options: WorldOptions = {}): Promise<PackagesWorld> {
  const files = {
    ...(options.packages ?? Object.fromEntries(sampleFiles({ packages: 3, versions: 2 }))),
    ".github/belay-packages.yml": options.settings ?? SETTINGS,
    ...options.files,
  };
  const { runner } = options;
  const double = await startDouble({
    ...(runner && { runner }),
    repositories: [
      {
        name: "acme/docs",
        files,
        private: true,
        people: PEOPLE,
        ...(options.teams && { teams: options.teams }),
      },
      ...(options.policy === undefined
        ? []
        : [{ name: "acme/.github", files: { "belay-policy.yml": options.policy } }]),
    ],
  });
  const lines: string[] = [];
  const bot = options.bot === null ? NO_BOT : await startTestBot(double, { lines, ...options.bot });
  let branches = 0;
  const world: PackagesWorld = {
    double,
    lines,
    bot,
    propose: async (ids = [FIRST], more = {}) => {
      const head = `change-${++branches}`;
      await double.as("ann").push(head, { ...versionFiles(ids, V3), ...more });
      const title = "Add an optional field for compliance";
      return double.as("ann").openPullRequest({ head, base: "main", title });
    },
    says: async (login, pull, body) => {
      await double.as(login).comment(pull, body);
    },
    check: (pull, name) => {
      const found = double.checks(pull.headSha).find((one) => one.name === name);
      return found && { conclusion: found.conclusion, title: found.output.title ?? "" };
    },
    stages: async (pull) => {
      await world.until(pull, "belay / release", "action_required");
      await nextSecond();
      await world.says("ann", pull, "/stage");
      await world.until(pull, "belay / release", "success");
      await nextSecond();
      await double.as("bea").review(pull, "APPROVED");
    },
    until: async (pull, name, conclusion) => {
      await double.when(
        `${name}: ${conclusion}`,
        () => (world.check(pull, name)?.conclusion === conclusion ? true : undefined),
        PATIENT,
      );
    },
    titled: async (pull, name, title) => {
      await double.when(
        `${name}: ${title}`,
        () => (world.check(pull, name)?.title === title ? true : undefined),
        PATIENT,
      );
    },
    told: async (pull, text) => {
      const own = () =>
        double
          .comments(pull)
          .map(({ body }) => body)
          .filter((body) => body.startsWith("<!-- belay"));
      const look = () => own().findLast((body) => body.includes(text) || shown(body).includes(text));
      return double.when(`a comment with "${text}"`, look, PATIENT).catch((error: unknown) => {
        throw new Error(`${String(error)}; the bot's last comment: ${own().at(-1)}`);
      });
    },
    pointers: () => JSON.parse(world.file(POINTERS) ?? "{}"),
    file: (path) => {
      const sha = double.repository("acme/docs").branches.get("main") ?? "";
      return double.state.commits.get(sha)?.files.get(path);
    },
    commits: (start) => {
      const found: string[] = [];
      let sha = double.repository("acme/docs").branches.get("main");
      while (sha !== undefined) {
        const commit = double.state.commits.get(sha);
        if (commit?.message.startsWith(start)) found.push(commit.message.split("\n")[0] ?? "");
        sha = commit?.parents[0];
      }
      return found;
    },
    close: async () => {
      await bot.stop();
      await double.close();
    },
  };
  return world;
}

/** GitHub's times have whole seconds: what is said in the same second may have come before what was pushed or shown. */
const nextSecond = () => new Promise((resolve) => setTimeout(resolve, 1_000 - (Date.now() % 1_000) + 20));
