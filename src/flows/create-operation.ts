/** Puts an operation on record, bound to what it was asked for: pair, head, baseline, settings, and what a rollback undoes. */
import type { SiteEnvironment } from "../core/config/types.ts";
import { ROLLBACK_UNHEALTHY } from "../core/failure.ts";
import { jobsOf } from "../core/operations.ts";
import { startProgress } from "../core/progress.ts";
import type { OperationKind } from "../core/vocabulary.ts";
import type { Asked, OperationRow } from "../ports/operations.ts";
import type { Repository } from "../ports/sites.ts";
import type { Tx } from "../ports/store.ts";
import { undamaged } from "./baselines.ts";
import type { Deps } from "./deps.ts";
import type { Evidence } from "./evidence.ts";
import { type SiteSettings, syncSite } from "./site.ts";
import { openWork, record, type Work } from "./work.ts";

export interface StartRequest {
  readonly kind: OperationKind;
  readonly repository: Repository;
  readonly settings: SiteSettings;
  readonly source: SiteEnvironment;
  readonly target: SiteEnvironment;
  readonly pull_request: number | null;
  /** Empty where there is no pull request: then no checks are posted. */
  readonly head_sha: string;
  /** What the command said after its word. */
  readonly asked: Asked;
  readonly requested_by: string;
  readonly comment_id: number | null;
  /** The run that somebody started by hand for this; null: the bot starts one. */
  readonly run_id: number | null;
  /** True for the API: it begins only on a fresh drift check and backup that are on record already. */
  readonly on_records: boolean;
  readonly evidence: Evidence;
}

export async function createOperation(deps: Deps<never>, tx: Tx, request: StartRequest): Promise<Work> {
  const { site, environments } = await syncSite(tx, deps.clock, {
    repository: request.repository,
    config: request.settings.config,
  });
  const source = environments.get(request.source.name);
  const target = environments.get(request.target.name);
  if (source === undefined || target === undefined) throw new Error("An environment of the pair has no row.");
  const newest = await tx.baselineOf(source.id, target.id);
  // What records a new baseline does without a damaged one; all else is bound to it, and says that it is damaged.
  const baseline = RENEWING.includes(request.kind) ? undamaged(newest) : newest;
  const undone = request.kind === "rollback" ? await lastStandingPromotion(tx, target.id) : null;
  const operation: OperationRow = {
    ...EMPTY_OPERATION,
    id: deps.clock.id(),
    nonce: deps.clock.id(),
    kind: request.kind,
    site_id: site.id,
    source_environment_id: source.id,
    target_environment_id: target.id,
    pull_request: request.pull_request,
    head_sha: request.head_sha,
    asked: request.asked,
    requested_by: request.requested_by,
    requested_at: deps.clock.now(),
    comment_id: request.comment_id,
    run_id: request.run_id,
    dispatched_at: request.run_id === null ? null : deps.clock.now(),
    baseline_id: baseline?.id ?? null,
    settings_digest: request.settings.digest,
    release_before: undone?.release_after ?? null,
    release_after: undone?.release_before ?? null,
    progress: startProgress(jobsOf(request.kind, false).map((job) => job.type)),
  };
  await tx.addOperation(operation);
  const work = await openWork(deps, tx, operation.id);
  if (work === null) throw new Error("The operation that was just written cannot be read.");
  const actor = `github:${request.requested_by}`;
  await record(work, {
    actor,
    action: "requested",
    reason: request.run_id === null ? `/${request.kind}` : `run ${request.run_id} was started by hand`,
    details: { head_sha: request.head_sha },
  });
  return work;
}

const RENEWING: readonly OperationKind[] = ["refresh", "baseline"];

export const EMPTY_OPERATION = {
  state: "requested",
  drift_check_id: null,
  backup_id: null,
  release_id: null,
  verdict: null,
  policy_digest: null,
  shown: null,
  plan: null,
  refresh: null,
  comparison: null,
  packages: null,
  result_code: null,
  result_message: null,
  cancel_reason: null,
  run_url: null,
  attempt: 1,
  retry_at: null,
  queued_at: null,
  recoveries: 0,
  recover_at: null,
  dispatched_at: null,
  commented_at: null,
  finished_at: null,
  state_version: 0,
} as const;

/** The newest promotion whose release the target was left on, and that no later rollback has taken back. */
export async function lastStandingPromotion(
  tx: Tx,
  target_environment_id: string,
): Promise<OperationRow | null> {
  const done = await tx.operations(
    { target_environment_id, kinds: ["promote", "rollback"], states: ["succeeded", "failed"] },
    { limit: 100 },
  );
  let undone = 0;
  for (const operation of done.filter(hasSwitched)) {
    if (operation.kind === "rollback") undone++;
    else if (undone > 0) undone--;
    else return operation;
  }
  return null;
}

/** A failed one counts where the target was left on the new release: a promotion that could not be undone, a rollback unhealthy. */
function hasSwitched({ kind, state, release_after, result_code }: OperationRow): boolean {
  if (state === "succeeded") return true;
  return kind === "promote" ? release_after !== null : result_code === ROLLBACK_UNHEALTHY;
}
