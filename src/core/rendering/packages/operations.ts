/** How operations on packages ended, what they move, and what is typed next. */
import type { Move, Told } from "../../packages/activation.ts";
import type { OperationKind } from "../../vocabulary.ts";
import { cell, code, inert } from "../escape.ts";
import { shortId } from "../words.ts";
import { shortName } from "./answers.ts";

const moved = (moves: readonly Move[]): string =>
  moves.map((one) => `\`${shortName(one)}\` ${one.from ?? "(none)"} → ${one.to}`).join(", ");

export const stagedSentence = (moves: readonly Move[], head_sha: string): string =>
  `Staged at \`${shortId(head_sha)}\`: ${moves.map((one) => `\`${shortName(one)}\` ${one.to}`).join(", ")}. A push un-stages.`;

export const activatedSentence = (moves: readonly Move[], commit: string): string =>
  `Active since commit \`${shortId(commit)}\`: ${moved(moves)}.`;

export const nothingFollowed = (): string =>
  "The settings of the packages could not be read after that, so no tag was made and the runtime was not told: where `.github/belay-packages.yml` asks for them, do both by hand.";

export const nothingRecorded = (why: string): string =>
  `What follows could not be written down, so the releases keep their old states, no tag was made and the runtime was not told. ${why}`;

export const stoppedSentence = (why: string): string =>
  `No pointer was moved: the branch had moved on, and judged anew it does not pass. ${why}`;

export const movedTooOften = (rounds: number): string =>
  `No pointer was moved: the branch moved on ${rounds} times while it was tried.`;

export const notJudgedAnew = (why: string): string =>
  `No pointer was moved: the branch had moved on, and it could not be judged anew. ${why} Comment the command again when that is mended.`;

export const perhapsMoved = (why: string): string =>
  `Whether a pointer was moved cannot be told: an earlier attempt may have got no answer, and GitHub lets nobody look. ${why} Look at the branch before you comment the command again.`;

/** What GitHub refused is said in its words; of a fault of Belay's own only the log tells. */
export const faultSentence = (error: unknown): string =>
  error instanceof Error && "retry" in error
    ? error.message
    : "Belay met a fault of its own, which its log names.";

export const failedSentence = (why: string): string => `No pointer was moved. ${why}`;

/** What is typed after an operation on packages that went well. */
export function packagesNext(kind: OperationKind): string {
  if (kind === "stage") return "Merge this pull request, then comment `/activate`.";
  if (kind === "activate") return "`/rollback <package>` goes back to the version before.";
  return "The version that was gone back from stays in the repository; release a corrected one.";
}

/** In an operation's comment. */
export function movesSection(moves: readonly Move[], commit: string | null): string {
  if (moves.length === 0) return "";
  const rows = moves.map((one) => {
    const { from, to } = one;
    return `| ${[code(shortName(one)), from === null ? "none" : code(from), code(to)].map(cell).join(" | ")} |`;
  });
  const by = commit === null ? "" : `\n\nCommit: ${code(commit)}`;
  return `| package | from | to |\n|---|---|---|\n${rows.join("\n")}${by}`;
}

const WAYS: Readonly<Record<Told["by"], string>> = {
  repository_dispatch: "`repository_dispatch`",
  workflow: "the workflow",
  webhook: "the webhook",
};

/** In an operation's comment: the runtime does not know that pointers moved. Nothing is said where it was told. */
export function untoldSection(told: readonly Told[]): string {
  const lines = told
    .filter(({ ok }) => !ok)
    .map(({ by, code: why, message }) => {
      return `- by ${WAYS[by]}: ${inert(message ?? "")}${why === null ? "" : ` (${code(why)})`}`;
    });
  if (lines.length === 0) return "";
  const next =
    "Next: correct that; then an administrator of the repository has it told again with `POST /api/set-aside/{id}/retry`, or whoever runs the bot with `npm run queue`.";
  return `⚠️ The pointers moved, but the runtime could not be told:\n${lines.join("\n")}\n\n${next}`;
}
