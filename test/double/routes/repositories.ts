/** Repositories: settings, permissions, branches, rules, files and history. */
import { notFound } from "../github/errors.ts";
import { between, blobSha, history, mergeBase, pullChanges, trees } from "../github/git.ts";
import type { Commit, Repository } from "../github/state.ts";
import { fullName, resolveRef, type World } from "../github/world.ts";
import { type Call, type Reply, type Route, repositoryIn, route } from "../http/router.ts";
import { userView, type View } from "../views/account.ts";
import {
  commitView,
  diffEntryView,
  fullRepositoryView,
  gitCommitView,
  repositoryUrl,
} from "../views/repository.ts";

const commitIn = (call: Call, repository: Repository, name: string): Commit => {
  const found = resolveRef(call.world, repository, call.params[name] ?? "");
  if (!found) throw notFound();
  return found;
};

/** GitHub knows five roles and, in `permission`, only four: maintain shows as write, triage as read. */
const LEGACY: Readonly<Record<string, string>> = { maintain: "write", triage: "read" };

const permission = (call: Call): Reply => {
  const repository = repositoryIn(call);
  const account = call.world.state.accounts.find(
    ({ login }) => login.toLowerCase() === call.params.username?.toLowerCase(),
  );
  if (!account) throw notFound();
  const own = repository.permissions.get(account.login) ?? (repository.private ? "none" : "read");
  const role = account.login === repository.owner ? "admin" : own;
  return {
    body: {
      permission: LEGACY[role] ?? role,
      role_name: role,
      user: { ...userView(call.world, account), role_name: role },
    },
  };
};

const entryLinks = (world: World, repository: Repository, path: string, ref: string): View => {
  const self = `${repositoryUrl(world, repository)}/contents/${path}?ref=${ref}`;
  const html = `${world.url}/${fullName(repository)}/blob/${ref}/${path}`;
  return {
    url: self,
    html_url: html,
    git_url: self,
    download_url: `${world.url}/${fullName(repository)}/raw/${ref}/${path}`,
    _links: { self, html, git: self },
  };
};

const RAW = /^application\/vnd\.github(\.v3)?\.raw/;

const contents = (call: Call): Reply => {
  const repository = repositoryIn(call);
  const { world } = call;
  const path = (call.params.path ?? "").replace(/^\/+|\/+$/g, "");
  const ref = call.query.get("ref") ?? repository.defaultBranch;
  const commit = resolveRef(world, repository, ref);
  const file = commit?.files.get(path);
  if (commit && file !== undefined) {
    if (RAW.test(call.accept)) return { raw: file, type: "application/vnd.github.raw; charset=utf-8" };
    const content = `${Buffer.from(file)
      .toString("base64")
      .replace(/(.{60})/g, "$1\n")}\n`;
    const own = {
      type: "file",
      encoding: "base64",
      size: Buffer.byteLength(file),
      name: path.split("/").at(-1),
      path,
      content,
      sha: blobSha(file),
    };
    return { body: { ...own, ...entryLinks(world, repository, path, ref) } };
  }
  const folder = commit ? trees(commit.files).get(path) : undefined;
  if (!folder) throw notFound();
  const items = folder.entries.map((entry) => {
    const full = path === "" ? entry.path : `${path}/${entry.path}`;
    const own = {
      type: entry.type === "tree" ? "dir" : "file",
      size: entry.size ?? 0,
      name: entry.path,
      path: full,
      sha: entry.sha,
    };
    return { ...own, ...entryLinks(world, repository, full, ref) };
  });
  return { body: items };
};

