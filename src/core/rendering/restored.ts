/** What is said after the bot's store was put back from a backup. */
import type { Answer } from "../answer.ts";
import { type Names, unknownSentence } from "./endings.ts";

const WHY = "The bot's store was put back from a backup, which knows nothing of what came after it.";

export const restored = {
  changing: (names: Names): string => unknownSentence(names, WHY),
  waiting: ({ kind }: Names): string =>
    `${WHY} Whether the ${kind} had its turn since is not known, so it does not begin by itself.`,
  looking: ({ kind }: Names): string => `${WHY} What the ${kind} found since is lost with it.`,
} as const;

export const SEEN_BEFORE = "seen_before_restore";

/** To a command that was seen before the store was put back. */
export const seenBefore = (word: string): Answer => ({
  code: SEEN_BEFORE,
  sentences: [
    `${WHY} This comment is older, and Belay had seen it before: what it asked for may have been done, so it is not done now.`,
  ],
  remedy: `Look at \`/status\`, and comment \`/${word}\` again if it is still wanted.`,
});
