/** What the bot answers to a command that starts nothing: a stable code, sentences, a remedy. The words are in rendering/. */
import type { Reason } from "./verdict.ts";

export interface Answer {
  readonly code: string;
  /** What happened and why; the first one is the headline. */
  readonly sentences: readonly string[];
  /** What to type next; null: nothing. */
  readonly remedy: string | null;
  readonly list?: readonly Reason[];
}

export const answer = (
  code: string,
  sentence: string | readonly string[],
  remedy: string | null,
): Answer => ({ code, sentences: typeof sentence === "string" ? [sentence] : sentence, remedy });
