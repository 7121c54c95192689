/** Repositories, commits, branches and differences as GitHub's JSON. */
import { blobSha, type Change, emailOf } from "../github/git.ts";
import type { Commit, Repository } from "../github/state.ts";
import { accountOf, fullName, type World } from "../github/world.ts";
import { api, nodeId, userView, type View } from "./account.ts";

const TEMPLATES: Readonly<Record<string, string>> = {
  archive_url: "/{archive_format}{/ref}",
  assignees_url: "/assignees{/user}",
  blobs_url: "/git/blobs{/sha}",
  branches_url: "/branches{/branch}",
  collaborators_url: "/collaborators{/collaborator}",
  comments_url: "/comments{/number}",
  commits_url: "/commits{/sha}",
  compare_url: "/compare/{base}...{head}",
  contents_url: "/contents/{+path}",
  contributors_url: "/contributors",
  deployments_url: "/deployments",
  downloads_url: "/downloads",
  events_url: "/events",
  forks_url: "/forks",
  git_commits_url: "/git/commits{/sha}",
  git_refs_url: "/git/refs{/sha}",
  git_tags_url: "/git/tags{/sha}",
  hooks_url: "/hooks",
  issue_comment_url: "/issues/comments{/number}",
  issue_events_url: "/issues/events{/number}",
  issues_url: "/issues{/number}",
  keys_url: "/keys{/key_id}",
  labels_url: "/labels{/name}",
  languages_url: "/languages",
  merges_url: "/merges",
  milestones_url: "/milestones{/number}",
  notifications_url: "/notifications{?since,all,participating}",
  pulls_url: "/pulls{/number}",
  releases_url: "/releases{/id}",
  stargazers_url: "/stargazers",
  statuses_url: "/statuses/{sha}",
  subscribers_url: "/subscribers",
  subscription_url: "/subscription",
  tags_url: "/tags",
  teams_url: "/teams",
  trees_url: "/git/trees{/sha}",
};

export const repositoryUrl = (world: World, repository: Repository): string =>
  api(world, `/repos/${fullName(repository)}`);

/** The fields that every form of a repository has. */
export const minimalRepositoryView = (world: World, repository: Repository): View => {
  const url = repositoryUrl(world, repository);
  return {
    id: repository.id,
    node_id: nodeId("Repository", repository.id),
    name: repository.name,
    full_name: fullName(repository),
    owner: userView(world, accountOf(world, repository.owner)),
    private: repository.private,
    html_url: `${world.url}/${fullName(repository)}`,
    description: null,
    fork: repository.fork,
    url,
    ...Object.fromEntries(Object.entries(TEMPLATES).map(([name, path]) => [name, `${url}${path}`])),
  };
};

export const repositoryView = (world: World, repository: Repository): View => ({
  ...minimalRepositoryView(world, repository),
  default_branch: repository.defaultBranch,
  visibility: repository.private ? "private" : "public",
  clone_url: `${world.url}/${fullName(repository)}.git`,
  git_url: `git://127.0.0.1/${fullName(repository)}.git`,
  ssh_url: `git@127.0.0.1:${fullName(repository)}.git`,
  svn_url: `${world.url}/${fullName(repository)}`,
  created_at: repository.createdAt,
  updated_at: repository.createdAt,
  pushed_at: repository.createdAt,
  has_issues: true,
  allow_forking: true,
  is_template: false,
  topics: [],
});

/** With the settings that only `GET /repos/{owner}/{repo}` tells. */
export const fullRepositoryView = (world: World, repository: Repository): View => ({
  ...repositoryView(world, repository),
  allow_squash_merge: repository.settings.allowSquashMerge,
  allow_merge_commit: repository.settings.allowMergeCommit,
  allow_rebase_merge: repository.settings.allowRebaseMerge,
  delete_branch_on_merge: repository.settings.deleteBranchOnMerge,
});

const gitUser = (commit: Commit): View => ({
  name: commit.author,
  email: emailOf(commit.author),
  date: commit.date,
});

export const commitView = (world: World, repository: Repository, commit: Commit): View => {
  const url = repositoryUrl(world, repository);
  const html = `${world.url}/${fullName(repository)}/commit/`;
  const author = userView(world, accountOf(world, commit.author));
  return {
    url: `${url}/commits/${commit.sha}`,
    sha: commit.sha,
    node_id: nodeId(`Commit-${commit.sha}`, 0),
    html_url: `${html}${commit.sha}`,
    comments_url: `${url}/commits/${commit.sha}/comments`,
    commit: {
      url: `${url}/git/commits/${commit.sha}`,
      author: gitUser(commit),
      committer: gitUser(commit),
      message: commit.message,
      comment_count: 0,
      tree: { sha: commit.tree, url: `${url}/git/trees/${commit.tree}` },
    },
    author,
    committer: author,
    parents: commit.parents.map((sha) => ({ sha, url: `${url}/commits/${sha}`, html_url: `${html}${sha}` })),
  };
};

export const gitCommitView = (world: World, repository: Repository, commit: Commit): View => {
  const url = repositoryUrl(world, repository);
  const html = `${world.url}/${fullName(repository)}/commit/`;
  return {
    sha: commit.sha,
    node_id: nodeId(`Commit-${commit.sha}`, 0),
    url: `${url}/git/commits/${commit.sha}`,
    html_url: `${html}${commit.sha}`,
    author: gitUser(commit),
    committer: gitUser(commit),
    message: commit.message,
    tree: { sha: commit.tree, url: `${url}/git/trees/${commit.tree}` },
    parents: commit.parents.map((sha) => ({
      sha,
      url: `${url}/git/commits/${sha}`,
      html_url: `${html}${sha}`,
    })),
    verification: { verified: false, reason: "unsigned", signature: null, payload: null, verified_at: null },
  };
};

/** One changed file of a pull request or a comparison; `head` is the commit that holds the new content. */
export const diffEntryView = (world: World, repository: Repository, head: Commit, change: Change): View => {
  const url = repositoryUrl(world, repository);
  const html = `${world.url}/${fullName(repository)}`;
  const content = head.files.get(change.path);
  return {
    sha: content === undefined ? null : blobSha(content),
    filename: change.path,
    ...(change.previous !== undefined && { previous_filename: change.previous }),
    status: change.status,
    additions: change.additions,
    deletions: change.deletions,
    changes: change.additions + change.deletions,
    blob_url: `${html}/blob/${head.sha}/${change.path}`,
    raw_url: `${html}/raw/${head.sha}/${change.path}`,
    contents_url: `${url}/contents/${change.path}?ref=${head.sha}`,
  };
};
