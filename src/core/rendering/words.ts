/** The small words that several renderers share. */
import type { Gate, Outcome } from "../verdict.ts";
import type { JobType, OperationKind, PromotionState } from "../vocabulary.ts";

/** What an operation is called at the head of its comment. */
export function operationTitle(kind: OperationKind, source: string, target: string): string {
  switch (kind) {
    case "promote":
      return `Promotion of ${source} to ${target}`;
    case "plan":
      return `Plan for ${source} to ${target}`;
    case "drift":
      return `Drift of ${target}`;
    case "backup":
      return `Backup of ${target}`;
    case "refresh":
      return `Refresh of ${source} from ${target}`;
    case "baseline":
      return `Baseline of ${source} and ${target}`;
    case "rollback":
      return `Rollback of ${target}`;
    case "stage":
      return "Staging of packages";
    case "activate":
      return "Activation of packages";
  }
}

export const STATE_WORDS: Readonly<Record<PromotionState, string>> = {
  requested: "starting",
  checking: "checking",
  blocked: "blocked",
  waiting: "waiting",
  ready: "ready",
  running: "running",
  activated: "active, not yet confirmed",
  verifying: "checking health",
  succeeded: "done",
  rolled_back: "rolled back",
  failed: "failed",
  cancelled: "stopped",
  unknown: "unknown",
};

export const OUTCOME_SIGNS: Readonly<Record<Outcome, string>> = {
  pass: "✅ pass",
  wait: "⏳ wait",
  block: "❌ block",
};

export const JOB_WORDS: Readonly<Record<JobType, string>> = {
  baseline_create: "record the baseline",
  drift_check: "compare with the baseline",
  backup_create: "take and prove a backup",
  release_build: "build the release",
  env_promote: "promote",
  release_rollback: "roll back",
  health_check: "check health",
  env_refresh: "refresh",
  recover: "recover",
};

/** The name of a check run; commits are shared between pull requests, so the target is part of it. */
export function checkName(target: string, gate: Gate): string {
  return `belay / ${target} / ${gate}`;
}

/** `1 table`, `3 tables`. */
export function count(n: number, noun: string): string {
  return `${n} ${noun}${n === 1 ? "" : "s"}`;
}

/** A commit or a release as people read it. */
export function shortId(id: string): string {
  return id.slice(0, 12);
}

export function details(summary: string, body: string): string {
  return `<details><summary>${summary}</summary>\n\n${body}\n\n</details>`;
}