/** A tree by its own hash, or by a commit or branch that has it. */
const tree = (call: Call): Reply => {
  const repository = repositoryIn(call);
  const { world, params, query } = call;
  const wanted = params.tree_sha ?? "";
  const named = resolveRef(world, repository, wanted);
  const all = named ? [named] : [...world.state.commits.values()];
  for (const commit of all) {
    const listing = trees(commit.files);
    for (const [folder, { sha, entries }] of listing) {
      if (sha !== wanted && !(named && folder === "")) continue;
      const prefix = folder === "" ? "" : `${folder}/`;
      const below = [...listing].flatMap(([at, one]) =>
        at.startsWith(prefix) || prefix === ""
          ? one.entries.map((entry) => ({
              ...entry,
              path: `${at === "" ? "" : `${at}/`}${entry.path}`.slice(prefix.length),
            }))
          : [],
      );
      const shown = query.has("recursive") ? below.sort((a, b) => (a.path < b.path ? -1 : 1)) : entries;
      const url = `${repositoryUrl(world, repository)}/git`;
      const items = shown.map((entry) => ({ ...entry, url: `${url}/${entry.type}s/${entry.sha}` }));
      return { body: { sha, url: `${url}/trees/${sha}`, truncated: false, tree: items } };
    }
  }
  throw notFound();
};

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
      files: pullChanges(world.state.commits, base.sha, head.sha).map((change) =>
        diffEntryView(world, repository, head, change),
      ),
    },
  };
};

const branch = (call: Call): Reply => {
  const repository = repositoryIn(call);
  const name = call.params.branch ?? "";
  const sha = repository.branches.get(name);
  const commit = call.world.state.commits.get(sha ?? "");
  if (!commit) throw notFound();
  const self = `${repositoryUrl(call.world, repository)}/branches/${name}`;
  const html = `${call.world.url}/${fullName(repository)}/tree/${name}`;
  const isProtected = (repository.rules.get(name) ?? []).length > 0;
  return {
    body: {
      name,
      commit: commitView(call.world, repository, commit),
      _links: { self, html },
      protected: isProtected,
      protection: { enabled: isProtected },
      protection_url: `${self}/protection`,
    },
  };
};

const rules = (call: Call): Reply => {
  const repository = repositoryIn(call);
  const own = repository.rules.get(call.params.branch ?? "") ?? [];
  return {
    list: own.map((rule) => ({
      ...rule,
      ruleset_source_type: "Repository",
      ruleset_source: fullName(repository),
      ruleset_id: 1,
    })),
  };
};

const gitRef = (call: Call): Reply => {
  const repository = repositoryIn(call);
  const ref = call.params.ref ?? "";
  const sha = repository.branches.get(ref.replace(/^heads\//, ""));
  if (!sha || !ref.startsWith("heads/")) throw notFound();
  const url = repositoryUrl(call.world, repository);
  return {
    body: {
      ref: `refs/${ref}`,
      url: `${url}/git/refs/${ref}`,
      object: { type: "commit", sha, url: `${url}/git/commits/${sha}` },
    },
  };
};

const repository = (call: Call): Reply => ({ body: fullRepositoryView(call.world, repositoryIn(call)) });

export const repositoryRoutes: readonly Route[] = [
  route("GET /repos/{owner}/{repo}", "metadata:read", repository),
  route("GET /repositories/{repository_id}", "metadata:read", repository),
  route("GET /repos/{owner}/{repo}/collaborators/{username}/permission", "metadata:read", permission),
  route("GET /repos/{owner}/{repo}/branches/{branch}", "contents:read", branch),
  route("GET /repos/{owner}/{repo}/rules/branches/{branch}", "metadata:read", rules),
  route("GET /repos/{owner}/{repo}/contents/{path}", "contents:read", contents),
  route("GET /repos/{owner}/{repo}/git/trees/{tree_sha}", "contents:read", tree),
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

/** For other routes that name a commit. */
export const commitsOf = (world: World, shas: readonly string[]): readonly Commit[] =>
  shas.flatMap((sha) => world.state.commits.get(sha) ?? []);
export const reachable = (world: World, own: Repository, sha: string): boolean =>
  [...own.branches.values()].some((tip) => history(world.state.commits, tip).includes(sha));
