/**
 * Approvals: a person's yes to exactly what was shown. Facts only: what was approved, by whom, and why it may not count;
 * gates/approval.ts judges them.
 */
import { type ApprovalRule, isOneOf, type Leave, type Person, type Policy, type Who } from "./policy.ts";
import { shortId } from "./rendering/words.ts";

/** What a yes is bound to. When one of them changes, the yes is void. */
export interface Bound {
  /** The pull request's head; empty for a rollback, which outlives its pull request. */
  readonly head_sha: string;
  /** Digest of the release's manifest; for a rollback the name of the release to go back to. */
  readonly release: string;
  /** The release that the target runs, as its host names it. */
  readonly active_release: string | null;
  /** Digest over what of the baseline a promotion could promote. */
  readonly baseline: string;
  /** Digest of the policy that holds for the target. */
  readonly policy: string;
}

/** What an operation found out, and since when. Where people are asked what they saw: since when it stands on GitHub's page. */
export interface Shown extends Bound {
  readonly at: string;
}

/** A review of a person on a pull request, as it stands now. */
export interface Review {
  readonly id: number;
  readonly by: string;
  readonly state: "approved" | "changes_requested" | "dismissed";
  /** The head that was reviewed. */
  readonly head_sha: string;
  readonly at: string;
}

/** Who wrote and committed the commits of a pull request. */
export interface Committers {
  readonly logins: readonly string[];
  /** Commits of which GitHub names no account, or that it does not list. */
  readonly unknown: number;
}

/** What GitHub says of those who may have approved. */
export interface ApprovalEvidence {
  readonly author: string | null;
  readonly reviews: readonly Review[];
  /** Null: nobody asked, because the policy does not exclude them. */
  readonly committers: Committers | null;
  /** By login in small letters: logins differ by more than case. */
  readonly people: Readonly<Record<string, Person>>;
}

/** An `/approve` on record. */
export interface Recorded {
  readonly by: string;
  readonly at: string;
  readonly bound: Bound;
}

/** One person's yes, and why it does not count, if it does not. */
export interface GivenApproval {
  readonly by: string;
  readonly at: string;
  readonly how: "command" | "review";
  /** The release that was approved; null: nothing was shown yet. */
  readonly release: string | null;
  /** Ends the sentence "It does not count: ..."; null: it counts. */
  readonly objection: string | null;
}

export interface ApprovalQuestion {
  readonly target: string;
  /** What would happen now. */
  readonly now: Bound;
  readonly recorded: readonly Recorded[];
  /** What was shown on this pull request, in any order; reviews are bound to the newest that came before them. */
  readonly shown: readonly Shown[];
  readonly evidence: ApprovalEvidence;
  readonly rule: ApprovalRule;
  readonly policy: Policy;
  /** Login of whoever asked for this promotion; null: nobody did yet. */
  readonly requested_by: string | null;
}

/** Every yes of this pull request, oldest first. */
export function givenApprovals(question: ApprovalQuestion): readonly GivenApproval[] {
  const { recorded, evidence } = question;
  const commands = recorded.map(({ by, at, bound }) => judged(question, { by, at, bound, how: "command" }));
  const reviews = evidence.reviews
    .filter(({ state }) => state !== "changes_requested")
    .map((review) => judged(question, asYes(question, review)));
  return [...commands, ...reviews].sort((a, b) => Date.parse(a.at) - Date.parse(b.at));
}

type Yes = Pick<GivenApproval, "by" | "at" | "how"> & {
  readonly bound: Bound | null;
  readonly why?: string;
};

function asYes({ shown, now }: ApprovalQuestion, review: Review): Yes {
  const { by, at } = review;
  const yes = { by, at, how: "review" } as const;
  if (review.state === "dismissed") return { ...yes, bound: null, why: "the review was dismissed" };
  if (review.head_sha !== now.head_sha) {
    return {
      ...yes,
      bound: null,
      why: `the review is of \`${shortId(review.head_sha)}\`, which is not the head`,
    };
  }
  const before = shown
    .filter((one) => one.head_sha === review.head_sha && Date.parse(one.at) < Date.parse(at))
    .sort((a, b) => Date.parse(a.at) - Date.parse(b.at))
    .at(-1);
  if (before !== undefined) return { ...yes, bound: before };
  return { ...yes, bound: null, why: "it came before there was a plan of this commit to look at" };
}

