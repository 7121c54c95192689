/** Commits, refs and what lies between two of them. */
import { notFound } from "../github/errors.ts";
import { between, mergeBase, pullChanges } from "../github/git.ts";
import type { Commit, Repository } from "../github/state.ts";
import { fullName, resolveRef } from "../github/world.ts";
import { type Call, type Reply, type Route, repositoryIn, route } from "../http/router.ts";
import type { View } from "../views/account.ts";
import { commitView, diffEntryView, gitCommitView, repositoryUrl } from "../views/repository.ts";
import { refView, tagRoutes } from "./tags.ts";

const commitIn = (call: Call, repository: Repository, name: string): Commit => {
  const found = resolveRef(call.world, repository, call.params[name] ?? "");
  if (!found) throw notFound();
  return found;
};

/** GitHub lists at most so many files of a comparison, all on its first page. */
const MOST_COMPARED = 300;

const compare = (call: Call): Reply => {
  const repository = repositoryIn(call);
  const { world } = call;
  const [from = "", to = ""] = (call.params.basehead ?? "").split("...");
  const own = (ref: string): string => ref.split(":").at(-1) ?? ref;
  const [base, head] = [resolveRef(world, repository, own(from)), resolveRef(world, repository, own(to))];
  const root = base && head ? mergeBase(world.state.commits, base.sha, head.sha) : undefined;
  const common = root ? world.state.commits.get(root) : undefined;
  if (!base || !head || !common) throw notFound();
  const ahead = between(world.state.commits, base.sha, head.sha);
  const behind = between(world.state.commits, head.sha, base.sha);
  const status =
    ahead.length === 0
      ? behind.length === 0
        ? "identical"
        : "behind"
      : behind.length === 0
        ? "ahead"
        : "diverged";
  const view = (commit: Commit): View => commitView(world, repository, commit);
  const html = `${world.url}/${fullName(repository)}/compare/${from}...${to}`;
  return {
    body: {
      url: `${repositoryUrl(world, repository)}/compare/${from}...${to}`,
      html_url: html,
      permalink_url: html,
      diff_url: `${html}.diff`,
      patch_url: `${html}.patch`,
      base_commit: view(base),
      merge_base_commit: view(common),
      status,
      ahead_by: ahead.length,
      behind_by: behind.length,
      total_commits: ahead.length,
      commits: ahead.flatMap((sha) => world.state.commits.get(sha) ?? []).map(view),
      files:
        (call.query.get("page") ?? "1") === "1"
          ? pullChanges(world.state.commits, base.sha, head.sha)
              .slice(0, MOST_COMPARED)
              .map((change) => diffEntryView(world, repository, head, change))
          : [],
    },
  };
};

const gitRef = (call: Call): Reply => {
  const repository = repositoryIn(call);
  const ref = call.params.ref ?? "";
  const tag = repository.tags.get(ref.replace(/^tags\//, ""));
  if (tag && ref.startsWith("tags/"))
    return { body: refView(call, `refs/${ref}`, { type: "tag", sha: tag }) };
  const sha = repository.branches.get(ref.replace(/^heads\//, ""));
  if (!sha || !ref.startsWith("heads/")) throw notFound();
  return { body: refView(call, `refs/${ref}`, { type: "commit", sha }) };
};

export const historyRoutes: readonly Route[] = [
  ...tagRoutes,
  route("GET /repos/{owner}/{repo}/git/ref/{ref}", "contents:read", gitRef),
  route("GET /repos/{owner}/{repo}/git/commits/{commit_sha}", "contents:read", (call) => {
    const own = repositoryIn(call);
    return { body: gitCommitView(call.world, own, commitIn(call, own, "commit_sha")) };
  }),
  route("GET /repos/{owner}/{repo}/commits/{ref}", "contents:read", (call) => {
    const own = repositoryIn(call);
    return { body: commitView(call.world, own, commitIn(call, own, "ref")) };
  }),
  route("GET /repos/{owner}/{repo}/compare/{basehead}", "contents:read", compare),
];
