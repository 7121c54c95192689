/** What flows need of the store. Ids are UUIDs, times ISO 8601 strings in UTC, rows read-only; `state_version` counts changes of a row. */
import type { AuditEntry, AuditRecord } from "../core/audit.ts";
import type { LockHeld, LockProof } from "../core/lock.ts";
import type { JobState, OperationKind, PromotionState } from "../core/vocabulary.ts";
import type { DriftVerdict } from "../core/wordpress/types.ts";
import type {
  ApprovalRow,
  BackupRow,
  BaselineRow,
  DamagedBaseline,
  DriftCheckRow,
  NewDriftCheck,
  ReleaseRow,
} from "./findings.ts";
import type { JobRow, LockRow, OperationRow, PersonLockRow } from "./operations.ts";
import type { PackageReleaseFilter, PackageReleaseRow, PackageReportRow } from "./packages.ts";
import type { NewEffect, ResourceRow, ShownCheck, ShownSince } from "./queue.ts";
import type { ApiRequestRow } from "./requests.ts";
import type { EnvironmentRow, HeadRow, PullRequestRow, SiteRow } from "./sites.ts";

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

  // configuration packages
  packageReport(id: string): Promise<PackageReportRow | null>;
  newestPackageReport(site_id: string, pull_request: number): Promise<PackageReportRow | null>;
  /** @returns the id of the report of this digest, which may be there already */
  addPackageReport(row: PackageReportRow): Promise<string>;
  /** Newest first. */
  packageReleases(filter: PackageReleaseFilter, page: Page): Promise<readonly PackageReleaseRow[]>;
  /** Inserts, or updates the row with this id. */
  putPackageRelease(row: PackageReleaseRow): Promise<void>;

  // once, one at a time, on record
  /** What a person's request of this key was answered; null: there was none. */
  apiRequest(login: string, key: string): Promise<ApiRequestRow | null>;
  addApiRequest(row: ApiRequestRow): Promise<void>;
  /** True the first time this key is claimed, false ever after. Keys: `comment:<repository id>:<id>`, `click:<check run>:<button>:<its state>:<login>`. */
  claimOnce(key: string, at: string): Promise<boolean>;
  /**
   * All of the environments or none. Asking again for the same operation grants again; an environment that a person has
   * locked is granted to nobody else's operations.
   */
  acquireLock(
    operation_id: string,
    environment_ids: readonly string[],
    at: string,
  ): Promise<LockProof | LockHeld>;
  releaseLock(operation_id: string): Promise<void>;
  locks(): Promise<readonly LockRow[]>;
  /** The runner of this operation was heard of. */
  heartbeat(operation_id: string, at: string): Promise<void>;
  personLock(environment_id: string): Promise<PersonLockRow | null>;
  putPersonLock(row: PersonLockRow): Promise<void>;
  removePersonLock(environment_id: string): Promise<void>;
  addAudit(entry: AuditEntry): Promise<AuditRecord>;
  /** Newest first. */
  audit(filter: { readonly site_id?: string }, page: Page): Promise<readonly AuditRecord[]>;
  /** Of all sites, in the order in which they were written, from after record `seq` on. */
  auditAfter(seq: number, limit: number): Promise<readonly AuditRecord[]>;
  addEffect(effect: NewEffect): Promise<void>;
  /** The policy of these sites was pushed: the reconciler looks at their checks soon. */
  markSettings(repository_ids: readonly number[], at: string): Promise<void>;
  /** When this store was last put back from a backup; null: never. */
  restoredAt(): Promise<string | null>;
  /** The operation is over: a run that was not started yet is not started any more. */
  withdrawDispatches(operation_id: string): Promise<void>;
  /** Those of these checks of a commit that were ever to be shown, by external id. */
  shownChecks(
    repository_id: number,
    head_sha: string,
    external_ids: readonly string[],
  ): Promise<ReadonlyMap<string, ShownCheck>>;
  /** The applied effects of these streams, oldest first. */
  shownSince(repository_id: number, streams: readonly string[]): Promise<readonly ShownSince[]>;
  resource(repository_id: number, stream: string): Promise<ResourceRow | null>;
}

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
