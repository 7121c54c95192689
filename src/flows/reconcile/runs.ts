/** Open operations against GitHub's runs: one that ended, or is gone, and whose webhook was lost, has lost its operation's job. */
import { OPEN_STATES } from "../../core/promotion.ts";
import type { OperationRow } from "../../ports/operations.ts";
import type { Deps } from "../deps.ts";
import { runEnded } from "../run-lost.ts";
import { type Failed, oneByOne } from "./one-by-one.ts";

type RunDeps = Deps<"isRunOver"> & {
  /** Told of outages, too: they are no reason to look later at the runs of others. */
  readonly failed: Failed;
};

/**
 * GitHub may not show a run right after its start, nor while the App may not look: so long nothing is concluded from that. A runner at
 * work says so every 20 s.
 */
const GONE_AFTER_MS = 5 * 60_000;

/** @returns operations whose run was found to be over */
export async function reconcileRuns(deps: RunDeps): Promise<readonly string[]> {
  const open = await deps.store.transaction(async (tx) => {
    const operations = await tx.operations({ states: OPEN_STATES }, { limit: 500 });
    const sites = new Map((await tx.sites({ limit: 10_000 })).map((site) => [site.id, site]));
    const heard = new Map((await tx.locks()).map((lock) => [lock.operation_id, lock.heartbeat_at]));
    return operations.flatMap((operation) => {
      const { id, run_id } = operation;
      const repository = sites.get(operation.site_id)?.repository;
      const there_at = thereAt(operation, heard.get(id));
      return run_id === null || repository === undefined ? [] : [{ id, run_id, repository, there_at }];
    });
  });
  const ended: string[] = [];
  const look = async ({ id, run_id, repository, there_at }: (typeof open)[number]) => {
    const over = await deps.github.isRunOver(repository, run_id);
    const gone = over === null && Date.parse(deps.clock.now()) - there_at > GONE_AFTER_MS;
    if (over !== true && !gone) return;
    const outcome = await runEnded(deps, { repository_id: repository.id, run_id });
    if (outcome?.kind === "ended") ended.push(id);
  };
  const outages = await oneByOne(open, look, ({ repository }, error) => deps.failed(repository.id, error));
  for (const { piece, error } of outages) deps.failed(piece.repository.id, error);
  return ended;
}

/** When the run was there for certain: it was started, or its runner was heard of. */
function thereAt({ requested_at, dispatched_at }: OperationRow, heard_at = requested_at): number {
  return Math.max(Date.parse(dispatched_at ?? requested_at), Date.parse(heard_at));
}
