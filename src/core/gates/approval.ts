/** Approval: have enough people, who may and are not the author, said yes to exactly this? */
import type { GivenApproval } from "../approval.ts";
import type { CommandWord } from "../commands.ts";
import type { ApprovalRule, Who } from "../policy.ts";
import { somebody } from "../rendering/policy.ts";
import { count, shortId } from "../rendering/words.ts";
import type { GateOutcome } from "../verdict.ts";

export const help =
  "approval: enough people said yes to exactly this release on exactly this state of the target.";

export const changedBy = [
  "/approve",
  "review",
  "release_build reported",
  "drift_check reported",
  "new head",
] as const;

export interface ApprovalFacts {
  readonly target: string;
  readonly kind: "promote" | "rollback";
  /** What is typed once enough have said yes; `promote` when absent. */
  readonly command?: CommandWord;
  /** The release in question; null: it is not known yet. */
  readonly release: string | null;
  readonly given: readonly GivenApproval[];
}

export interface ApprovalSettings {
  readonly rule: ApprovalRule;
  readonly who: Who;
}

export function evaluate(facts: ApprovalFacts, { rule, who }: ApprovalSettings): GateOutcome {
  const { target, release } = facts;
  const what = facts.kind === "promote" ? `promotion to ${target}` : `rollback of ${target}`;
  if (rule.count === 0) return outcome("pass", "approval_not_needed", [`A ${what} needs no approval.`]);
  if (release === null) {
    const sentence = `A ${what} needs ${count(rule.count, "approval")}; they are counted when there is a release to approve.`;
    return outcome("wait", "approval_pending", [sentence]);
  }
  const counting = facts.given.filter(({ objection }) => objection === null);
  const people = new Map(counting.map((one) => [one.by.toLowerCase(), one]));
  const void_ = facts.given.filter((one) => one.objection !== null && !people.has(one.by.toLowerCase()));
  const details = facts.given.map((one) => ({ sentence: sentenceOf(one) }));
  const missing = rule.count - people.size;
  if (missing <= 0) {
    const names = [...people.values()].map(({ by }) => `\`${by}\``).join(", ");
    const sentence = `The ${what} with release \`${shortId(release)}\` is approved by ${names} (${people.size} of ${rule.count}).`;
    return { ...outcome("pass", "approved", [sentence, ...void_.map(sentenceOf)]), details };
  }
  const so_far = `(${people.size} of ${rule.count})`;
  const sentence = `The ${what} with release \`${shortId(release)}\` needs ${count(missing, "more approval")} ${so_far}.`;
  return {
    ...outcome("wait", "approval_missing", [sentence, ...void_.map(sentenceOf)]),
    remedy: remedyOf(facts, { rule, who }),
    details,
  };
}

/** Who can help, and what they type. */
function remedyOf({ kind, command = "promote" }: ApprovalFacts, { rule, who }: ApprovalSettings): string {
  const whose = {
    author: "the author",
    committers: "somebody who wrote its commits",
    requester: "whoever asks for it",
  } as const;
  const not = rule.not.map((one) => whose[one]).join(" or ");
  const people = `S${somebody(who).slice(1)}${not === "" ? "" : `, who is not ${not},`}`;
  if (kind === "rollback")
    return `${people} comments \`/approve rollback\`; then comment \`/rollback\` again.`;
  return `${people} looks at the plan and comments \`/approve\` or approves in a review; then comment \`/${command}\` again.`;
}

function sentenceOf({ by, how, release, objection }: GivenApproval): string {
  const what = release === null ? "approved" : `approved release \`${shortId(release)}\``;
  const where = how === "review" ? " in a review" : "";
  return `\`${by}\` ${what}${where}${objection === null ? "." : `, which does not count: ${objection}.`}`;
}

function outcome(result: GateOutcome["outcome"], code: string, sentences: readonly string[]): GateOutcome {
  return { gate: "approval", outcome: result, code, sentences, remedy: null };
}
