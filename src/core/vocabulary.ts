/**
 * The words of the project, as closed unions. Their meanings stand in docs/glossary.md; nothing here decides anything.
 */
import { z } from "zod";

export const EnvironmentType = z.enum(["production", "staging", "clone"]);
export type EnvironmentType = z.infer<typeof EnvironmentType>;

export const EnvironmentStatus = z.enum(["active", "cloning", "deploying", "restoring", "failed"]);
export type EnvironmentStatus = z.infer<typeof EnvironmentStatus>;

export const PromotionState = z.enum([
  "requested",
  "checking",
  "blocked",
  "waiting",
  "ready",
  "running",
  "activated",
  "verifying",
  "succeeded",
  "rolled_back",
  "failed",
  "cancelled",
  "unknown",
]);
export type PromotionState = z.infer<typeof PromotionState>;

export const JobState = z.enum(["queued", "running", "succeeded", "failed", "cancelled"]);
export type JobState = z.infer<typeof JobState>;

export const BackupState = z.enum(["pending", "running", "completed", "failed", "expired"]);
export type BackupState = z.infer<typeof BackupState>;

export const DriftStatus = z.enum(["unknown", "clean", "drifted"]);
export type DriftStatus = z.infer<typeof DriftStatus>;

export const DriftMode = z.enum(["strict", "live"]);
export type DriftMode = z.infer<typeof DriftMode>;

export const Preset = z.enum(["content-protect", "commerce-protect"]);
export type Preset = z.infer<typeof Preset>;

/**
 * What a table, a row or an option is. `editorial` and `live` are protected content (made by editors, made by visitors);
 * `secret` stays with its environment; `config` is promotable; `derived` is computed from other data; `noise` means nothing.
 * `unclassified` is the absence of a class, and blocks.
 */
export const DataClass = z.enum([
  "editorial",
  "live",
  "secret",
  "config",
  "derived",
  "noise",
  "unclassified",
]);
export type DataClass = z.infer<typeof DataClass>;

/** Where the target's PHP does not run the hold: promote nothing, or switch with a moment in which pages mix both releases. */
export const HoldWithout = z.enum(["refuse", "brief_mixture"]);
export type HoldWithout = z.infer<typeof HoldWithout>;

/** How caches in front of a site are told to forget. */
export const PurgeMethod = z.enum(["PURGE", "BAN", "GET", "POST"]);
export type PurgeMethod = z.infer<typeof PurgeMethod>;

/** What a refresh does with personal data: copies it, replaces it by made-up text, or leaves its rows out. */
export const PersonalData = z.enum(["keep", "mask", "leave_out"]);
export type PersonalData = z.infer<typeof PersonalData>;

/** What personal data becomes in a copy: made-up text of the same kind, the same for the same row wherever it stands. */
export const MaskKind = z.enum([
  "email",
  "login",
  "name",
  "text",
  "phone",
  "address",
  "ip",
  "url",
  "password",
  "empty",
]);
export type MaskKind = z.infer<typeof MaskKind>;

/** What an operation is for: which command began it. One operation is one run and one or more jobs. */
export const OperationKind = z.enum([
  "promote",
  "plan",
  "drift",
  "backup",
  "refresh",
  "baseline",
  "rollback",
  "stage",
  "activate",
]);
export type OperationKind = z.infer<typeof OperationKind>;

export const JobType = z.enum([
  "baseline_create",
  "drift_check",
  "backup_create",
  "release_build",
  "env_promote",
  "release_rollback",
  "health_check",
  "env_refresh",
  "recover",
]);
export type JobType = z.infer<typeof JobType>;

/** The playbook of each job type, below ansible/playbooks/. */
export const PLAYBOOKS: Readonly<Record<JobType, string>> = {
  baseline_create: "baseline.yml",
  drift_check: "drift-check.yml",
  backup_create: "backup-create.yml",
  release_build: "release-build.yml",
  env_promote: "env-promote.yml",
  release_rollback: "release-rollback.yml",
  health_check: "health-check.yml",
  env_refresh: "env-refresh.yml",
  recover: "recover.yml",
};
