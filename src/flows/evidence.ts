/** What GitHub says that approvals and foreign checks are judged by, asked before the transaction in which they are judged. */
import { type ApprovalEvidence, approvers, type Review } from "../core/approval.ts";
import type { ForeignCheckRun } from "../core/gates/checks.ts";
import { type Person, type Policy, teamsOf } from "../core/policy.ts";
import type { Repository } from "../ports/sites.ts";
import { approvedByCommand } from "./approvals.ts";
import type { Deps } from "./deps.ts";
import { askPerson } from "./person.ts";
import type { Work } from "./work.ts";

export type EvidenceReads =
  | "pullRequest"
  | "reviews"
  | "committers"
  | "checkRuns"
  | "permission"
  | "isTeamMember";

export interface Evidence {
  /** Null: not asked, because no approval is needed. */
  readonly approvals: ApprovalEvidence | null;
  /** By name; null: not asked. */
  readonly checks: Readonly<Record<string, readonly ForeignCheckRun[]>> | null;
}

export const NO_EVIDENCE: Evidence = { approvals: null, checks: null };

export interface EvidenceQuestion {
  readonly repository: Repository;
  readonly pull_request: number;
  readonly head_sha: string;
  readonly policy: Policy;
  readonly kind: "promote" | "rollback";
  /** Who approved by command, or is about to. */
  readonly by_command: readonly string[];
  /** The pull request's author, where it has been read; null: GitHub is asked. */
  readonly author: string | null;
}

/** Anybody may review a public pull request: so many reviewers, the latest first, are asked about. The others comment `/approve`. */
const MOST_REVIEWERS = 30;

export async function gatherEvidence(
  deps: Deps<EvidenceReads>,
  question: EvidenceQuestion,
): Promise<Evidence> {
  return {
    approvals: await approvalEvidence(deps, question),
    checks: question.kind === "promote" ? await foreignChecks(deps, question) : null,
  };
}

async function approvalEvidence(
  deps: Deps<EvidenceReads>,
  question: EvidenceQuestion,
): Promise<ApprovalEvidence | null> {
  const { repository, pull_request: number, policy, kind } = question;
  const rule = policy.approvals[kind];
  if (rule.count === 0) return null;
  const author = rule.not.includes("author") ? await authorOf(deps, question) : null;
  const reviews = await deps.github.reviews(repository, number);
  const committers = rule.not.includes("committers")
    ? await deps.github.committers(repository, number)
    : null;
  const people: Record<string, Person> = {};
  const teams = teamsOf(approvers(policy, rule));
  for (const login of candidates(question, reviews)) {
    people[login.toLowerCase()] = await askPerson(deps, repository, { login, teams });
  }
  return { author, reviews, committers, people };
}

async function authorOf(
  deps: Deps<"pullRequest">,
  { author, repository, pull_request }: EvidenceQuestion,
): Promise<string | null> {
  return author ?? (await deps.github.pullRequest(repository, pull_request))?.author ?? null;
}

function candidates(
  { by_command, head_sha }: EvidenceQuestion,
  reviews: readonly Review[],
): readonly string[] {
  const yes = reviews.filter((one) => one.state === "approved" && one.head_sha === head_sha);
  const reviewers = [...new Set(yes.reverse().map(({ by }) => by))].slice(0, MOST_REVIEWERS);
  return [...new Set([...by_command, ...reviewers])];
}

/** The checks that the policy names, on the bound commit. */
export async function foreignChecks(
  deps: Deps<"checkRuns">,
  { repository, head_sha, policy }: Pick<EvidenceQuestion, "repository" | "head_sha" | "policy">,
): Promise<Evidence["checks"]> {
  if (policy.checks.length === 0 || head_sha === "") return null;
  const names = [...new Set(policy.checks.map(({ name }) => name))];
  const runs = await Promise.all(
    names.map(async (name) => [name, await deps.github.checkRuns(repository, head_sha, name)] as const),
  );
  return Object.fromEntries(runs);
}

export interface CommandQuestion {
  readonly repository: Repository;
  readonly policy: Policy;
  /** Name of the target environment. */
  readonly target: string;
  readonly pull_request: number;
  readonly head_sha: string;
  /** `approve` is asked for what would be approved. */
  readonly kind: "promote" | "rollback";
  readonly approver: string | null;
  /** The pull request's, as GitHub just told it; null: GitHub is asked. */
  readonly author: string | null;
}

/** For a command that is about to be done. A promotion has no release yet that could be approved: only checks are asked for. */
export async function evidenceForCommand(
  deps: Deps<EvidenceReads>,
  question: CommandQuestion,
): Promise<Evidence> {
  const { approver, kind } = question;
  if (approver === null && kind === "promote") {
    return { approvals: null, checks: await foreignChecks(deps, question) };
  }
  const known = await approvedBefore(deps, question);
  const by_command = approver === null ? known : [...known, approver];
  return gatherEvidence(deps, { ...question, by_command });
}

export type HeadQuestion = Omit<CommandQuestion, "kind" | "approver">;

/** What a promotion of this head would be judged by, without one: for `/status`. */
export async function evidenceOnHead(deps: Deps<EvidenceReads>, question: HeadQuestion): Promise<Evidence> {
  const asked = { ...question, kind: "promote" } as const;
  return gatherEvidence(deps, { ...asked, by_command: await approvedBefore(deps, asked) });
}

function approvedBefore(
  { store }: Deps<EvidenceReads>,
  question: Omit<CommandQuestion, "approver">,
): Promise<readonly string[]> {
  return store.transaction(async (tx) => {
    const site = await tx.siteOfRepository(question.repository.id);
    const rows = site === null ? [] : await tx.environmentsOf(site.id);
    const target = rows.find(({ name }) => name === question.target);
    return target === undefined ? [] : approvedByCommand(tx, { ...question, target });
  });
}

/** For an operation whose release is known: after its checks, and again right before the change. */
export async function evidenceForWork(
  deps: Deps<EvidenceReads>,
  { site, operation, target }: Pick<Work, "site" | "operation" | "target">,
  { policy, author }: Pick<EvidenceQuestion, "policy" | "author">,
): Promise<Evidence> {
  const { pull_request, head_sha } = operation;
  if (pull_request === null || !["promote", "plan", "rollback", "activate"].includes(operation.kind))
    return NO_EVIDENCE;
  const kind = operation.kind === "rollback" ? "rollback" : "promote";
  const by_command = await deps.store.transaction((tx) =>
    approvedByCommand(tx, { target, pull_request, kind }),
  );
  const about = { repository: site.repository, pull_request, head_sha, policy, author };
  return gatherEvidence(deps, { ...about, kind, by_command });
}
