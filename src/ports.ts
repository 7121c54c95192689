/**
 * What flows need from the world: the store, GitHub, the clock. Adapters implement these; flows ask for the least of them.
 * Ids are UUIDs, times are ISO 8601 strings in UTC, rows are read-only values. `state_version` counts changes of a row.
 */
import type { Bound, Committers, Review, Shown } from "./core/approval.ts";
import type { AuditEntry, AuditRecord } from "./core/audit.ts";
import type { Effect, EffectResult } from "./core/effects.ts";
import type { Facts, Fingerprint, Manifest } from "./core/facts.ts";
import type { ForeignCheckRun } from "./core/gates/checks.ts";
import type { LockHeld, LockProof } from "./core/lock.ts";
import type { Permission } from "./core/policy.ts";
import type { OperationProgress } from "./core/progress.ts";
import type { Report, ReportAnswer } from "./core/report.ts";
import type { Verdict } from "./core/verdict.ts";
import type {
  BackupState,
  DriftStatus,
  EnvironmentStatus,
  EnvironmentType,
  JobState,
  JobType,
  OperationKind,
  PromotionState,
} from "./core/vocabulary.ts";
import type { Comparison } from "./core/wordpress/comparison.ts";
import type { DriftVerdict, Plan, RefreshPlan } from "./core/wordpress/types.ts";

// ---- rows -------------------------------------------------------------------------------------------------------------

/** A repository as GitHub names it; the id decides, names may change. */
export interface Repository {
  readonly id: number;
  readonly owner: string;
  readonly name: string;
  readonly installation_id: number;
  readonly default_branch: string;
}

export interface SiteRow {
  readonly id: string;
  /** The site's name in its configuration. */
  readonly name: string;
  readonly repository: Repository;
}

export interface EnvironmentRow {
  readonly id: string;
  readonly site_id: string;
  readonly name: string;
  readonly type: EnvironmentType;
  readonly branch: string;
  readonly url: string;
  readonly status: EnvironmentStatus;
  readonly drift_status: DriftStatus;
  readonly drift_checked_at: string | null;
  readonly last_drift_check_id: string | null;
  /** The release the environment is known to run; null until Belay promoted something to it. */
  readonly current_release_id: string | null;
  readonly state_version: number;
}

export interface PullRequestRow {
  readonly repository_id: number;
  readonly number: number;
  readonly base_ref: string;
  readonly head_ref: string;
  readonly head_repository_id: number | null;
  readonly author: string;
  readonly title: string;
  readonly state: "open" | "closed" | "merged";
}

/** A head that a webhook told of. `changed_at` is GitHub's clock (the pull request's updated_at), `seen_at` ours. */
export interface HeadRow {
  readonly repository_id: number;
  readonly number: number;
  readonly sha: string;
  readonly changed_at: string;
  readonly seen_at: string;
}

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
  readonly progress: OperationProgress;
  /** Stable code and sentence of how it ended. */
  readonly result_code: string | null;
  readonly result_message: string | null;
  /** Why the operation must stop at its next safe point; null: nobody asked. */
  readonly cancel_reason: string | null;
  readonly run_id: number | null;
  readonly run_url: string | null;
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

export interface LockRow {
  readonly environment_id: string;
  readonly operation_id: string;
  readonly acquired_at: string;
}

/** A row of the outbox. The store numbers it, so that one stream is applied in order. */
export interface EffectRow {
  readonly id: string;
  readonly seq: number;
  readonly stream: string;
  readonly operation_id: string | null;
  readonly repository: Repository;
  readonly effect: Effect;
  readonly state: "pending" | "done" | "failed" | "superseded";
  readonly attempts: number;
  readonly not_before: string;
  readonly last_error: string | null;
}
/** What a flow writes; `not_before` delays it (progress edits). An older pending effect it supersedes is marked so. */
export interface NewEffect {
  readonly id: string;
  readonly operation_id: string | null;
  readonly repository: Repository;
  readonly effect: Effect;
  readonly not_before: string;
}

