/** The gates of a kind of operation, judged together, on the drift check that the operation made itself. */
import type { SiteEnvironment } from "./config/types.ts";
import * as backup from "./gates/backup.ts";
import * as drift from "./gates/drift.ts";
import * as release from "./gates/release.ts";
import type { Policy } from "./policy.ts";
import { type Verdict, verdictOf } from "./verdict.ts";
import type { OperationKind } from "./vocabulary.ts";

export interface JudgementFacts {
  readonly drift: drift.DriftFacts;
  readonly backup: backup.BackupFacts;
  readonly release: release.ReleaseFacts;
}

export interface JudgementSettings {
  readonly now: string;
  readonly policy: Policy;
  readonly source: SiteEnvironment;
}

/** A rollback and a refresh have no gates: nothing may keep anybody from going back, and a refresh never changes the target. */
export function judge(kind: OperationKind, facts: JudgementFacts, settings: JudgementSettings): Verdict {
  const { now, policy, source } = settings;
  const gates = {
    drift: () => drift.evaluate(facts.drift, { now, max_age_s: null }),
    backup: () => backup.evaluate(facts.backup, { now, max_age_s: policy.backup.max_age_s }),
    release: () => release.evaluate(facts.release, { built_from_git: source.built_from_git }),
  };
  switch (kind) {
    case "promote":
    case "plan":
      return verdictOf([gates.drift(), gates.backup(), gates.release()]);
    case "drift":
      return verdictOf([gates.drift()]);
    case "backup":
      return verdictOf([gates.backup()]);
    case "refresh":
    case "rollback":
      return { outcome: "pass", gates: [] };
  }
}

/** Whether the verdict keeps the operation from starting (or going on): a plan shows blocks, it is not stopped by them. */
export function stops(kind: OperationKind, verdict: Verdict): boolean {
  if (kind === "promote") return verdict.outcome === "block";
  return kind === "plan" && verdict.gates.some((gate) => gate.code === "drift_unknown");
}
