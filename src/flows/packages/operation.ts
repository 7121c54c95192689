/** An operation on packages: on record like any other, but its work is a commit of the bot's own, so it has no jobs and no run. */
import { startProgress } from "../../core/progress.ts";
import type { PullRequest } from "../../ports/github.ts";
import type { OperationRow } from "../../ports/operations.ts";
import type { OperationPackages } from "../../ports/packages.ts";
import type { Tx } from "../../ports/store.ts";
import { EMPTY_OPERATION } from "../create-operation.ts";
import type { Deps } from "../deps.ts";
import { openWork, record, type Work } from "../work.ts";
import type { PackagesRows, PackagesScene } from "./scene.ts";

export interface PackagesRequest {
  readonly kind: "stage" | "activate" | "rollback";
  readonly scene: PackagesScene;
  readonly rows: PackagesRows;
  readonly pull_request: PullRequest;
  readonly requested_by: string;
  /** Null: asked for through the API. */
  readonly comment_id: number | null;
  readonly packages: OperationPackages;
}

export async function createPackagesOperation(
  deps: Pick<Deps<never>, "clock">,
  tx: Tx,
  request: PackagesRequest,
): Promise<Work> {
  const { kind, scene, rows, pull_request, requested_by, comment_id, packages } = request;
  const operation: OperationRow = {
    ...EMPTY_OPERATION,
    id: deps.clock.id(),
    nonce: deps.clock.id(),
    kind,
    site_id: rows.site.id,
    source_environment_id: rows.target.id,
    target_environment_id: rows.target.id,
    pull_request: pull_request.number,
    head_sha: pull_request.head_sha,
    asked: { full: false, accept: null },
    requested_by,
    requested_at: deps.clock.now(),
    comment_id,
    run_id: null,
    dispatched_at: null,
    baseline_id: null,
    settings_digest: scene.digest,
    release_before: null,
    release_after: null,
    packages,
    progress: startProgress([]),
  };
  await tx.addOperation(operation);
  const work = await openWork(deps, tx, operation.id);
  if (work === null) throw new Error("The operation that was just written cannot be read.");
  await record(work, {
    actor: `github:${requested_by}`,
    action: "requested",
    reason: packages.reason,
    details: {
      head_sha: pull_request.head_sha,
      packages: packages.moves.map(({ root, kind: group, id, from, to }) => ({
        root,
        kind: group,
        id,
        from,
        to,
      })),
    },
  });
  return work;
}
