/** What `/approve` is answered, and what is said of approvals that are void. */
import type { Answer } from "../answer.ts";
import type { Bound } from "../approval.ts";
import type { GateOutcome } from "../verdict.ts";
import { shortId } from "./words.ts";

const answer = (code: string, sentence: string, remedy: string): Answer => ({
  code,
  sentences: [sentence],
  remedy,
});

type What = "promote" | "rollback";

const action = (what: What, target: string): string =>
  what === "promote" ? `a promotion to ${target}` : `a rollback of ${target}`;

export const notNeeded = (target: string, what: What): Answer =>
  answer(
    "approval_not_needed",
    `Nothing was recorded: the policy asks for no approval of ${action(what, target)}.`,
    `Comment \`/${what}\`.`,
  );

export const nothingShown = (head_sha: string): Answer =>
  answer(
    "approval_no_plan",
    `Nothing was recorded: there is no plan of \`${shortId(head_sha)}\` yet, so there is nothing to say yes to.`,
    "Comment `/plan`, look at what it shows, then comment `/approve`.",
  );

export const otherRelease = (given: string, release: string): Answer =>
  answer(
    "approval_other_release",
    `Nothing was recorded: you named \`${shortId(given)}\`, and the newest plan is of release \`${shortId(release)}\`.`,
    `Look at the newest plan, then comment \`/approve ${shortId(release)}\`.`,
  );

export const shownLater = (release: string): Answer =>
  answer(
    "approval_plan_newer",
    "Nothing was recorded: a new plan was made around the time of your comment, so nobody can know which one you saw.",
    `Look at the newest plan, then comment \`/approve ${shortId(release)}\`.`,
  );

export const outdated = (change: string): Answer =>
  answer(
    "approval_plan_outdated",
    `Nothing was recorded: the newest plan is out of date, because ${change}.`,
    "Comment `/plan`, look at what it shows, then comment `/approve`.",
  );

export const notCounted = (objection: string): Answer =>
  answer(
    "approval_not_counted",
    `Nothing was recorded: your approval would not count, because ${objection}.`,
    "Ask somebody else to look at the plan and to comment `/approve`; `/help` says who may.",
  );

export interface ApprovedWords {
  readonly by: string;
  readonly what: What;
  readonly target: string;
  readonly release: string;
}

/** @param gate the approval gate as it now stands */
export function approved({ by, what, target, release }: ApprovedWords, gate: GateOutcome): Answer {
  const yes =
    what === "promote"
      ? `\`${by}\` approved release \`${shortId(release)}\` for ${target}.`
      : `\`${by}\` approved that ${target} goes back to release \`${shortId(release)}\`.`;
  const sentences = [yes, ...(gate.outcome === "pass" ? [] : gate.sentences.slice(0, 1))];
  return { code: "approved", sentences, remedy: gate.remedy ?? `Comment \`/${what}\`.` };
}

export const voidedByHead = (by: string, { release, head_sha }: Bound): string =>
  `\`${by}\` approved release \`${shortId(release)}\` at \`${shortId(head_sha)}\`, which counts no more: this is another commit.`;
