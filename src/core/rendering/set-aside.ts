/** What is said of work that was set aside. */
import type { Answer } from "../answer.ts";

export const setAsideAnswers = {
  putBack: (what: string): string => `${what} is to be tried again`,
  notPutBack: (what: string): string =>
    `${what} is not tried again: a newer state took its place, or its operation has ended`,
  overtaken: (): Answer => ({
    code: "overtaken",
    sentences: [
      "A newer state of the same comment or check was shown since, or the operation that it was for has ended; so it is not brought back.",
    ],
    remedy: null,
  }),
  adminsOnly: (repository: string): string =>
    `What is set aside may be seen and put back by administrators of ${repository} only.`,
} as const;
