/**
 * Tables of a release that was rolled back stay on the target for a time (`promotion.keep_failed`); what looks at the target after that
 * removes them. Where nobody has asked for anything since, a drift check begins by itself.
 */
import type { SiteEnvironment } from "../../core/config/types.ts";
import { jobsOf } from "../../core/operations.ts";
import { ITSELF } from "../../core/policy.ts";
import type { OperationRow } from "../../ports/operations.ts";
import type { EnvironmentRow, Repository, SiteRow } from "../../ports/sites.ts";
import type { Tx } from "../../ports/store.ts";
import type { Deps } from "../deps.ts";
import { type EvidenceReads, NO_EVIDENCE } from "../evidence.ts";
import { loadSettings, type SettingsReads, type SiteSettings } from "../site.ts";
import { startOperation } from "../start-operation.ts";
import { type Failed, oneByOne } from "./one-by-one.ts";

type InspectedDeps = Deps<SettingsReads | EvidenceReads> & {
  /** Told of what is no outage. */
  readonly failed: Failed;
};

const RECENT = 20;
/** One that failed, or found the environment held, is tried again a day later. */
const AGAIN_MS = 24 * 3600 * 1000;

interface Candidate {
  readonly repository: Repository;
  readonly target: EnvironmentRow;
  /** Newest first. */
  readonly operations: readonly OperationRow[];
}

/** @returns the drift checks that it began @throws GithubError an outage, after the sites of other installations */
export async function reconcileInspected(deps: InspectedDeps): Promise<readonly string[]> {
  const begun: string[] = [];
  const look = async (candidate: Candidate) => {
    const loaded = await loadSettings(deps, candidate.repository);
    if (!loaded.ok || !isOverdue(candidate, loaded.settings, deps.clock.now())) return;
    const id = await begin(deps, candidate, loaded.settings);
    if (id !== null) begun.push(id);
  };
  const all = await candidates(deps);
  const outages = await oneByOne(all, look, ({ repository }, error) => deps.failed(repository.id, error));
  for (const { error } of outages) throw error;
  return begun;
}

/** Environments that were rolled back, and that nothing has gone well on since. */
async function candidates({ store }: InspectedDeps): Promise<readonly Candidate[]> {
  const sites = await store.transaction((tx) => tx.sites({ limit: 10_000 }));
  const found: Candidate[] = [];
  // A transaction for each: one over all of them would hold back everybody's work, and begin anew with all at each conflict.
  for (const site of sites) found.push(...(await store.transaction((tx) => candidatesOf(tx, site))));
  return found;
}

async function candidatesOf(tx: Tx, { id, repository }: SiteRow): Promise<readonly Candidate[]> {
  const found: Candidate[] = [];
  for (const target of await tx.environmentsOf(id)) {
    const operations = await tx.operations({ target_environment_id: target.id }, { limit: RECENT });
    if (operations.some(keepsTables)) found.push({ repository, target, operations });
  }
  return found;
}

const keepsTables = ({ kind, state }: OperationRow): boolean =>
  state === "rolled_back" || (kind === "rollback" && state === "succeeded");

function isOverdue({ operations }: Candidate, { config }: SiteSettings, now: string): boolean {
  const keep_ms = config.promotion.keep_failed_s * 1000;
  const over = operations.filter(keepsTables).map((one) => Date.parse(one.finished_at ?? now) + keep_ms);
  const due = Math.max(...over.filter((at) => at <= Date.parse(now)));
  const since = operations.filter((one) => Date.parse(one.requested_at) > due);
  const tried = operations.find(({ requested_by }) => requested_by === ITSELF);
  const again = tried === undefined || Date.parse(now) - Date.parse(tried.requested_at) > AGAIN_MS;
  return due > 0 && again && !since.some(looked);
}

/** It has measured the target, so the host has removed what was due. */
const looked = ({ kind, drift_check_id }: OperationRow): boolean =>
  drift_check_id !== null && jobsOf(kind, false).some(({ type }) => type === "drift_check");

async function begin(
  deps: InspectedDeps,
  { repository, target }: Candidate,
  settings: SiteSettings,
): Promise<string | null> {
  const step = stepTo(settings, target.name);
  if (step === null) return null;
  const outcome = await deps.store.transaction((tx) =>
    startOperation(deps, tx, {
      ...step,
      kind: "drift",
      settings,
      repository,
      pull_request: null,
      head_sha: "",
      requested_by: ITSELF,
      comment_id: null,
      run_id: null,
      asked: { full: false, accept: null },
      on_records: false,
      evidence: NO_EVIDENCE,
    }),
  );
  return outcome.kind === "started" ? outcome.operation_id : null;
}

function stepTo({ config }: SiteSettings, name: string): Record<"source" | "target", SiteEnvironment> | null {
  const before = config.path[config.path.indexOf(name) - 1];
  const source = before === undefined ? undefined : config.environments[before];
  const target = config.environments[name];
  return source === undefined || target === undefined ? null : { source, target };
}
