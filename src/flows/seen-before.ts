/** What a store that was put back from a backup does not know: which commands were obeyed after that backup. */
import type { Answer } from "../core/answer.ts";
import type { CommandWord } from "../core/commands.ts";
import { seenBefore } from "../core/rendering/restored.ts";
import type { IssueComment } from "../ports/github.ts";
import type { Tx } from "../ports/store.ts";

/** They change nothing, so they are answered again. */
const HARMLESS: readonly CommandWord[] = ["status", "help"];

/** What a command is answered in place of being obeyed a second time; null: it is obeyed. Anybody's 👀 counts: asking again costs little. */
export async function answerIfSeenBefore(
  tx: Tx,
  comment: Pick<IssueComment, "seen" | "created_at">,
  word: CommandWord,
): Promise<Answer | null> {
  if (HARMLESS.includes(word) || !comment.seen) return null;
  const restored_at = await tx.restoredAt();
  const older = restored_at !== null && Date.parse(comment.created_at) < Date.parse(restored_at);
  return older ? seenBefore(word) : null;
}
