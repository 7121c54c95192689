/** Every refusal and answer that a command, the API or a runner may get. One function each, so that all words stand together. */
import { type Answer, answer } from "../answer.ts";
import { COMMANDS, type Command, type CommandWord } from "../commands.ts";
import type { ConfigError } from "../config/types.ts";
import type { Leave } from "../policy.ts";
import type { OperationKind } from "../vocabulary.ts";
import { COMMENT_LIMIT, cap } from "./cap.ts";
import { inert } from "./escape.ts";
import { reasonList } from "./gates.ts";
import { count, shortId } from "./words.ts";

const NEW_COMMENT = "Write the command in a new comment.";

/** The hidden first line of an answer; `key` names what is answered, so that an answer is given once. */
export function answerMarker(key: string): string {
  return `<!-- belay:answer=${key} -->`;
}

export function renderAnswer({ sentences, list, remedy }: Answer, key: string): string {
  const parts = [
    answerMarker(key),
    ...sentences.map((sentence, at) => (at === 0 ? `**${inert(sentence)}**` : inert(sentence))),
    list === undefined ? "" : reasonList(list),
    remedy === null ? "" : `Next: ${inert(remedy)}`,
  ];
  return cap(parts.filter((part) => part !== "").join("\n\n"), COMMENT_LIMIT);
}

/** The same answer for a program: one line. */
export function answerLine({ sentences, remedy }: Answer): string {
  return [...sentences, remedy ?? ""].filter((part) => part !== "").join(" ");
}

/** A second press of the same button cannot be told from a repeated delivery of the first: it gets no answer. */
export const ofButton = (refusal: Answer): Answer => ({
  ...refusal,
  sentences: [
    ...refusal.sentences,
    "The same button does nothing more for you until its check is judged again; a comment with the command does.",
  ],
});

export const edited = (): Answer =>
  answer("comment_edited", "Nothing was started: the comment was edited after it was written.", NEW_COMMENT);

export const severalCommands = (): Answer =>
  answer(
    "several_commands",
    "Nothing was started: the comment holds several commands, and each of them needs the environment for itself.",
    "Write one command in a new comment, and the next one when it is done.",
  );

const TAKES: Readonly<Partial<Record<CommandWord, string>>> = {
  promote: "takes only a commit (7 to 40 hexadecimal digits)",
  approve: "takes only a release (12 digits or more, as the plan shows it) or the word `rollback`",
  drift: "takes only `--full`",
  baseline: "takes only `accept` and the 12 digits that a comparison ends with",
  veto: "takes a package with its version and a reason, and `lift` before them takes the veto back",
};

export function misunderstood(
  command: Extract<Command, { kind: "unknown" | "not_available" | "bad_argument" }>,
): Answer {
  if (command.kind === "not_available") {
    const remedy = `Comment \`/help\` to see what this version can do.`;
    return answer("command_not_available", `\`/${command.word}\` is not available yet.`, remedy);
  }
  if (command.kind === "bad_argument") {
    const takes = TAKES[command.word] ?? "takes nothing after it";
    const said = `/${command.word} ${command.argument}`.trim();
    const sentence = `\`${said}\` was not understood: \`/${command.word}\` ${takes}.`;
    const right = command.word === "veto" ? "/veto discovery@1.5.0 why" : `/${command.word}`;
    return answer("command_argument", sentence, `Comment \`${right}\` alone on a line.`);
  }
  const meant = command.suggestion === null ? "" : ` Did you mean \`/${command.suggestion}\`?`;
  const known = COMMANDS.map((word) => `\`/${word}\``).join(", ");
  return answer(
    "command_unknown",
    `\`/${command.word}\` is no command of Belay.${meant}`,
    `Comment \`/help\`, or one of ${known}.`,
  );
}

export const noConfig = (branch: string): Answer =>
  answer(
    "config_missing",
    `Nothing was started: there is no \`.github/belay.yml\` on \`${branch}\`.`,
    `Add \`.github/belay.yml\` to \`${branch}\`; Belay's docs/configuration.md shows an example.`,
  );