function judged(question: ApprovalQuestion, { by, at, how, bound, why }: Yes): GivenApproval {
  const { evidence, now, target } = question;
  const objection =
    why ??
    takenBack(evidence, { by, at }) ??
    mayNot(question, by) ??
    (bound === null ? null : (changes(bound, now, target)[0] ?? null));
  return { by, at, how, release: bound?.release ?? null, objection };
}

/**
 * What the person's last review takes back of an earlier yes. GitHub does not tell what a dismissed one had said, and whoever may
 * write to the repository can dismiss: a request for changes does not turn into a yes by that.
 */
export function takenBack(
  { reviews }: Pick<ApprovalEvidence, "reviews">,
  { by, at }: Pick<Yes, "by" | "at">,
): string | null {
  const last = reviews.findLast((one) => sameLogin(one.by, by) && Date.parse(one.at) > Date.parse(at));
  if (last?.state === "changes_requested") return "the same person asked for changes later";
  if (last?.state === "dismissed") return "a later review of the same person was dismissed";
  return null;
}

/** Who may approve: people, whatever bots may do. */
export const approvers = (policy: Policy, rule: ApprovalRule): Who => ({
  permission: policy.permissions.approve.permission,
  teams: [...policy.permissions.approve.teams, ...rule.teams],
});

/** Why this person's yes does not count, whatever it is to; null: it does. */
export function mayNot(
  {
    evidence,
    rule,
    policy,
    requested_by = null,
  }: Pick<ApprovalQuestion, "evidence" | "rule" | "policy"> & Partial<Pick<ApprovalQuestion, "requested_by">>,
  login: string,
): string | null {
  const { author, committers, people } = evidence;
  if (rule.not.includes("author") && (author === null || sameLogin(author, login))) {
    return author === null
      ? "nobody could tell who the author is"
      : `\`${login}\` is the pull request's author`;
  }
  const asked = requested_by !== null && sameLogin(requested_by, login);
  if (asked && rule.not.includes("requester")) return `\`${login}\` asked for it`;
  if (asked && rule.not.includes("author") && isNobody(author)) {
    return `\`${login}\` asked for it, and the pull request has no person as its author`;
  }
  if (rule.not.includes("committers")) {
    const stranger = committersObjection(committers, login);
    if (stranger !== null) return stranger;
  }
  const key = login.toLowerCase();
  const person = Object.hasOwn(people, key) ? people[key] : undefined;
  if (person === undefined) return `GitHub was not asked what \`${login}\` may do`;
  const leave = isOneOf(approvers(policy, rule), person);
  return leave.ok ? null : leaveWords(leave, login);
}

/** A bot's pull request, or one whose author's account is gone: whoever asks for the promotion stands for the author. */
const isNobody = (author: string | null): boolean =>
  author === null || author.endsWith("[bot]") || author === "ghost";

function committersObjection(committers: Committers | null, login: string): string | null {
  if (committers === null) return "nobody could tell who wrote the commits";
  if (committers.logins.some((one) => sameLogin(one, login))) {
    return `\`${login}\` wrote or committed one of the commits`;
  }
  if (committers.unknown === 0) return null;
  return "GitHub names no account for some of the commits, so nobody can tell who did not write them";
}

function leaveWords(leave: Exclude<Leave, { ok: true }>, login: string): string {
  if (leave.why === "permission") {
    return `\`${login}\` has ${leave.has} permission in this repository, and approving needs ${leave.needed}`;
  }
  if (leave.why === "bot") return `\`${login}\` is a bot, and an approval is a person's`;
  const teams = leave.teams.map((team) => `\`${team}\``).join(" or ");
  return leave.unknown
    ? `GitHub did not tell whether \`${login}\` is in the team ${teams}`
    : `\`${login}\` is not in the team ${teams}`;
}

/** What has changed since something was approved, as ends of the sentence "It no longer counts: ...". */
export function changes(approved: Bound, now: Bound, target: string): readonly string[] {
  const differs = [
    approved.head_sha !== now.head_sha && `the pull request moved on to \`${shortId(now.head_sha)}\``,
    approved.release !== now.release && `what would be promoted is release \`${shortId(now.release)}\` now`,
    approved.active_release !== now.active_release && `${target} runs another release now`,
    approved.baseline !== now.baseline && "the baseline changed in what can be promoted",
    approved.policy !== now.policy && "the policy changed",
  ];
  return differs.filter((one) => one !== false);
}

export const sameLogin = (a: string, b: string): boolean => a.toLowerCase() === b.toLowerCase();