/** What an applied effect made on GitHub: the result is found by its stream. */
export interface ResourceRow {
  readonly repository_id: number;
  readonly stream: string;
  readonly external_id: number | null;
  readonly url: string | null;
}

/** A webhook as it came in; its work is done later, outside the request. */
export interface DeliveryRow {
  readonly id: string;
  readonly event: string;
  readonly payload: unknown;
  readonly received_at: string;
  readonly state: "pending" | "done" | "failed";
  readonly attempts: number;
  readonly not_before: string;
  readonly last_error: string | null;
}

// ---- store ------------------------------------------------------------------------------------------------------------

export interface Page {
  readonly limit: number;
  /** Id of the last row of the page before. */
  readonly after?: string;
}

/** Everything inside happens together or not at all. `update*` and `put*` answer the row as it now is and count its version. */
export interface Tx {
  // sites and environments
  siteOfRepository(repository_id: number): Promise<SiteRow | null>;
  site(id: string): Promise<SiteRow | null>;
  sites(page: Page): Promise<readonly SiteRow[]>;
  /** Inserts, or updates the row with this id. */
  putSite(row: SiteRow): Promise<void>;
  environment(id: string): Promise<EnvironmentRow | null>;
  environmentsOf(site_id: string): Promise<readonly EnvironmentRow[]>;
  environments(page: Page): Promise<readonly EnvironmentRow[]>;
  putEnvironment(row: EnvironmentRow): Promise<void>;
  updateEnvironment(id: string, change: Partial<Omit<EnvironmentRow, "id">>): Promise<EnvironmentRow>;

  // pull requests
  pullRequest(repository_id: number, number: number): Promise<PullRequestRow | null>;
  putPullRequest(row: PullRequestRow): Promise<void>;
  pullRequestsOf(repository_id: number): Promise<readonly PullRequestRow[]>;
  /** Repeating a head at the same `changed_at` changes nothing. */
  addHead(row: HeadRow): Promise<void>;
  /** Oldest first, by `changed_at`. */
  headsOf(repository_id: number, number: number): Promise<readonly HeadRow[]>;

  // operations
  operation(id: string): Promise<OperationRow | null>;
  /** As `operation`, holding the row until the transaction ends: what decides a change reads it this way. */
  operationForUpdate(id: string): Promise<OperationRow | null>;
  addOperation(row: OperationRow): Promise<void>;
  updateOperation(id: string, change: Partial<Omit<OperationRow, "id">>): Promise<OperationRow>;
  /** Newest first. Every given field must match. */
  operations(filter: OperationFilter, page: Page): Promise<readonly OperationRow[]>;

  // jobs
  job(id: string): Promise<JobRow | null>;
  addJob(row: JobRow): Promise<void>;
  updateJob(id: string, change: Partial<Omit<JobRow, "id">>): Promise<JobRow>;
  /** In the order in which they were made. */
  jobsOf(operation_id: string): Promise<readonly JobRow[]>;
  /** Newest first. */
  jobs(filter: JobFilter, page: Page): Promise<readonly JobRow[]>;

  // what was found out
  release(id: string): Promise<ReleaseRow | null>;
  releaseByDigest(site_id: string, digest: string): Promise<ReleaseRow | null>;
  putRelease(row: ReleaseRow): Promise<void>;
  /** The newest baseline of this pair. */
  baselineOf(
    source_environment_id: string,
    target_environment_id: string,
  ): Promise<BaselineRow | DamagedBaseline | null>;
  baseline(id: string): Promise<BaselineRow | DamagedBaseline | null>;
  addBaseline(row: BaselineRow): Promise<void>;
  driftCheck(id: string): Promise<DriftCheckRow | null>;
  /** What a check found, without the fingerprint that it rests on: to be shown, not to be judged by. */
  driftVerdict(id: string): Promise<DriftVerdict | null>;
  addDriftCheck(row: NewDriftCheck): Promise<void>;
  /** The newest check of this environment against this baseline. */
  newestDriftCheck(environment_id: string, baseline_id: string): Promise<DriftCheckRow | null>;
  /** Newest first (`taken_at`, then `created_at`). */
  backupsOf(environment_id: string): Promise<readonly BackupRow[]>;
  backup(id: string): Promise<BackupRow | null>;
  putBackup(row: BackupRow): Promise<void>;
  addApproval(row: ApprovalRow): Promise<void>;
  /** By command, oldest first. */
  approvalsOf(target_environment_id: string, pull_request: number): Promise<readonly ApprovalRow[]>;

