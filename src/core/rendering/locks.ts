/** What is said of locks: who holds an environment, why, since when, and who waits for it. */
import type { Answer } from "../answer.ts";
import type { OperationKind } from "../vocabulary.ts";

export interface PersonWords {
  readonly environment: string;
  readonly by: string;
  readonly reason: string;
  readonly since: string;
}

const because = (reason: string): string => (reason === "" ? "" : `: ${reason}`);

export const lockedByPerson = ({ environment, by, reason, since }: PersonWords): Answer => ({
  code: "environment_locked",
  sentences: [`Nothing was started: \`${by}\` keeps ${environment} locked since ${since}${because(reason)}.`],
  remedy: `Ask \`${by}\`, or comment \`/unlock\` if it may be freed.`,
});

export const lock = {
  taken: ({ environment, by, reason }: PersonWords): Answer => ({
    code: "locked",
    sentences: [
      `${environment} is locked${because(reason)}.`,
      `Only commands of \`${by}\` begin anything there until somebody comments \`/unlock\`. What runs already goes on.`,
    ],
    remedy: null,
  }),
  held: ({ environment, by, reason, since }: PersonWords): Answer => ({
    code: "environment_locked",
    sentences: [
      `Nothing was locked: \`${by}\` has locked ${environment} already, since ${since}${because(reason)}.`,
    ],
    remedy: `Ask \`${by}\`, or comment \`/unlock\` first.`,
  }),
} as const;

export interface Running {
  readonly kind: OperationKind;
  readonly by: string;
}

export const unlock = {
  freed: ({ environment, by }: PersonWords): Answer => ({
    code: "unlocked",
    sentences: [`${environment} is not locked by \`${by}\` any more.`],
    remedy: null,
  }),
  recovering: (environment: string): Answer => ({
    code: "recovery_begun",
    sentences: [
      `A recovery looks at ${environment}'s host now. The lock is freed by its report, if nothing is at work there any more.`,
    ],
    remedy: null,
  }),
  recoveringAlready: (environment: string): Answer => ({
    code: "recovery_under_way",
    sentences: [`A recovery of ${environment} is under way already; its report ends the doubt.`],
    remedy: null,
  }),
  running: (environment: string, { kind, by }: Running): Answer => ({
    code: "environment_busy",
    sentences: [
      `${environment} was not unlocked: \`/${kind}\` by \`${by}\` is at work, and its lock is freed when it ends.`,
    ],
    remedy: "`/cancel` on its pull request stops it at a safe point.",
  }),
  nothing: (environment: string): Answer => ({
    code: "unlock_nothing",
    sentences: [`${environment} is not locked.`],
    remedy: null,
  }),
} as const;

/** The headline of a promotion that waits for its turn. */
export const queued = (holder: string, place: number): string =>
  `Waiting for its turn, number ${place} in the queue. ${holder}`;

export const queueNext = "It begins by itself, judged anew. `/cancel` takes it out of the queue.";

/** The holder as a sentence within the queue. */
export const heldBy = {
  operation: (environment: string, { kind, by }: Running, pull_request: number | null): string =>
    `${environment} is held by \`/${kind}\`${pull_request === null ? "" : ` of pull request ${pull_request}`} of \`${by}\`.`,
  person: ({ environment, by, reason }: PersonWords): string =>
    `${environment} is locked by \`${by}\`${because(reason)}.`,
  queue: "Others wait before it.",
} as const;

export const retrying = (
  why: string,
  attempt: number,
  more: { readonly of: number; readonly at: string },
): string =>
  `Attempt ${attempt} of ${more.of} failed before anything changed: ${why} The next one begins at ${more.at}.`;
