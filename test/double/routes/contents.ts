/** Files and folders of a repository. */
import { notFound } from "../github/errors.ts";
import { blobSha, trees } from "../github/git.ts";
import type { Repository } from "../github/state.ts";
import { fullName, resolveRef, type World } from "../github/world.ts";
import { type Call, type Reply, type Route, repositoryIn, route } from "../http/router.ts";
import type { View } from "../views/account.ts";
import { repositoryUrl } from "../views/repository.ts";

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

/** GitHub gives at most so much of a tree at once, beside its limit in entries. */
const MOST_TREE_BYTES = 7 * 1024 * 1024;

function withinBytes<T>(items: readonly T[]): readonly T[] {
  let bytes = 0;
  const over = items.findIndex((item) => {
    bytes += JSON.stringify(item).length + 1;
    return bytes > MOST_TREE_BYTES;
  });
  return over < 0 ? items : items.slice(0, over);
}

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
        at === folder || at.startsWith(prefix) || prefix === ""
          ? one.entries.map((entry) => ({
              ...entry,
              path: `${at === "" ? "" : `${at}/`}${entry.path}`.slice(prefix.length),
            }))
          : [],
      );
      const shown = query.has("recursive") ? below.sort((a, b) => (a.path < b.path ? -1 : 1)) : entries;
      const url = `${repositoryUrl(world, repository)}/git`;
      const items = withinBytes(
        shown
          .slice(0, repository.treeLimit)
          .map((entry) => ({ ...entry, url: `${url}/${entry.type}s/${entry.sha}` })),
      );
      const truncated = items.length < shown.length;
      return { body: { sha, url: `${url}/trees/${sha}`, truncated, tree: items } };
    }
  }
  throw notFound();
};

export const contentRoutes: readonly Route[] = [
  route("GET /repos/{owner}/{repo}/contents/{path}", "contents:read", contents),
  route("GET /repos/{owner}/{repo}/git/trees/{tree_sha}", "contents:read", tree),
];