  // once, one at a time, on record
  /** What a person's request of this key was answered; null: there was none. */
  apiRequest(login: string, key: string): Promise<ApiRequestRow | null>;
  addApiRequest(row: ApiRequestRow): Promise<void>;
  /** True the first time this key is claimed, false ever after. Keys: `comment:<repository id>:<id>`, `click:<check run>:<button>`. */
  claimOnce(key: string, at: string): Promise<boolean>;
  /** All of the environments or none. Asking again for the same operation grants again. */
  acquireLock(
    operation_id: string,
    environment_ids: readonly string[],
    at: string,
  ): Promise<LockProof | LockHeld>;
  releaseLock(operation_id: string): Promise<void>;
  locks(): Promise<readonly LockRow[]>;
  addAudit(entry: AuditEntry): Promise<AuditRecord>;
  /** Newest first. */
  audit(filter: { readonly site_id?: string }, page: Page): Promise<readonly AuditRecord[]>;
  /** Of all sites, in the order in which they were written, from after record `seq` on. */
  auditAfter(seq: number, limit: number): Promise<readonly AuditRecord[]>;
  addEffect(effect: NewEffect): Promise<void>;
  resource(repository_id: number, stream: string): Promise<ResourceRow | null>;
}

/** A request of the API that named itself by a key. Immutable. */
export interface ApiRequestRow {
  /** Whose key it is, in small letters. */
  readonly login: string;
  readonly key: string;
  /** Digest of what was asked for: the same key for anything else is refused. */
  readonly request: string;
  readonly answer: ApiAnswer;
  readonly at: string;
}

export type ApiAnswer =
  | { readonly kind: "accepted"; readonly job_id: string; readonly operation_id: string }
  | {
      readonly kind: "refused";
      readonly status: 400 | 403 | 404 | 409;
      readonly code: string;
      readonly message: string;
      readonly verdict?: Verdict;
    };

export interface OperationFilter {
  readonly site_id?: string;
  readonly target_environment_id?: string;
  readonly source_environment_id?: string;
  readonly pull_request?: number;
  readonly run_id?: number;
  readonly kinds?: readonly OperationKind[];
  readonly states?: readonly PromotionState[];
}

export interface JobFilter {
  readonly environment_id?: string;
  readonly states?: readonly JobState[];
}

export interface Store {
  /** Runs again from the start when the database asks for it (serialisation failure): `work` has no other effects. */
  transaction<T>(work: (tx: Tx) => Promise<T>): Promise<T>;
}

/** Numbers about the bot's work, for whoever watches it. Times in seconds. */
export interface Figures {
  readonly operations: readonly {
    readonly kind: OperationKind;
    readonly state: PromotionState;
    readonly count: number;
  }[];
  /** From the command to the end, of those that succeeded. */
  readonly durations: readonly {
    readonly kind: OperationKind;
    readonly count: number;
    readonly seconds: number;
  }[];
  readonly deliveries: readonly { readonly state: DeliveryRow["state"]; readonly count: number }[];
  readonly effects: readonly { readonly state: EffectRow["state"]; readonly count: number }[];
  /** How long the oldest waits that could be worked on; 0 where none waits. */
  readonly waiting_s: { readonly deliveries: number; readonly effects: number };
  readonly locks: number;
}

