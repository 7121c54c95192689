/** Git's own objects: contents, trees, commits, and the moves of branches. */
import { z } from "zod";
import { notFound, unprocessable } from "../github/errors.ts";
import { blobSha, history, makeCommit, trees } from "../github/git.ts";
import { moveBranch } from "../github/pulls.ts";
import type { Commit, State } from "../github/state.ts";
import { inBackground, resolveRef, timestamp } from "../github/world.ts";
import { loginOf } from "../http/auth.ts";
import { bodyAs, type Call, type Reply, type Route, repositoryIn, route } from "../http/router.ts";
import { nodeId } from "../views/account.ts";
import { commitView, gitCommitView, repositoryUrl } from "../views/repository.ts";
import { refView } from "./tags.ts";

const indexes = new WeakMap<Commit, ReadonlyMap<string, string>>();

const indexOf = (commit: Commit): ReadonlyMap<string, string> => {
  const known =
    indexes.get(commit) ?? new Map([...commit.files.values()].map((text) => [blobSha(text), text]));
  indexes.set(commit, known);
  return known;
};

/** The text of a blob, in whichever commit it lies. */
export const blobIn = (state: State, sha: string): string | undefined => {
  for (const commit of [...state.commits.values()].reverse()) {
    const text = indexOf(commit).get(sha);
    if (text !== undefined) return text;
  }
  return undefined;
};

const blob = (call: Call): Reply => {
  const repository = repositoryIn(call);
  const sha = call.params.file_sha ?? "";
  const text = blobIn(call.world.state, sha);
  if (text === undefined) throw notFound();
  const content = Buffer.from(text).toString("base64");
  const url = `${repositoryUrl(call.world, repository)}/git/blobs/${sha}`;
  const size = Buffer.byteLength(text);
  return { body: { sha, node_id: nodeId(`Blob-${sha}`, 0), url, content, encoding: "base64", size } };
};

const NewTree = z.object({
  base_tree: z.string().optional(),
  tree: z.array(
    z.object({
      path: z.string(),
      mode: z.literal("100644"),
      type: z.literal("blob"),
      content: z.string(),
    }),
  ),
});

const filesOf = (state: State, tree: string): ReadonlyMap<string, string> | undefined =>
  state.trees.get(tree) ?? [...state.commits.values()].find((commit) => commit.tree === tree)?.files;

const createTree = (call: Call): Reply => {
  const repository = repositoryIn(call);
  const { state } = call.world;
  const sent = bodyAs(call, NewTree);
  const base = sent.base_tree === undefined ? new Map<string, string>() : filesOf(state, sent.base_tree);
  if (!base) throw unprocessable("base_tree is not a valid tree oid");
  const files = new Map([...base, ...sent.tree.map(({ path, content }) => [path, content] as const)]);
  const root = trees(files).get("");
  const sha = root?.sha ?? "";
  state.trees.set(sha, files);
  const url = `${repositoryUrl(call.world, repository)}/git`;
  const tree = (root?.entries ?? []).map((entry) => ({
    ...entry,
    url: `${url}/${entry.type}s/${entry.sha}`,
  }));
  return { status: 201, body: { sha, url: `${url}/trees/${sha}`, truncated: false, tree } };
};

const NewCommit = z.object({ message: z.string(), tree: z.string(), parents: z.array(z.string()) });

const createCommit = (call: Call): Reply => {
  const repository = repositoryIn(call);
  const { world } = call;
  const { message, tree, parents } = bodyAs(call, NewCommit);
  const files = filesOf(world.state, tree);
  if (!files) throw unprocessable("Tree SHA does not exist");
  if (!parents.every((sha) => world.state.commits.has(sha)))
    throw unprocessable("Parent SHA does not exist or is not a commit object");
  const author = loginOf(world, call.actor);
  const commit = makeCommit({ parents, files, message, author, date: timestamp(world) });
  world.state.commits.set(commit.sha, commit);
  return { status: 201, body: gitCommitView(world, repository, commit) };
};

const MovedRef = z.object({ sha: z.string(), force: z.boolean().default(false) });

const updateRef = (call: Call): Reply => {
  const repository = repositoryIn(call);
  const { world, params } = call;
  const { sha, force } = bodyAs(call, MovedRef);
  const branch = (params.ref ?? "").replace(/^heads\//, "");
  const before = repository.branches.get(branch);
  if (before === undefined) throw unprocessable("Reference does not exist");
  if (!world.state.commits.has(sha)) throw unprocessable("Object does not exist");
  if (repository.rules.get(branch)?.some(({ type }) => type === "update"))
    throw unprocessable("Repository rule violations found\n\nCannot update this protected ref.\n\n");
  if (!force && !history(world.state.commits, sha).includes(before))
    throw unprocessable("Update is not a fast forward");
  inBackground(world, moveBranch(world, repository, branch, { to: sha, by: loginOf(world, call.actor) }));
  return { body: refView(call, `refs/heads/${branch}`, { type: "commit", sha }) };
};

const listCommits = (call: Call): Reply => {
  const repository = repositoryIn(call);
  const { world } = call;
  const from = resolveRef(world, repository, call.query.get("sha") ?? repository.defaultBranch);
  if (!from) throw notFound();
  const shas = history(world.state.commits, from.sha);
  return {
    list: shas.flatMap((sha) => {
      const commit = world.state.commits.get(sha);
      return commit ? [commitView(world, repository, commit)] : [];
    }),
  };
};

export const gitDataRoutes: readonly Route[] = [
  route("GET /repos/{owner}/{repo}/git/blobs/{file_sha}", "contents:read", blob),
  route("POST /repos/{owner}/{repo}/git/trees", "contents:write", createTree),
  route("POST /repos/{owner}/{repo}/git/commits", "contents:write", createCommit),
  route("PATCH /repos/{owner}/{repo}/git/refs/{ref}", "contents:write", updateRef),
  route("GET /repos/{owner}/{repo}/commits", "contents:read", listCommits),
  route("POST /repos/{owner}/{repo}/dispatches", "contents:write", () => ({ status: 204 })),
];
