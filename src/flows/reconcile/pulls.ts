/** Pull requests as GitHub has them now, against what webhooks told: a lost push, opening or closing is made good. */
import { outageOf } from "../../core/outage.ts";
import { OPEN_STATES } from "../../core/promotion.ts";
import { RELEASE_CHECK } from "../../core/rendering/packages/words.ts";
import type { PullRequest } from "../../ports/github.ts";
import type { Repository } from "../../ports/sites.ts";
import { configurationProposed, type ProposalDeps } from "../configuration-proposed.ts";
import type { Deps } from "../deps.ts";
import { type PackagesDeps, packagesChanged } from "../packages/pull-request.ts";
import { packagesRowsOf } from "../packages/scene.ts";
import { type ChangedDeps, pullRequestChanged } from "../pull-request-changed.ts";
import { type CheckDeps, reconcileChecks, type Scope } from "./checks.ts";

type PullDeps = ChangedDeps & PackagesDeps & ProposalDeps & CheckDeps & Deps<"allOpenPullRequests">;

/** So many pull requests of packages are judged in one look: each takes several requests. */
const MOST_JUDGED = 100;

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
    await configurationProposed(deps, { repository, pull_request });
    healed += 1;
  }
  const shown = await reconcileChecks(deps, repository, known, scope);
  return healed + shown + (await judgeUnjudged(deps, repository, known, scope));
}

/**
 * A head goes on record before its packages are judged. Where that was broken off, nothing else would judge them before the next push.
 * @returns how many were judged @throws an outage at once, and any other error after the other pull requests
 */
async function judgeUnjudged(
  deps: PullDeps,
  repository: Repository,
  known: readonly PullRequest[],
  scope: Scope,
): Promise<number> {
  const errors: unknown[] = [];
  let judged = 0;
  for (const pull_request of await unjudged(deps, repository, known, scope)) {
    try {
      // There are no packages (any more): one look for all of them is enough.
      if ((await packagesChanged(deps, { repository, pull_request })) === null) break;
      judged += 1;
    } catch (error) {
      if (outageOf(error) !== null) throw error;
      errors.push(error);
    }
  }
  for (const error of errors) throw error;
  return judged;
}

/** By the store alone. What a pull request of packages shows is written together, so one of its checks stands for all. */
function unjudged(
  { store }: PullDeps,
  { id, default_branch }: Repository,
  known: readonly PullRequest[],
  scope: Scope,
): Promise<readonly PullRequest[]> {
  const based = known.filter(({ base_ref }) => base_ref === default_branch);
  return store.transaction(async (tx) => {
    // Whether a repository has packages that no pull request was judged for is not asked of GitHub every few minutes.
    if (scope !== "all" && (await packagesRowsOf(tx, id)) === null) return [];
    const found: PullRequest[] = [];
    for (const pull_request of based.toSorted((one, other) => other.number - one.number)) {
      const shown = await tx.shownChecks(id, pull_request.head_sha, [RELEASE_CHECK]);
      if (shown.size === 0 && found.length < MOST_JUDGED) found.push(pull_request);
    }
    return found;
  });
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
