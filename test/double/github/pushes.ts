/** Commits on branches, and the push event about them. */
import { changes, emailOf, history, makeCommit } from "./git.ts";
import type { Commit, Repository } from "./state.ts";
import { accountOf, commitOf, fullName, resolveRef, timestamp, type World } from "./world.ts";

export const NOTHING = "0".repeat(40);

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
    email: emailOf(commit.author),
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

export const tellPush = (
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
      pusher: { name: by, email: emailOf(by) },
    },
  });
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
