/** The facts of `/status`, read in one transaction. */
import { secondsBetween } from "../core/duration.ts";
import { renderStatus, type StatusView } from "../core/rendering/status.ts";
import { shortId } from "../core/rendering/words.ts";
import type { OperationRow } from "../ports/operations.ts";
import type { EnvironmentRow, Repository } from "../ports/sites.ts";
import type { Tx } from "../ports/store.ts";
import type { Deps } from "./deps.ts";
import type { Evidence } from "./evidence.ts";
import { type SiteSettings, syncSite } from "./site.ts";
import { statusVerdict } from "./status-gates.ts";
import { allWaiting } from "./turns.ts";

export interface StatusRequest {
  readonly repository: Repository;
  readonly settings: SiteSettings;
  readonly source: string;
  readonly target: string;
  readonly pull_request: number;
  readonly head_sha: string;
  readonly details: boolean;
  /** Null: GitHub was not asked, for people who may not see everything. */
  readonly evidence: Evidence | null;
  /** Settings of the repository that break environment pull requests. */
  readonly notices: readonly string[];
  readonly marker: string;
}

const RECENT = 5;

export async function renderStatusOf(deps: Deps<never>, tx: Tx, request: StatusRequest): Promise<string> {
  const { settings, marker, details, notices } = request;
  const { environments } = await syncSite(tx, deps.clock, { ...request, config: settings.config });
  const source = environments.get(request.source);
  const target = environments.get(request.target);
  if (source === undefined || target === undefined) throw new Error("An environment of the pair has no row.");
  const pair = { source, target };
  const judged = await statusVerdict(tx, { ...request, ...pair, now: deps.clock.now() });
  const recent = await tx.operations({ target_environment_id: target.id }, { limit: RECENT });
  return renderStatus({
    marker,
    details,
    notices,
    last_promotion: await lastPromotion(tx, target),
    source: source.name,
    target: target.name,
    environments: [await shown(tx, source), await shown(tx, target)],
    holder: await holder(tx, { ...pair, now: deps.clock.now() }),
    locked: await locked(tx, target),
    queue: await queue(tx, pair),
    recent: recent.map((operation) => ({ ...words(operation), message: operation.result_message })),
    ...judged,
  });
}

interface Pair {
  readonly source: EnvironmentRow;
  readonly target: EnvironmentRow;
}

async function shown(tx: Tx, row: EnvironmentRow): Promise<StatusView["environments"][number]> {
  const release = row.current_release_id === null ? null : await tx.release(row.current_release_id);
  const { name, status, drift_status, drift_checked_at } = row;
  return {
    name,
    status,
    drift_status,
    drift_checked_at,
    release: release === null ? null : shortId(release.digest),
  };
}

async function lastPromotion(tx: Tx, { id }: EnvironmentRow): Promise<StatusView["last_promotion"]> {
  const kinds = ["promote", "rollback"] as const;
  const states = ["succeeded", "rolled_back", "failed", "unknown"] as const;
  const [last] = await tx.operations({ target_environment_id: id, kinds, states }, { limit: 1 });
  if (last === undefined) return null;
  const { kind, state, requested_by: by, requested_at, finished_at, release_after } = last;
  return { kind, state, by, at: finished_at ?? requested_at, release: release_after };
}

async function locked(tx: Tx, { id }: EnvironmentRow): Promise<StatusView["locked"]> {
  const row = await tx.personLock(id);
  return row && { by: row.login, reason: row.reason, since: row.acquired_at };
}

async function queue(tx: Tx, { source, target }: Pair): Promise<StatusView["queue"]> {
  const ours = [source.id, target.id];
  const waiting = (await allWaiting(tx)).filter(
    (one) => ours.includes(one.source_environment_id) || ours.includes(one.target_environment_id),
  );
  return waiting.map(({ requested_by, queued_at, pull_request }) => ({
    by: requested_by,
    since: queued_at ?? "",
    pull_request,
  }));
}

async function holder(
  tx: Tx,
  { source, target, now }: Pair & { readonly now: string },
): Promise<StatusView["holder"]> {
  const lock = (await tx.locks()).find((row) => [source.id, target.id].includes(row.environment_id));
  const operation = lock === undefined ? null : await tx.operation(lock.operation_id);
  if (operation === null || lock === undefined) return null;
  const { acquired_at: since, heartbeat_at: heard } = lock;
  const message = ["unknown", "waiting"].includes(operation.state) ? operation.result_message : null;
  return { ...words(operation), since, heard, age_s: secondsBetween(since, now), message };
}

function words({ kind, state, requested_by, requested_at }: OperationRow) {
  return { kind, state, by: requested_by, at: requested_at };
}
