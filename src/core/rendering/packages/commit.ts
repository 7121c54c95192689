/** The messages of the commit that moves pointers, and of its tags. */
import type { Move } from "../../packages/activation.ts";
import { capLine } from "../cap.ts";
import { inCommit, plain } from "../escape.ts";
import { shortName } from "./answers.ts";

export interface Message {
  readonly kind: "activate" | "rollback";
  readonly moves: readonly Move[];
  readonly by: string;
  readonly reason: string;
  readonly pull_request: number;
  readonly nonce: string;
}

/** As the specification writes it: what, who, why, and what was active before. */
export function commitMessage({ kind, moves, by, reason, pull_request, nonce }: Message): string {
  // Folders may have any names, also such with lines in them.
  const line = (text: string) => inCommit(text).replace(/^Belay-Operation:/i, "");
  const nameOf = (move: Move) => line(shortName(move));
  const names = moves.map((move) => `${nameOf(move)} ${move.to}`);
  const what =
    kind === "activate"
      ? `release: Activate ${names.join(", ")}`
      : `rollback: Revert ${moves.map((move) => `${nameOf(move)} to ${move.to}`).join(", ")}`;
  const previous = moves.map((move) => `${nameOf(move)} ${move.from ?? "none"}`).join(", ");
  return [
    capLine(what, 200),
    "",
    `${kind === "activate" ? "Activated" : "Rolled back"} by: ${line(by)}`,
    `Reason: ${line(reason)}`,
    `Previous: ${previous}`,
    `Pull request: #${pull_request}`,
    "",
    `Belay-Operation: ${nonce}`,
  ].join("\n");
}

/** `<id>/v<version>`, below its root where the repository has several. */
export const tagName = ({ root, id, to }: Move): string => `${root === "" ? "" : `${root}/`}${id}/v${to}`;

export const tagMessage = (move: Move, by: string): string =>
  `${plain(shortName(move), 300)} ${move.to}\n\nActivated by: ${plain(by, 60)}\n`;
