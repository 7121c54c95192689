/** Rows for tests of the store: valid, small, and different wherever equality would hide a mistake. */
import { randomUUID } from "node:crypto";
import type { OperationRow } from "../../../src/ports/operations.ts";
import type { EnvironmentRow, Repository, SiteRow } from "../../../src/ports/sites.ts";
import type { Tx } from "../../../src/ports/store.ts";

export const NOW = "2026-01-02T03:04:05.678Z";

export function later(seconds: number, from: string = NOW): string {
  return new Date(Date.parse(from) + seconds * 1000).toISOString();
}

export function aRepository(id = 41): Repository {
  return { id, owner: "acme", name: "shop", installation_id: 7, default_branch: "main" };
}

export function aSite(repository: Repository = aRepository()): SiteRow {
  return { id: randomUUID(), name: "acme-shop", repository };
}

export function anEnvironment(site: SiteRow, name: string): EnvironmentRow {
  return {
    id: randomUUID(),
    site_id: site.id,
    name,
    type: name === "production" ? "production" : "staging",
    branch: name,
    url: `https://${name}.acme.example`,
    status: "active",
    drift_status: "unknown",
    drift_checked_at: null,
    last_drift_check_id: null,
    current_release_id: null,
    state_version: 0,
  };
}

export interface World {
  readonly site: SiteRow;
  readonly source: EnvironmentRow;
  readonly target: EnvironmentRow;
}

export function anOperation({ site, source, target }: World): OperationRow {
  return {
    id: randomUUID(),
    kind: "promote",
    site_id: site.id,
    source_environment_id: source.id,
    target_environment_id: target.id,
    pull_request: 12,
    head_sha: "a".repeat(40),
    state: "requested",
    asked: { full: false, accept: null },
    requested_by: "octocat",
    requested_at: NOW,
    comment_id: 9_007_199_254_740_000,
    nonce: randomUUID(),
    baseline_id: null,
    drift_check_id: null,
    backup_id: null,
    release_id: null,
    settings_digest: "d".repeat(64),
    policy_digest: null,
    shown: null,
    release_before: null,
    release_after: null,
    verdict: { outcome: "wait", gates: [] },
    plan: null,
    refresh: null,
    comparison: null,
    packages: null,
    progress: { jobs: ["drift_check"], done: 0, steps: [], notes: ["quote ' and \u0000"] },
    result_code: null,
    result_message: null,
    cancel_reason: null,
    run_id: null,
    run_url: null,
    dispatched_at: null,
    attempt: 1,
    retry_at: null,
    queued_at: null,
    recoveries: 0,
    recover_at: null,
    commented_at: null,
    finished_at: null,
    state_version: 0,
  };
}

export async function putWorld(tx: Tx, repository?: Repository): Promise<World> {
  const site = aSite(repository);
  const [source, target] = [anEnvironment(site, "staging"), anEnvironment(site, "production")];
  await tx.putSite(site);
  await tx.putEnvironment(source);
  await tx.putEnvironment(target);
  return { site, source, target };
}
