/**
 * Rows as the API shows them: without what is large, internal or the host's own business. `details` is false for people without
 * write permission: what names rows or values, or is a host's own words, is null for them.
 */
import type { AuditRecord } from "../core/audit.ts";
import type { Verdict } from "../core/verdict.ts";
import type { Plan, RefreshPlan } from "../core/wordpress/types.ts";
import type { BackupRow, DriftCheckRow } from "../ports/findings.ts";
import type { JobRow, OperationRow } from "../ports/operations.ts";
import type { OperationPackages } from "../ports/packages.ts";
import type { EnvironmentRow, SiteRow } from "../ports/sites.ts";

export function siteView({ id, name, repository }: SiteRow) {
  return { id, name, repository: `${repository.owner}/${repository.name}`, repository_id: repository.id };
}

export function backupView(row: BackupRow, details: boolean) {
  const { id, environment_id, operation_id, state, scope, snapshot, taken_at, bytes, proof } = row;
  const { created_at, error_message } = row;
  return {
    ...{ id, environment_id, operation_id, state, scope, snapshot, taken_at, bytes, proof },
    ...{ created_at, error_message: details ? error_message : null },
  };
}

export function auditView(record: AuditRecord) {
  const { seq, actor, action, subject, site_id, reason, details, at, previous_hash, hash } = record;
  return { seq, actor, action, subject, site_id, reason, details, at, previous_hash, hash };
}

export function environmentView(row: EnvironmentRow) {
  const { site_id, drift_status, drift_checked_at, last_drift_check_id, current_release_id, ...rest } = row;
  const { id, name, type, branch, url, status, state_version } = rest;
  return {
    ...{ id, site_id, name, type, branch, url, status },
    ...{ drift_status, drift_checked_at, last_drift_check_id, current_release_id, state_version },
  };
}

export function jobView(row: JobRow, details: boolean) {
  const { id, operation_id, environment_id, type, state, timeout_s, attempt_count, run_id } = row;
  const { created_at, claimed_at, finished_at, error_code, error_message, report } = row;
  return {
    ...{ id, operation_id, environment_id, type, state, timeout_s, attempt_count, run_id },
    ...{ created_at, claimed_at, finished_at, error_code },
    error_message: details ? error_message : null,
    steps: report?.steps ?? [],
  };
}

export function promotionView(row: OperationRow, details: boolean) {
  const { id, kind, site_id, source_environment_id, target_environment_id, pull_request, head_sha } = row;
  const { state, requested_by, requested_at, finished_at, result_code, result_message, run_url } = row;
  const { baseline_id, drift_check_id, backup_id, release_id, release_before, release_after, verdict } = row;
  return {
    ...{ id, kind, site_id, source_environment_id, target_environment_id, pull_request, head_sha, state },
    ...{ requested_by, requested_at, finished_at, result_code, run_url },
    result_message: details ? result_message : null,
    ...{ baseline_id, drift_check_id, backup_id, release_id, release_before, release_after },
    verdict: details || verdict === null ? verdict : withoutReasons(verdict),
    packages: row.packages === null ? null : packagesView(row.packages),
  };
}

const withoutReasons = ({ outcome, gates }: Verdict): Verdict => ({
  outcome,
  gates: gates.map(({ details: _details, ...gate }) => gate),
});

function packagesView({ moves, reason, commit, told = [] }: OperationPackages) {
  return {
    moves: moves.map(({ root, kind, id, from, to }) => ({ root, kind, id, from, to })),
    reason,
    commit,
    told,
  };
}

/** What an operation would do, or how both sides differ; what is the host's own business is left out. */
export function planView(row: OperationRow) {
  const { id, kind, state, head_sha, requested_at, release_id, baseline_id, drift_check_id, comparison } =
    row;
  return {
    ...{ operation_id: id, kind, state, head_sha, requested_at, release_id, baseline_id, drift_check_id },
    plan: row.plan === null ? null : withoutJob(row.plan),
    refresh: row.refresh === null ? null : withoutExpected(row.refresh),
    comparison,
  };
}

const withoutJob = ({ job: _job, ...plan }: Plan) => plan;
const withoutExpected = ({ expected_source: _expected, ...refresh }: RefreshPlan) => refresh;

export function driftCheckView(row: DriftCheckRow, details: boolean) {
  const { id, environment_id, source_environment_id, operation_id, baseline_id, status, checked_at } = row;
  return {
    ...{ id, environment_id, source_environment_id, operation_id, baseline_id, status, checked_at },
    damaged: row.damaged,
    drift: details ? row.drift : null,
  };
}
