/** The gates of a kind of operation, judged together, on the drift check that the operation made itself. */

import { approvers } from "./approval.ts";
import type { SiteEnvironment } from "./config/types.ts";
import * as approval from "./gates/approval.ts";
import * as backup from "./gates/backup.ts";
import * as checks from "./gates/checks.ts";
import * as drift from "./gates/drift.ts";
import * as notJudged from "./gates/not-judged.ts";
import * as packageRelease from "./gates/package-release.ts";
import * as release from "./gates/release.ts";
import * as validation from "./gates/validation.ts";
import * as window from "./gates/window.ts";
import type { ValidationReport } from "./packages/types.ts";
import type { Policy } from "./policy.ts";
import { type Gate, type GateOutcome, type Verdict, verdictOf } from "./verdict.ts";
import type { OperationKind } from "./vocabulary.ts";

export interface JudgementFacts {
  readonly drift: drift.DriftFacts;
  readonly backup: backup.BackupFacts;
  readonly release: release.ReleaseFacts;
  readonly approval: approval.ApprovalFacts;
  readonly checks: checks.ChecksFacts;
}

export interface JudgementSettings {
  readonly now: string;
  readonly policy: Policy;
  readonly source: SiteEnvironment;
}

/**
 * A refresh has no gates: it never changes the target. A rollback has none either, unless the policy asks for approvals: neither
 * drift nor backup, window nor freeze may keep anybody from going back.
 */
export function judge(kind: OperationKind, facts: JudgementFacts, settings: JudgementSettings): Verdict {
  switch (kind) {
    case "promote":
    case "plan":
      return verdictOf([
        driftGate(facts, settings),
        backupGate(facts, settings),
        release.evaluate(facts.release, { built_from_git: settings.source.built_from_git }),
        approvalGate(facts, settings.policy),
        ...policyGates(facts, settings),
      ]);
    case "drift":
      return verdictOf([driftGate(facts, settings)]);
    case "backup":
      return verdictOf([backupGate(facts, settings)]);
    case "rollback":
      return settings.policy.approvals.rollback.count === 0
        ? NO_GATES
        : verdictOf([approvalGate(facts, settings.policy)]);
    default:
      return NO_GATES;
  }
}

const NO_GATES: Verdict = { outcome: "pass", gates: [] };

const driftGate = ({ drift: facts }: JudgementFacts, { now }: JudgementSettings) =>
  drift.evaluate(facts, { now, max_age_s: null });

const backupGate = ({ backup: facts }: JudgementFacts, { now, policy }: JudgementSettings) =>
  backup.evaluate(facts, { now, max_age_s: policy.backup.max_age_s });

export function approvalGate(
  { approval: facts }: Pick<JudgementFacts, "approval">,
  policy: Policy,
): GateOutcome {
  const rule = policy.approvals[facts.kind];
  return approval.evaluate(facts, { rule, who: approvers(policy, rule) });
}

/**
 * What may have changed by what people say between the claim and the switch. A promotion that began in one of the policy's windows
 * may end after it; a freeze stops it.
 */
export function lastGates(
  { approval: approvals, checks: runs }: Pick<JudgementFacts, "approval" | "checks">,
  { now, policy }: Omit<JudgementSettings, "source">,
): Verdict {
  const { deny } = policy.windows;
  return verdictOf([
    approvalGate({ approval: approvals }, policy),
    ...(policy.checks.length > 0 ? [checks.evaluate(runs, policy.checks)] : []),
    ...(deny.length > 0 ? [window.evaluate(approvals.target, { now, windows: { allow: [], deny } })] : []),
  ]);
}

/** What only some policies ask for; each gate is there when the policy names it. */
function policyGates(facts: JudgementFacts, { now, policy }: JudgementSettings): readonly GateOutcome[] {
  const target = facts.approval.target;
  const asked = new Set(gatesOf(policy));
  return [
    ...(asked.has("checks") ? [checks.evaluate(facts.checks, policy.checks)] : []),
    ...(asked.has("window") ? [window.evaluate(target, { now, windows: policy.windows })] : []),
    ...(asked.has("progression") ? [notJudged.soak(target, policy.soak_s)] : []),
    ...(asked.has("rehearsal") ? [notJudged.rehearsal(target)] : []),
  ];
}

/** What may keep packages from being activated, beside what is asked of every promotion. */
export interface PackageFacts {
  readonly kind: packageRelease.PackageReleaseFacts["kind"];
  readonly validation: ValidationReport | validation.Unreadable;
  readonly release: packageRelease.PackageReleaseFacts;
  readonly approval: approval.ApprovalFacts;
  readonly checks: checks.ChecksFacts;
}

/** Staging only validates; going back needs neither window nor other Apps' checks, as with sites. */
export function judgePackages(
  facts: PackageFacts,
  { now, policy }: Omit<JudgementSettings, "source">,
): Verdict {
  const target = facts.approval.target;
  const own = [validation.evaluate(facts.validation), packageRelease.evaluate(facts.release)];
  if (facts.kind === "stage") return verdictOf(own);
  if (facts.kind === "rollback") {
    const asked = policy.approvals.rollback.count > 0 ? [approvalGate(facts, policy)] : [];
    return verdictOf([...own, ...asked]);
  }
  const { allow, deny } = policy.windows;
  return verdictOf([
    ...own,
    approvalGate(facts, policy),
    ...(policy.checks.length > 0 ? [checks.evaluate(facts.checks, policy.checks)] : []),
    ...(allow.length + deny.length > 0 ? [window.evaluate(target, { now, windows: policy.windows })] : []),
  ]);
}

/** The gates of a promotion where nobody asks for more. */
export const USUAL_GATES: readonly Gate[] = ["drift", "backup", "release", "approval", "promotion"];

/** The gates of a promotion under this policy, each a check on the pull request. */
export function gatesOf({ checks: wanted, windows, soak_s, rehearsal_required }: Policy): readonly Gate[] {
  return [
    ...USUAL_GATES.slice(0, -1),
    ...(wanted.length > 0 ? (["checks"] as const) : []),
    ...(windows.allow.length + windows.deny.length > 0 ? (["window"] as const) : []),
    ...(soak_s > 0 ? (["progression"] as const) : []),
    ...(rehearsal_required ? (["rehearsal"] as const) : []),
    "promotion",
  ];
}

/**
 * Whether the verdict keeps the operation from starting or going on. A plan shows blocks, it is not stopped by them.
 * @param settled everything was measured: what still waits then waits for somebody outside, and the environments are not held for that
 */
export function stops(kind: OperationKind, verdict: Verdict, settled: boolean): boolean {
  if (verdict.gates.some((gate) => gate.code === "BASELINE_UNREADABLE")) return true;
  if (kind === "plan") return verdict.gates.some((gate) => gate.code === "drift_unknown");
  if (kind === "rollback") return verdict.outcome !== "pass";
  if (kind !== "promote") return false;
  return settled ? verdict.outcome !== "pass" : verdict.outcome === "block";
}
