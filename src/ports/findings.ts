/** Rows of what was found out and decided: releases, baselines, drift checks, backups, approvals. Most are immutable. */
import type { Bound } from "../core/approval.ts";
import type { Facts, Fingerprint, Manifest } from "../core/facts.ts";
import type { BackupState, DriftStatus } from "../core/vocabulary.ts";
import type { DriftVerdict } from "../core/wordpress/types.ts";

export type ReleaseStatus = "draft" | "committed" | "staged" | "released" | "superseded" | "vetoed";

export interface ReleaseRow {
  readonly id: string;
  readonly site_id: string;
  readonly environment_id: string;
  readonly operation_id: string;
  readonly digest: string;
  readonly status: ReleaseStatus;
  readonly bytes: number;
  readonly manifest: Manifest;
  readonly created_at: string;
}

/** Both sides at the moment of cloning, refreshing, or a promotion that made items equal. Immutable; the newest counts. */
export interface BaselineRow {
  readonly id: string;
  readonly source_environment_id: string;
  readonly target_environment_id: string;
  readonly operation_id: string;
  readonly source: Fingerprint;
  readonly target: Fingerprint;
  readonly created_at: string;
}

/** A baseline that is stored but not as it was written: nothing may be judged by it. */
export interface DamagedBaseline {
  readonly id: string;
  /** What is wrong with it, as the end of a sentence. */
  readonly damaged: string;
}

/** Immutable. `status` is `unknown` when there was no baseline to compare with. */
export interface DriftCheckRow {
  readonly id: string;
  readonly environment_id: string;
  readonly source_environment_id: string;
  readonly operation_id: string;
  readonly baseline_id: string | null;
  readonly status: DriftStatus;
  /** Null where the record is damaged. */
  readonly fingerprint: Fingerprint | null;
  /** Null where the record is damaged. */
  readonly drift: DriftVerdict | null;
  readonly checked_at: string;
  /** What is wrong with the record, as the end of a sentence; null: nothing. */
  readonly damaged: string | null;
}

export type NewDriftCheck = Omit<DriftCheckRow, "damaged" | "fingerprint" | "drift"> & {
  readonly fingerprint: Fingerprint;
  readonly drift: DriftVerdict;
};

export interface BackupRow {
  readonly id: string;
  readonly environment_id: string;
  readonly operation_id: string;
  readonly state: BackupState;
  readonly scope: "db" | "files" | "full";
  /** Empty until the host told them. `completed` means restored and compared. */
  readonly snapshot: string | null;
  readonly taken_at: string | null;
  readonly bytes: number;
  readonly proof: Facts["backup_create"]["backup"]["verified"] | null;
  readonly created_at: string;
  readonly error_message: string | null;
}

/** An `/approve`. Immutable: whether it counts depends on what has changed since. */
export interface ApprovalRow {
  readonly id: string;
  readonly site_id: string;
  readonly target_environment_id: string;
  readonly pull_request: number;
  readonly kind: "promote" | "rollback";
  readonly by: string;
  readonly at: string;
  readonly comment_id: number;
  readonly bound: Bound;
}
