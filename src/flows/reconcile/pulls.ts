/** Pull requests as GitHub has them now, against what webhooks told: a lost push, opening or closing is made good. */
import { OPEN_STATES } from "../../core/promotion.ts";
import type { PullRequest } from "../../ports/github.ts";
import type { Repository } from "../../ports/sites.ts";
import type { Deps } from "../deps.ts";
import { type PackagesDeps, packagesChanged } from "../packages/pull-request.ts";
import { type ChangedDeps, pullRequestChanged } from "../pull-request-changed.ts";
import { type CheckDeps, reconcileChecks, type Scope } from "./checks.ts";

type PullDeps = ChangedDeps & PackagesDeps & CheckDeps & Deps<"allOpenPullRequests">;

/** @returns how many had changed without Belay's knowing, and how many checks of the others are shown anew */
export async function reconcilePulls(deps: PullDeps, repository: Repository, scope: Scope): Promise<number> {
  const open = await deps.github.allOpenPullRequests(repository);
  const closed = await goneFrom(deps, repository, open);
  let healed = 0;
  const known: PullRequest[] = [];
  for (const pull_request of [...open, ...closed]) {
    if (await isKnown(deps, repository, pull_request)) {
      if (pull_request.state === "open") known.push(pull_request);
      continue;
    }
    await pullRequestChanged(deps, { repository, pull_request });
    await packagesChanged(deps, { repository, pull_request });
    healed += 1;
  }
  return healed + (await reconcileChecks(deps, repository, known, scope));
}

/** Pull requests of operations that are under way, and that are not open at GitHub any more. */
async function goneFrom(
  deps: PullDeps,
  repository: Repository,
  open: readonly PullRequest[],
): Promise<readonly PullRequest[]> {
  const numbers = await deps.store.transaction(async (tx) => {
    const site = await tx.siteOfRepository(repository.id);
    if (site === null) return [];
    const under = await tx.operations({ site_id: site.id, states: OPEN_STATES }, { limit: 500 });
    return under.flatMap(({ pull_request }) => pull_request ?? []);
  });
  const known = new Set(open.map(({ number }) => number));
  const missing = [...new Set(numbers)].filter((number) => !known.has(number));
  const found = await Promise.all(missing.map((number) => deps.github.pullRequest(repository, number)));
  return found.flatMap((pull) => pull ?? []);
}

function isKnown(deps: PullDeps, { id }: Repository, pull: PullRequest): Promise<boolean> {
  return deps.store.transaction(async (tx) => {
    const row = await tx.pullRequest(id, pull.number);
    const head = (await tx.headsOf(id, pull.number)).at(-1);
    return row?.state === pull.state && row.base_ref === pull.base_ref && head?.sha === pull.head_sha;
  });
}
