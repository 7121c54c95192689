/** Rows of what is done: operations, their jobs, and the locks that they hold. */
import type { Shown } from "../core/approval.ts";
import type { OperationProgress } from "../core/progress.ts";
import type { Report, ReportAnswer } from "../core/report.ts";
import type { Verdict } from "../core/verdict.ts";
import type { JobState, JobType, OperationKind, PromotionState } from "../core/vocabulary.ts";
import type { Comparison } from "../core/wordpress/comparison.ts";
import type { Plan, RefreshPlan } from "../core/wordpress/types.ts";
import type { OperationPackages } from "./packages.ts";

/** What a command began. Promotions and rollbacks are operations; a refused command leaves one too, as `blocked`. */
export interface OperationRow {
  readonly id: string;
  readonly kind: OperationKind;
  readonly site_id: string;
  readonly source_environment_id: string;
  readonly target_environment_id: string;
  readonly pull_request: number | null;
  /** The commit that the command was bound to; checks are posted on it. */
  readonly head_sha: string;
  readonly state: PromotionState;
  readonly asked: Asked;
  readonly requested_by: string;
  readonly requested_at: string;
  /** The comment that began it; null for the API. */
  readonly comment_id: number | null;
  readonly nonce: string;
  readonly baseline_id: string | null;
  readonly drift_check_id: string | null;
  readonly backup_id: string | null;
  readonly release_id: string | null;
  /** Digest of policy and configuration under which the verdict was made; another one stops the operation. */
  readonly settings_digest: string;
  /** Releases of the target as the host names them (12 hex digits). */
  readonly release_before: string | null;
  readonly release_after: string | null;
  readonly verdict: Verdict | null;
  /** Digest of the policy for the target that the verdict was made under. */
  readonly policy_digest: string | null;
  /** What the plan shows for approval, and since when; null: there is no plan, or the kind needs no approval. */
  readonly shown: Shown | null;
  readonly plan: Plan | null;
  /** What a refresh overwrites and keeps; null for the other kinds. */
  readonly refresh: RefreshPlan | null;
  /** Both sides compared for a declared baseline; null for the other kinds. */
  readonly comparison: Comparison | null;
  /** What an operation on configuration packages moves; null for those on environments. */
  readonly packages: OperationPackages | null;
  readonly progress: OperationProgress;
  /** Stable code and sentence of how it ended. */
  readonly result_code: string | null;
  readonly result_message: string | null;
  /** Why the operation must stop at its next safe point; null: nobody asked. */
  readonly cancel_reason: string | null;
  readonly run_id: number | null;
  readonly run_url: string | null;
  /** When GitHub had started the run of this attempt; null: not yet. */
  readonly dispatched_at: string | null;
  /** Which attempt this is, from 1. Each has a run, a nonce and jobs of its own. */
  readonly attempt: number;
  /** When the next attempt begins; null: none is planned. */
  readonly retry_at: string | null;
  /** Since when it waits for its environments; null: it does not, or not any more. */
  readonly queued_at: string | null;
  /** Recoveries that were begun for it since it is `unknown`. */
  readonly recoveries: number;
  /** When the next recovery may begin; null: none is planned. */
  readonly recover_at: string | null;
  /** When the comment was last (or will next be) edited: edits keep 15 s between them. */
  readonly commented_at: string | null;
  readonly finished_at: string | null;
  readonly state_version: number;
}

/** What a command said after its word. */
export interface Asked {
  /** `/drift --full` */
  readonly full: boolean;
  /** `/baseline accept <12 hexadecimal digits>` */
  readonly accept: string | null;
}

export interface JobRow {
  readonly id: string;
  readonly operation_id: string;
  readonly environment_id: string;
  readonly type: JobType;
  readonly state: JobState;
  readonly created_at: string;
  readonly claimed_at: string | null;
  readonly finished_at: string | null;
  readonly timeout_s: number;
  readonly attempt_count: number;
  /** The attempt of its operation that it belongs to. */
  readonly attempt: number;
  /** The workflow run that claimed it: only that run may report. */
  readonly run_id: number | null;
  /** Built and validated at the claim. */
  readonly input: { readonly [key: string]: unknown } | null;
  readonly report: Report | null;
  /** What the report was answered with: a repeated report is answered alike. */
  readonly answer: ReportAnswer | null;
  readonly error_code: string | null;
  readonly error_message: string | null;
  readonly state_version: number;
}

export interface LockRow {
  readonly environment_id: string;
  readonly operation_id: string;
  readonly acquired_at: string;
  /** When its runner was last heard of. */
  readonly heartbeat_at: string;
}

/** A person keeps an environment: only their own commands begin anything there. */
export interface PersonLockRow {
  readonly environment_id: string;
  readonly login: string;
  readonly reason: string;
  readonly pull_request: number;
  readonly acquired_at: string;
}
