/** Collects what the gates judge, for an operation in hand. */
import type { BackupFact } from "../core/gates/backup.ts";
import { newestProven } from "../core/gates/backup.ts";
import { type JudgementFacts, judge } from "../core/judgement.ts";
import type { Verdict } from "../core/verdict.ts";
import type { SiteSettings } from "./site.ts";
import { change, type Work } from "./work.ts";

export interface JudgeWith {
  readonly settings: SiteSettings;
  /** Parents of the bound commit, asked of GitHub before the transaction. */
  readonly head_parents: readonly string[];
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
  const verdict = judge(work.operation.kind, facts, {
    now: work.now,
    policy: given.settings.policy,
    source,
    drift_check_may_be_stale: false,
  });
  const backup_id = newestProven(backups)?.id ?? null;
  return { work: await change(work, { verdict, backup_id }), verdict };
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
    drift: { ...names, has_baseline: operation.baseline_id !== null, check },
    backup: { target: names.target, backups },
    release: {
      ...names,
      head_sha: operation.head_sha,
      head_parents: given.head_parents,
      release: release === null ? null : { digest: release.digest, commit: release.manifest.commit },
      plan: operation.plan,
    },
  };
}
