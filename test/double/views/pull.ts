/** Pull requests, their issue side and comments as GitHub's JSON. */

import { between, mergeFiles, pullChanges } from "../github/git.ts";
import type { Comment, PullRequest, Repository } from "../github/state.ts";
import { fullName, repositoryOf, timestamp, type World } from "../github/world.ts";
import { association, nodeId, userNamed, type View } from "./account.ts";
import { rollup } from "./comment.ts";
import { repositoryUrl, repositoryView } from "./repository.ts";

const side = (world: World, repository: Repository, ref: string, sha: string): View => ({
  label: `${repository.owner}:${ref}`,
  ref,
  sha,
  user: userNamed(world, repository.owner),
  repo: repositoryView(world, repository),
});

/** The form of lists; `pullView` adds what only a single answer has. */
export const pullListView = (world: World, pull: PullRequest): View => {
  const repository = repositoryOf(world, pull.repository);
  const url = `${repositoryUrl(world, repository)}/pulls/${pull.number}`;
  const issue = `${repositoryUrl(world, repository)}/issues/${pull.number}`;
  const html = `${world.url}/${fullName(repository)}/pull/${pull.number}`;
  const statuses = `${repositoryUrl(world, repository)}/statuses/${pull.headSha}`;
  const links = {
    self: url,
    html,
    issue,
    comments: `${issue}/comments`,
    commits: `${url}/commits`,
    review_comment: `${repositoryUrl(world, repository)}/pulls/comments{/number}`,
    review_comments: `${url}/comments`,
    statuses,
  };
  return {
    url,
    id: pull.id,
    node_id: nodeId("PullRequest", pull.id),
    html_url: html,
    diff_url: `${html}.diff`,
    patch_url: `${html}.patch`,
    issue_url: issue,
    commits_url: links.commits,
    review_comments_url: links.review_comments,
    review_comment_url: links.review_comment,
    comments_url: links.comments,
    statuses_url: statuses,
    number: pull.number,
    state: pull.state,
    locked: false,
    title: pull.title,
    user: userNamed(world, pull.author),
    body: pull.body,
    labels: [],
    milestone: null,
    draft: false,
    created_at: pull.createdAt,
    updated_at: pull.updatedAt,
    closed_at: pull.closedAt,
    merged_at: pull.mergeCommit === null ? null : pull.closedAt,
    merge_commit_sha: pull.mergeCommit,
    assignee: null,
    assignees: [],
    requested_reviewers: [],
    requested_teams: [],
    head: side(world, repositoryOf(world, pull.headRepository), pull.head, pull.headSha),
    base: side(world, repository, pull.base, pull.baseSha),
    _links: Object.fromEntries(Object.entries(links).map(([name, href]) => [name, { href }])),
    author_association: association(world, repository, pull.author),
    auto_merge: null,
  };
};

const behindOrClean = (world: World, pull: PullRequest): string => {
  const { settings, branches } = repositoryOf(world, pull.repository);
  const lacks = between(world.state.commits, pull.headSha, branches.get(pull.base) ?? pull.baseSha);
  return settings.upToDate.includes(pull.base) && lacks.length > 0 ? "behind" : "clean";
};

export const pullView = (world: World, pull: PullRequest): View => {
  const { commits } = world.state;
  const changed = pullChanges(commits, pull.baseSha, pull.headSha);
  const sum = (field: "additions" | "deletions"): number =>
    changed.reduce((total, one) => total + one[field], 0);
  const merged = pull.mergeCommit !== null;
  const clean = mergeFiles(commits, pull.baseSha, pull.headSha).conflicts.length === 0;
  return {
    ...pullListView(world, pull),
    merged,
    mergeable: pull.state === "open" ? clean : null,
    rebaseable: pull.state === "open" ? clean : null,
    mergeable_state: pull.state === "open" ? (clean ? behindOrClean(world, pull) : "dirty") : "unknown",
    merged_by: pull.mergedBy === null ? null : userNamed(world, pull.mergedBy),
    comments: commentsOf(world, pull).length,
    review_comments: 0,
    maintainer_can_modify: false,
    commits: between(commits, pull.baseSha, pull.headSha).length,
    additions: sum("additions"),
    deletions: sum("deletions"),
    changed_files: changed.length,
  };
};

export const commentsOf = (world: World, pull: PullRequest): readonly Comment[] =>
  world.state.comments.filter(
    (one) => one.repository === pull.repository && one.issue === pull.number && !one.deleted,
  );

/** The pull request as an issue, which is how webhooks about comments name it. */
export const issueView = (world: World, pull: PullRequest): View => {
  const repository = repositoryOf(world, pull.repository);
  const url = `${repositoryUrl(world, repository)}/issues/${pull.number}`;
  const html = `${world.url}/${fullName(repository)}/pull/${pull.number}`;
  return {
    url,
    repository_url: repositoryUrl(world, repository),
    labels_url: `${url}/labels{/name}`,
    comments_url: `${url}/comments`,
    events_url: `${url}/events`,
    html_url: html,
    id: pull.id,
    node_id: nodeId("PullRequest", pull.id),
    number: pull.number,
    title: pull.title,
    user: userNamed(world, pull.author),
    labels: [],
    state: pull.state,
    locked: false,
    assignee: null,
    assignees: [],
    milestone: null,
    comments: commentsOf(world, pull).length,
    created_at: pull.createdAt,
    updated_at: pull.updatedAt,
    closed_at: pull.closedAt,
    author_association: association(world, repository, pull.author),
    active_lock_reason: null,
    draft: false,
    pull_request: {
      url: `${repositoryUrl(world, repository)}/pulls/${pull.number}`,
      html_url: html,
      diff_url: `${html}.diff`,
      patch_url: `${html}.patch`,
      merged_at: pull.mergeCommit === null ? null : (pull.closedAt ?? timestamp(world)),
    },
    body: pull.body,
    reactions: rollup(world, `${url}/reactions`, []),
  };
};
