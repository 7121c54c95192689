/** Collects what the gates judge, for an operation in hand. */

import type { Shown } from "../core/approval.ts";
import { digestOf } from "../core/canonical.ts";
import { secondsBetween } from "../core/duration.ts";
import type { ApprovalFacts } from "../core/gates/approval.ts";
import type { BackupFact } from "../core/gates/backup.ts";
import * as backup from "../core/gates/backup.ts";
import * as drift from "../core/gates/drift.ts";
import { type JudgementFacts, judge } from "../core/judgement.ts";
import type { Policy } from "../core/policy.ts";
import { type Verdict, verdictOf } from "../core/verdict.ts";
import type { EnvironmentRow } from "../ports/sites.ts";
import type { Tx } from "../ports/store.ts";
import { approvalFacts, boundOf } from "./approvals.ts";
import { boundBaseline, isDamaged } from "./baselines.ts";
import type { Evidence } from "./evidence.ts";
import { policyFor, type SiteSettings } from "./site.ts";
import { change, type Work } from "./work.ts";

export interface JudgeWith {
  readonly settings: SiteSettings;
  /** Parents of the bound commit, asked of GitHub before the transaction. */
  readonly head_parents: readonly string[];
  /** What GitHub says of approvals and of other Apps' checks, asked at the same moment. */
  readonly evidence: Evidence;
}

/** Judges the operation's gates now and writes the verdict, with the backup that it rests on, to the operation. */
export async function judgeNow(
  work: Work,
  given: JudgeWith,
): Promise<{ readonly work: Work; readonly verdict: Verdict }> {
  const backups = await work.tx.backupsOf(work.target.id);
  const facts = await judgementFacts(work, given, backups);
  const source = given.settings.config.environments[work.source.name];
  if (source === undefined)
    throw new Error(`The environment ${work.source.name} is not in the configuration.`);
  const policy = policyFor(given.settings, work.target.name);
  const verdict = judge(work.operation.kind, facts, { now: work.now, policy, source });
  const backup_id = backup.newestProven(backups)?.id ?? null;
  const shown = await shownBy(work, policy);
  const policy_digest = digestOf(policy);
  return { work: await change(work, { verdict, backup_id, policy_digest, shown }), verdict };
}

/** From the moment on that there is a plan, it can be approved. */
async function shownBy({ tx, operation, now }: Work, policy: Policy): Promise<Shown | null> {
  if (operation.shown !== null || operation.kind === "rollback") return operation.shown;
  const bound = await boundOf(tx, { operation, policy });
  return bound === null ? null : { ...bound, at: now };
}

async function judgementFacts(
  work: Work,
  given: JudgeWith,
  backups: readonly BackupFact[],
): Promise<JudgementFacts> {
  const { tx, operation } = work;
  const names = { source: work.source.name, target: work.target.name };
  const check = operation.drift_check_id === null ? null : await tx.driftCheck(operation.drift_check_id);
  const release = operation.release_id === null ? null : await tx.release(operation.release_id);
  return {
    drift: {
      ...names,
      has_baseline: operation.baseline_id !== null,
      damaged: (await boundBaseline(work)).damaged,
      check,
    },
    backup: { target: names.target, backups },
    release: {
      ...names,
      head_sha: operation.head_sha,
      head_parents: given.head_parents,
      release: release === null ? null : { digest: release.digest, commit: release.manifest.commit },
      plan: operation.plan,
      active_release: operation.plan === null ? null : operation.release_before,
    },
    approval: await approvals(work, given),
    checks: given.evidence.checks,
  };
}

async function approvals(work: Work, { settings, evidence }: JudgeWith): Promise<ApprovalFacts> {
  const { tx, operation, target } = work;
  const policy = policyFor(settings, target.name);
  return approvalFacts(tx, {
    target,
    policy,
    pull_request: operation.pull_request,
    requested_by: operation.requested_by,
    kind: operation.kind === "rollback" ? "rollback" : "promote",
    now: await boundOf(tx, { operation, policy }),
    evidence: evidence.approvals,
  });
}

export interface RecordsQuestion {
  readonly now: string;
  readonly source: EnvironmentRow;
  readonly target: EnvironmentRow;
  readonly settings: SiteSettings;
}

export interface RecordsVerdict {
  /** Drift and backup; the release can be judged only by building it. */
  readonly verdict: Verdict;
  readonly backup_age_s: number | null;
}

/**
 * What the records say of a promotion that would begin now: the newest drift check of this baseline, if it is young enough,
 * and the newest proven backup. For `/status`, and for the API, which promotes only on a check that was made before.
 */
export async function judgeRecords(tx: Tx, question: RecordsQuestion): Promise<RecordsVerdict> {
  const { now, source, target, settings } = question;
  const names = { source: source.name, target: target.name };
  const baseline = await tx.baselineOf(source.id, target.id);
  const check = baseline === null ? null : await tx.newestDriftCheck(target.id, baseline.id);
  const backups = await tx.backupsOf(target.id);
  const policy = policyFor(settings, target.name);
  const verdict = verdictOf([
    drift.evaluate(
      {
        ...names,
        has_baseline: baseline !== null,
        damaged: baseline !== null && isDamaged(baseline) ? baseline.damaged : null,
        check,
      },
      { now, max_age_s: policy.drift.max_age_s },
    ),
    backup.evaluate({ target: target.name, backups }, { now, max_age_s: policy.backup.max_age_s }),
  ]);
  const proven = backup.newestProven(backups);
  return { verdict, backup_age_s: proven === null ? null : secondsBetween(proven.taken_at, now) };
}
