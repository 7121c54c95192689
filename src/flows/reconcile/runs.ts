/** Open operations against GitHub's runs: one that ended, or is gone, and whose webhook was lost, has lost its operation's job. */
import { OPEN_STATES } from "../../core/promotion.ts";
import type { Deps } from "../deps.ts";
import { runEnded } from "../run-lost.ts";
import { type Failed, oneByOne } from "./one-by-one.ts";

type RunDeps = Deps<"isRunOver"> & {
  /** Told of outages, too: they are no reason to look later at the runs of others. */
  readonly failed: Failed;
};

/** @returns operations whose run was found to be over */
export async function reconcileRuns(deps: RunDeps): Promise<readonly string[]> {
  const open = await deps.store.transaction(async (tx) => {
    const operations = await tx.operations({ states: OPEN_STATES }, { limit: 500 });
    const sites = new Map((await tx.sites({ limit: 10_000 })).map((site) => [site.id, site]));
    return operations.flatMap(({ id, run_id, site_id }) => {
      const repository = sites.get(site_id)?.repository;
      return run_id === null || repository === undefined ? [] : [{ id, run_id, repository }];
    });
  });
  const ended: string[] = [];
  const look = async ({ id, run_id, repository }: (typeof open)[number]) => {
    if (!(await deps.github.isRunOver(repository, run_id))) return;
    const outcome = await runEnded(deps, { repository_id: repository.id, run_id });
    if (outcome?.kind === "ended") ended.push(id);
  };
  const outages = await oneByOne(open, look, ({ repository }, error) => deps.failed(repository.id, error));
  for (const { piece, error } of outages) deps.failed(piece.repository.id, error);
  return ended;
}
