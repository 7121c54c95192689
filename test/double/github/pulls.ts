/** Pushes, pull requests and merges. Each resolves when every webhook about it was answered. */
import { pullView } from "../views/pull.ts";
import { changes, history, makeCommit, mergeFiles } from "./git.ts";
import type { Commit, PullRequest, Repository } from "./state.ts";
import { accountOf, commitOf, fullName, repositoryOf, resolveRef, timestamp, type World } from "./world.ts";

const NOTHING = "0".repeat(40);

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

const pushedCommit = (
  world: World,
  repository: Repository,
  commit: Commit,
): Readonly<Record<string, unknown>> => {
  const parent = world.state.commits.get(commit.parents[0] ?? "");
  const changed = changes(parent?.files ?? new Map(), commit.files);
  const paths = (status: string): readonly string[] =>
    changed.filter((one) => one.status === status).map(({ path }) => path);
  const person = {
    name: commit.author,
    email: `${commit.author}@users.noreply.invalid`,
    username: commit.author,
  };
  return {
    id: commit.sha,
    tree_id: commit.tree,
    distinct: true,
    message: commit.message,
    timestamp: commit.date,
    url: `${world.url}/${fullName(repository)}/commit/${commit.sha}`,
    author: person,
    committer: person,
    added: paths("added"),
    removed: paths("removed"),
    modified: paths("modified"),
  };
};

const tellPush = (
  world: World,
  repository: Repository,
  branch: string,
  move: { readonly before: string; readonly after: string; readonly by: string },
): Promise<void> => {
  const { before, after, by } = move;
  const known = new Set(before === NOTHING ? [] : history(world.state.commits, before));
  const fresh = history(world.state.commits, after)
    .filter((sha) => !known.has(sha))
    .reverse();
  return world.emit({
    webhook: "push",
    repository,
    sender: accountOf(world, by),
    body: {
      ref: `refs/heads/${branch}`,
      before,
      after,
      base_ref: null,
      created: before === NOTHING,
      deleted: false,
      forced: before !== NOTHING && !history(world.state.commits, after).includes(before),
      compare: `${world.url}/${fullName(repository)}/compare/${before.slice(0, 12)}...${after.slice(0, 12)}`,
      commits: fresh.map((sha) => pushedCommit(world, repository, commitOf(world, sha))),
      head_commit: pushedCommit(world, repository, commitOf(world, after)),
      pusher: { name: by, email: `${by}@users.noreply.invalid` },
    },
  });
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
    if (pull.headRepository !== repository.id || pull.head !== branch || pull.headSha === move.to) continue;
    const old = pull.headSha;
    pull.headSha = move.to;
    pull.updatedAt = timestamp(world);
    await tellPull(world, pull, "synchronize", move.by, { before: old, after: move.to });
  }
};

export type Files = Readonly<Record<string, string | null>>;

/** A commit on a branch; null removes a file. The branch is made from the default branch when there is none. */
export const commitTo = (
  world: World,
  repository: Repository,
  branch: string,
  what: { readonly files: Files; readonly by: string; readonly message: string },
): Commit => {
  const parent =
    resolveRef(world, repository, branch) ?? resolveRef(world, repository, repository.defaultBranch);
  const files = new Map(parent?.files);
  for (const [path, content] of Object.entries(what.files)) {
    if (content === null) files.delete(path);
    else files.set(path, content);
  }
  const commit = makeCommit({
    parents: parent ? [parent.sha] : [],
    files,
    message: what.message,
    author: what.by,
    date: timestamp(world),
  });
  world.state.commits.set(commit.sha, commit);
  return commit;
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