export function badConfig(errors: readonly ConfigError[], branch: string): Answer {
  return {
    code: "config_invalid",
    sentences: [
      `Nothing was started: \`.github/belay.yml\` on \`${branch}\` has ${count(errors.length, "error")}.`,
    ],
    remedy: `Correct ${errors.length === 1 ? "it" : "them"} on \`${branch}\`, then comment the command again.`,
    list: errors.map((error) => ({
      sentence:
        `line ${error.line}${error.path === "" ? "" : ` (\`${error.path}\`)`}: ${error.message} ${error.remedy}`.trim(),
    })),
  };
}

/** The pull request's branches are no environment pair; the configuration says why. */
export const notAnEnvironment = (pair: {
  readonly reason: string;
  readonly message: string;
  readonly remedy: string;
}): Answer => answer(`pull_request_${pair.reason}`, `Nothing was started: ${pair.message}`, pair.remedy);

export const fork = (): Answer =>
  answer(
    "pull_request_fork",
    "Nothing was started: the pull request comes from a fork, and forks are never promoted.",
    "Open the environment pull request from a branch of this repository.",
  );

export const closed = (state: "closed" | "merged", word: CommandWord): Answer =>
  answer(
    "pull_request_closed",
    `Nothing was started: the pull request is ${state}, and \`/${word}\` needs an open one.`,
    state === "merged"
      ? "Open a new environment pull request. `/rollback` and `/status` still work here."
      : "Reopen it, or open a new environment pull request. `/rollback` and `/status` still work here.",
  );

/** Why somebody may not give a command: the permission, the team, that GitHub did not tell of the team, or a bot that is not named for it. */
export function notAllowed(word: CommandWord, leave: Exclude<Leave, { ok: true }>): Answer {
  if (leave.why === "permission") {
    return answer(
      "permission_missing",
      `Nothing was started: \`/${word}\` needs ${leave.needed} permission in this repository, and you have ${leave.has}.`,
      "Ask somebody with that permission to comment it. `/help` and `/status` are for everybody.",
    );
  }
  if (leave.why === "bot") {
    return answer(
      "bot_not_listed",
      `Nothing was started: the policy does not name \`${leave.bot}\` among the bots that may give \`/${word}\`.`,
      word === "approve"
        ? "An approval is a person's: ask somebody to comment it."
        : `A person comments it, or whoever keeps the policy adds \`bots: [${leave.bot}]\` to \`${word}\` there.`,
    );
  }
  const teams = leave.teams.map((team) => `\`${team}\``).join(" or ");
  if (leave.unknown) {
    return answer(
      "team_unknown",
      `Nothing was started: \`/${word}\` is for the team ${teams}, and GitHub did not tell Belay whether you are in it.`,
      "Let the App's installation read members (*Members: read*), then comment the command again.",
    );
  }
  return answer(
    "team_missing",
    `Nothing was started: \`/${word}\` is for the team ${teams}, and you are not in it.`,
    "Ask somebody of that team to comment it. `/help` and `/status` are for everybody.",
  );
}

export const headMoved = (word: CommandWord, seen: string, now: string): Answer =>
  answer(
    "head_moved",
    `Nothing was started: the branch moved from \`${shortId(seen)}\` to \`${shortId(now)}\` around the time of your comment.`,
    word === "promote"
      ? `Look at \`${shortId(now)}\`, then comment \`/promote ${shortId(now)}\`.`
      : `Look at \`${shortId(now)}\`, then comment \`/${word}\` again.`,
  );

export const headUnseen = (word: CommandWord, now: string): Answer =>
  answer(
    "head_unseen",
    "Nothing was started: GitHub had not told Belay of this commit before your comment, so it cannot know what you saw.",
    word === "promote"
      ? `Look at \`${shortId(now)}\`, then comment \`/promote ${shortId(now)}\`.`
      : `Comment \`/${word}\` again.`,
  );

export const otherSha = (given: string, now: string): Answer =>
  answer(
    "head_other",
    `Nothing was started: you named \`${given}\`, but the pull request is at \`${shortId(now)}\`.`,
    `Look at \`${shortId(now)}\`, then comment \`/promote ${shortId(now)}\`.`,
  );

export interface HolderWords {
  readonly environment: string;
  readonly kind: OperationKind;
  readonly pull_request: number | null;
  readonly by: string;
  readonly since: string;
  readonly unknown: boolean;
}

export const locked = (holder: HolderWords): Answer =>
  answer(
    "environment_locked",
    `Nothing was started: ${holder.environment} is held by \`/${holder.kind}\`${holder.pull_request === null ? "" : ` of pull request ${holder.pull_request}`}, asked for by \`${holder.by}\`, since ${holder.since}.`,
    holder.unknown
      ? "How that operation ended is unknown, so the lock stays until its host was looked at; `/unlock` has that done now, `/status` shows what is known."
      : "Wait until it is done (its comment shows how far it is), then comment the command again.",
  );

export const waitsAlready = (target: string): Answer =>
  answer(
    "environment_locked",
    `Nothing was started: this pull request's promotion to ${target} waits in the queue already, and begins by itself.`,
    "Its comment shows its place; `/cancel` takes it out of the queue.",
  );

export const environmentFailed = (environment: string, remedy: "/refresh" | "/rollback"): Answer =>
  answer(
    "environment_failed",
    `Nothing was started: ${environment} was left in a failed state by the operation before.`,
    `Comment \`${remedy}\` to bring it back.`,
  );

export const noPackages = (word: CommandWord): Answer =>
  answer(
    "packages_none",
    `Nothing was started: \`/${word}\` is about configuration packages, and this pull request has none that Belay knows of.`,
    "Add `.github/belay-packages.yml` to the default branch; Belay's docs/packages.md shows an example.",
  );

export const nothingToRollBack = (target: string): Answer =>
  answer(
    "rollback_nothing",
    `Nothing was started: no promotion to ${target} has succeeded that a rollback could take back.`,
    "`/status` shows what happened so far.",
  );

export const noPullRequest = (source: string, target: string): Answer =>
  answer(
    "pull_request_none",
    `Nothing was started: there is no open pull request from ${source}'s branch to ${target}'s.`,
    `Open one, then ask again or comment \`/promote\` on it.`,
  );

export const noPair = (source: string, target: string): Answer =>
  answer(
    "path_no_step",
    `Nothing was started: ${source} to ${target} is no step of the site's path.`,
    "Name two environments that follow each other in `path` of `.github/belay.yml`.",
  );

export const noTarget = (name: string): Answer =>
  answer(
    "backup_no_target",
    `Nothing was started: ${name} is the first of the site's path, and backups are taken of what is promoted to.`,
    `\`/refresh\` takes a backup of ${name} by itself, before it changes anything.`,
  );

export const noBots = (login: string): Answer =>
  answer(
    "permission_missing",
    `Nothing was started: the run was started by \`${login}\`, and only people may promote.`,
    "Start the workflow yourself, or comment `/promote` on the environment pull request.",
  );

export const keyReused = (): Answer =>
  answer(
    "idempotency_key_reused",
    "Nothing was started: this `Idempotency-Key` has been used for another request.",
    "Send a new key with every new request, and the same one only to repeat a request whose answer was lost.",
  );

/** What `/cancel` came to. */
export const cancelled = {
  ended: (kind: OperationKind): Answer =>
    answer("cancelled", `The ${kind} was stopped before it changed anything.`, `\`/${kind}\` begins again.`),
  asked: (kind: OperationKind): Answer =>
    answer("cancel_asked", `The ${kind} stops as soon as the job that is at work now has ended.`, null),
  beforeSwitch: (): Answer =>
    answer(
      "cancel_asked",
      "The promotion stops before its switch, unless it comes to it first.",
      "Its comment tells how it ends; `/rollback` takes a promotion back.",
    ),
  tooLate: (kind: OperationKind): Answer =>
    answer(
      "cancel_too_late",
      `The ${kind} was not stopped: its last job is at work, and stopping it half-way would help nobody.`,
      kind === "promote" ? "Wait for its end; `/rollback` takes a promotion back." : "Wait for its end.",
    ),
  unknown: (kind: OperationKind): Answer =>
    answer(
      "cancel_unknown",
      `The ${kind} was not stopped: nobody knows how it ended, so its lock stays.`,
      "`/unlock` has its host looked at now; `/status` shows what is known.",
    ),
  nothing: (): Answer =>
    answer(
      "cancel_nothing",
      "There is nothing to stop: no operation of this pull request is under way.",
      null,
    ),
  over: (message: string): Answer => answer("job_over", message, null),
} as const;

export const notFound = (what: string): Answer => answer("not_found", `There is no such ${what}.`, null);
