/** The tables as Kysely sees them: the rows of the ports, their JSON columns written as text, and what only the store knows. */
import type { ColumnType, Generated, Kysely, Transaction } from "kysely";
import type { AuditRecord } from "../core/audit.ts";
import type * as findings from "../ports/findings.ts";
import type * as operations from "../ports/operations.ts";
import type { PackageReleaseRow, PackageReportRow } from "../ports/packages.ts";
import type * as queue from "../ports/queue.ts";
import type { ApiRequestRow } from "../ports/requests.ts";
import type * as sites from "../ports/sites.ts";

/** A row whose columns `J` hold JSON: read as values, written as text (the type `json` keeps the text as it is). */
type Stored<Row, J extends keyof Row = never> = {
  readonly [K in keyof Row]: K extends J ? ColumnType<Row[K], string | null, string | null> : Row[K];
};
/** In the order in which rows were written: what "newest" and "first" mean. */
type Numbered = { readonly seq: Generated<number> };
/** Digest of the record (store/sealed.ts); null for rows of older versions. */
type Sealed = { readonly digest: string | null };
type Leased = { readonly leased_until: string | null };

export interface SiteTable extends Numbered {
  readonly id: string;
  readonly name: string;
  readonly repository_id: number;
  readonly repository_owner: string;
  readonly repository_name: string;
  readonly installation_id: number;
  readonly default_branch: string;
}

export interface Database {
  sites: SiteTable;
  environments: Numbered & Stored<sites.EnvironmentRow>;
  pull_requests: Stored<sites.PullRequestRow>;
  pull_request_heads: Numbered & Stored<sites.HeadRow>;
  operations: Numbered &
    Stored<
      operations.OperationRow,
      "asked" | "comparison" | "packages" | "verdict" | "plan" | "refresh" | "progress" | "shown"
    >;
  jobs: Numbered & Stored<operations.JobRow, "input" | "report" | "answer">;
  releases: Numbered & Stored<findings.ReleaseRow, "manifest">;
  baselines: Numbered & Sealed & Stored<findings.BaselineRow, "source" | "target">;
  drift_checks: Numbered & Sealed & Stored<Omit<findings.DriftCheckRow, "damaged">, "fingerprint" | "drift">;
  backups: Numbered & Stored<findings.BackupRow, "proof">;
  approvals: Numbered & Stored<findings.ApprovalRow, "bound">;
  api_requests: Stored<ApiRequestRow, "answer">;
  package_reports: Numbered & Stored<PackageReportRow, "report" | "by_hand" | "moves">;
  package_releases: Numbered & Stored<PackageReleaseRow, "veto">;
  locks: Stored<operations.LockRow>;
  person_locks: Stored<operations.PersonLockRow>;
  sweeps: { readonly name: string; readonly swept_at: string } & Leased;
  redeliveries: { readonly guid: string; readonly attempts: number; readonly asked_at: string };
  claimed_keys: { readonly key: string; readonly claimed_at: string };
  deliveries: Numbered & Leased & Stored<queue.DeliveryRow, "payload">;
  effects: Leased & { readonly repository_id: number; readonly settled_at: string | null } & Omit<
      Stored<queue.EffectRow, "repository" | "effect">,
      "seq"
    > &
    Numbered;
  resources: Stored<queue.ResourceRow>;
  audit_log: Stored<AuditRecord, "details">;
}

export type Db = Kysely<Database>;
export type DbTx = Transaction<Database>;

/** The columns that hold JSON, by table. */
export const JSON_COLUMNS = {
  operations: ["asked", "comparison", "packages", "verdict", "plan", "refresh", "progress", "shown"],
  jobs: ["input", "report", "answer"],
  releases: ["manifest"],
  baselines: ["source", "target"],
  drift_checks: ["fingerprint", "drift"],
  backups: ["proof"],
  approvals: ["bound"],
  api_requests: ["answer"],
  package_reports: ["report", "by_hand", "moves"],
  package_releases: ["veto"],
} as const;

type WithText<Row, J> = { [K in keyof Row]: K extends J ? string | null : Row[K] };

/** A row as it is written: the named columns as JSON text, the others as they are. */
export function encoded<Row extends object, J extends string>(
  row: Row,
  json: readonly J[],
): WithText<Row, J> {
  const columns: readonly string[] = json;
  const entries = Object.entries(row).map(([name, value]) => [
    name,
    columns.includes(name) && value !== null && value !== undefined ? JSON.stringify(value) : value,
  ]);
  return Object.fromEntries(entries);
}

/** A row as a flow sees it: without the number that the store gave it. */
export function unnumbered<Row extends { readonly seq: number }>(row: Row): Omit<Row, "seq"> {
  const { seq: _seq, ...rest } = row;
  return rest;
}