/** The loop's side of deliveries and effects: rows taken with FOR UPDATE SKIP LOCKED; flows do not use it. */
export interface Queue {
  /** After so many tries a row is set aside as failed. */
  readonly most_attempts: number;
  figures(now: string): Promise<Figures>;
  /** False when a delivery of this id is stored already. */
  addDelivery(row: Pick<DeliveryRow, "id" | "event" | "payload" | "received_at">): Promise<boolean>;
  /** Hands one due delivery to `work`; done when it returns, tried again later when it throws. False when none is due. */
  takeDelivery(now: string, work: (row: DeliveryRow) => Promise<void>): Promise<boolean>;
  /** Hands the first due effect of a free stream to `work` and records the result. False when none is due. */
  takeEffect(
    now: string,
    work: (row: EffectRow, known: ResourceRow | null) => Promise<EffectResult>,
  ): Promise<boolean>;
}

// ---- GitHub -----------------------------------------------------------------------------------------------------------

export interface PullRequest {
  readonly number: number;
  readonly state: "open" | "closed" | "merged";
  readonly title: string;
  readonly author: string;
  readonly base_ref: string;
  readonly head_ref: string;
  readonly head_sha: string;
  /** Null when the head's repository is gone. */
  readonly head_repository_id: number | null;
  readonly updated_at: string;
}

export interface IssueComment {
  readonly id: number;
  /** The issue's or pull request's number. */
  readonly number: number;
  readonly body: string;
  readonly author: string;
  readonly author_type: "User" | "Bot" | "Organization" | "Mannequin";
  readonly created_at: string;
  readonly updated_at: string;
}

export interface RepositoryFile {
  readonly path: string;
  readonly text: string;
  /** Git's id of the content. */
  readonly sha: string;
}

/** Whether there is a policy file. `hidden`: GitHub shows the App no such repository, and there may be one all the same. */
export type PolicyAnswer =
  | { readonly kind: "file"; readonly file: RepositoryFile }
  | { readonly kind: "absent" }
  | { readonly kind: "hidden" };

/** Every read throws a GithubError (code, retry) when GitHub could not tell; null is a definite "there is none". */
export interface Github {
  pullRequest(repository: Repository, number: number): Promise<PullRequest | null>;
  openPullRequests(
    repository: Repository,
    branches: { readonly head: string; readonly base: string },
  ): Promise<readonly PullRequest[]>;
  comment(repository: Repository, id: number): Promise<IssueComment | null>;
  permission(repository: Repository, login: string): Promise<Permission>;
  /** A file at the head of the default branch, never of a pull request. */
  defaultBranchFile(repository: Repository, path: string): Promise<RepositoryFile | null>;
  /** A file on the default branch of another repository of the same owner. */
  policyFile(
    repository: Repository,
    where: { readonly name: string; readonly path: string },
  ): Promise<PolicyAnswer>;
  /** Whether the person is an active member of this team of the repository's owner. */
  isTeamMember(repository: Repository, team: string, login: string): Promise<boolean>;
  /** Reviews of people that say yes, no, or were dismissed; oldest first. */
  reviews(repository: Repository, number: number): Promise<readonly Review[]>;
  committers(repository: Repository, number: number): Promise<Committers>;
  checkRuns(repository: Repository, sha: string, name: string): Promise<readonly ForeignCheckRun[]>;
  /** Null when the commit is not in the repository. */
  commitParents(repository: Repository, sha: string): Promise<readonly string[] | null>;
  /** Paths that the pull request changes; `complete` is false when there are more than GitHub lists. */
  changedFiles(
    repository: Repository,
    number: number,
  ): Promise<{ readonly paths: readonly string[]; readonly complete: boolean }>;
  applyEffect(
    repository: Repository,
    effect: Effect,
    known: Pick<ResourceRow, "external_id" | "url"> | null,
  ): Promise<EffectResult>;
}

// ---- clock and ids ----------------------------------------------------------------------------------------------------

export interface Clock {
  /** ISO 8601, UTC, milliseconds. */
  now(): string;
  /** A new random UUID. */
  id(): string;
}
