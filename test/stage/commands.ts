/** Somebody comments a command on the pull request, and waits until the bot's own comment says how it ended. */
import { setTimeout as sleep } from "node:timers/promises";
import type { Double } from "../double/double.ts";
import type { Comment, PullRequest } from "../double/github/state.ts";

/** The words with which the bot's one comment of an operation ends. */
const ENDINGS = ["blocked", "done", "rolled back", "failed", "stopped", "unknown"] as const;
export type Ending = (typeof ENDINGS)[number];
export type Told = {
  readonly ending: Ending | "answered";
  readonly comment: Comment;
  readonly sentences: readonly string[];
};
export type Talk = { readonly double: Double; readonly pull: PullRequest; readonly login: string };

/** How the bot's comment of an operation begins; other comments answer one command, or tell again that an operation ended badly. */
const OPERATION = "<!-- belay:operation=";
const PATIENCE_MS = 10 * 60_000;

export async function command({ double, pull, login }: Talk, text: string): Promise<Told> {
  const known = new Set(double.comments(pull).map((comment) => comment.id));
  const { id } = await double.as(login).comment(pull, text);
  const until = Date.now() + PATIENCE_MS;
  while (Date.now() < until) {
    const answer = double
      .comments(pull)
      .filter((comment) => comment.app === double.app.id && !known.has(comment.id))
      .find(({ body }) => body.startsWith(OPERATION) || body.startsWith(`<!-- belay:answer=comment:${id} `));
    const ending = answer === undefined ? undefined : endingOf(answer.body);
    if (answer !== undefined && ending !== undefined) {
      await runsAreOver({ double, pull });
      return { ending, comment: answer, sentences: sentencesOf(answer.body) };
    }
    await sleep(50);
  }
  throw new Error(
    `${text} did not end within ${PATIENCE_MS / 60_000} minutes; the bot's comment: ${double.comments(pull).at(-1)?.body}`,
  );
}

/** A second person says yes to the newest plan. GitHub's clock counts seconds: a yes of the plan's own second is refused. */
export async function approve(talk: Omit<Talk, "login">): Promise<Told> {
  await sleep(1_100);
  return command({ ...talk, login: "reviewer" }, "/approve");
}

/** A run lives a moment longer than its last report. */
async function runsAreOver({ double, pull }: Omit<Talk, "login">): Promise<void> {
  const own = double.state.runs.filter((run) => run.repository === pull.repository);
  await Promise.all(own.map((run) => double.runs.finished(run)));
}

function endingOf(body: string): Told["ending"] | undefined {
  if (!body.startsWith(OPERATION)) return "answered";
  const word = /^### .*: ([a-z ,]+)$/m.exec(body)?.[1];
  return ENDINGS.find((ending) => ending === word);
}

/** The headline, and what is in bold or asks for something, without Markdown. */
function sentencesOf(body: string): readonly string[] {
  return body
    .split("\n")
    .filter((line) =>
      /^(### |\*\*|Next:|Switch:|Health|Changed |What was changed|- (✅|❌|.*(added|changed|removed)))/.test(
        line,
      ),
    )
    .map((line) => line.replace(/^### /, "").replaceAll(/\*\*|\\(?=[^\w\s])/g, ""));
}

/** The checks of a commit by gate: `drift` -> `success`. */
export function checksOf(double: Double, sha: string, target: string): Readonly<Record<string, string>> {
  const prefix = `belay / ${target} / `;
  const own = double.checks(sha).filter((check) => check.name.startsWith(prefix));
  return Object.fromEntries(
    own.map((check) => [check.name.slice(prefix.length), check.conclusion ?? check.status]),
  );
}
