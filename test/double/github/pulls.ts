/** Pushes, pull requests and merges. Each resolves when every webhook about it was answered. */

import { pullView } from "../views/pull.ts";
import { history, makeCommit, mergeFiles } from "./git.ts";
import { NOTHING, tellPush } from "./pushes.ts";
import type { PullRequest, Repository } from "./state.ts";
import { accountOf, repositoryOf, resolveRef, timestamp, type World } from "./world.ts";

const tellPull = (
  world: World,
  pull: PullRequest,
  action: string,
  by: string,
  more: Readonly<Record<string, unknown>> = {},
): Promise<void> =>
  world.emit({
    webhook: `pull-request-${action}`,
    repository: repositoryOf(world, pull.repository),
    sender: accountOf(world, by),
    body: { action, number: pull.number, pull_request: pullView(world, pull), ...more },
  });

/** GitHub calls a pull request merged when its head has been pushed to its base. */
const mergedByPush = async (
  world: World,
  pull: PullRequest,
  push: {
    readonly repository: Repository;
    readonly branch: string;
    readonly to: string;
    readonly by: string;
  },
): Promise<boolean> => {
  const toBase = pull.repository === push.repository.id && pull.base === push.branch;
  if (!toBase || !history(world.state.commits, push.to).includes(pull.headSha)) return false;
  pull.mergeCommit = push.to;
  pull.mergedBy = push.by;
  await closePull(world, pull, push.by);
  return true;
};

/** Moves a branch and everything that follows from it: the push event, and `synchronize` of pull requests whose head it is. */
export const moveBranch = async (
  world: World,
  repository: Repository,
  branch: string,
  move: { readonly to: string; readonly by: string },
): Promise<void> => {
  const before = repository.branches.get(branch) ?? NOTHING;
  repository.branches.set(branch, move.to);
  await tellPush(world, repository, branch, { before, after: move.to, by: move.by });
  const open = world.state.pulls.filter((one) => one.state === "open");
  for (const pull of open) {
    if (pull.repository === repository.id && pull.base === branch) pull.baseSha = move.to;
    if (await mergedByPush(world, pull, { repository, branch, ...move })) continue;
    if (pull.headRepository !== repository.id || pull.head !== branch || pull.headSha === move.to) continue;
    const old = pull.headSha;
    pull.headSha = move.to;
    pull.updatedAt = timestamp(world);
    await tellPull(world, pull, "synchronize", move.by, { before: old, after: move.to });
  }
};

export type Proposal = {
  readonly base: string;
  readonly head: string;
  readonly title: string;
  readonly body?: string;
  /** The fork that the head lies in; the same repository when absent. */
  readonly headRepository?: Repository;
};

const nextNumber = (world: World, repository: Repository): number =>
  1 + world.state.pulls.filter((one) => one.repository === repository.id).length;

export const openPull = async (
  world: World,
  repository: Repository,
  by: string,
  proposal: Proposal,
): Promise<PullRequest> => {
  const from = proposal.headRepository ?? repository;
  const [head, base] = [resolveRef(world, from, proposal.head), resolveRef(world, repository, proposal.base)];
  if (!head || !base)
    throw new Error(`no branch ${head ? proposal.base : proposal.head} to open a pull request with`);
  const now = timestamp(world);
  const pull: PullRequest = {
    id: world.nextId(),
    number: nextNumber(world, repository),
    repository: repository.id,
    headRepository: from.id,
    head: proposal.head,
    base: proposal.base,
    title: proposal.title,
    body: proposal.body ?? "",
    author: by,
    createdAt: now,
    updatedAt: now,
    state: "open",
    headSha: head.sha,
    baseSha: base.sha,
    closedAt: null,
    mergedBy: null,
    mergeCommit: null,
  };
  world.state.pulls.push(pull);
  await tellPull(world, pull, "opened", by);
  return pull;
};

export const closePull = async (world: World, pull: PullRequest, by: string): Promise<void> => {
  pull.state = "closed";
  pull.closedAt = timestamp(world);
  pull.updatedAt = pull.closedAt;
  await tellPull(world, pull, "closed", by);
};

/** Reopening takes the branches as they are now. */
export const reopenPull = async (world: World, pull: PullRequest, by: string): Promise<void> => {
  pull.state = "open";
  pull.closedAt = null;
  pull.updatedAt = timestamp(world);
  pull.headSha = resolveRef(world, repositoryOf(world, pull.headRepository), pull.head)?.sha ?? pull.headSha;
  pull.baseSha = resolveRef(world, repositoryOf(world, pull.repository), pull.base)?.sha ?? pull.baseSha;
  await tellPull(world, pull, "reopened", by);
};

/** Merges as GitHub's button does: with a merge commit, as one commit (squash), or by moving the base (fast-forward). */
export const mergePull = async (
  world: World,
  pull: PullRequest,
  by: string,
  method: "merge" | "squash" | "fast-forward",
): Promise<string> => {
  const repository = repositoryOf(world, pull.repository);
  const { files, conflicts } = mergeFiles(world.state.commits, pull.baseSha, pull.headSha);
  if (conflicts.length > 0)
    throw new Error(`pull request ${pull.number} has conflicts in ${conflicts.join(", ")}`);
  const merged = makeCommit({
    parents: method === "merge" ? [pull.baseSha, pull.headSha] : [pull.baseSha],
    files,
    message:
      method === "merge"
        ? `Merge pull request #${pull.number} from ${pull.head}`
        : `${pull.title} (#${pull.number})`,
    author: by,
    date: timestamp(world),
  });
  if (method !== "fast-forward") world.state.commits.set(merged.sha, merged);
  const to = method === "fast-forward" ? pull.headSha : merged.sha;
  pull.mergeCommit = to;
  pull.mergedBy = by;
  pull.state = "closed";
  pull.closedAt = timestamp(world);
  pull.updatedAt = pull.closedAt;
  await moveBranch(world, repository, pull.base, { to, by });
  await tellPull(world, pull, "closed", by);
  if (repository.settings.deleteBranchOnMerge)
    repositoryOf(world, pull.headRepository).branches.delete(pull.head);
  return to;
};
