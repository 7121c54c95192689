/** Annotated tags: an object first, then a ref that makes it a tag of the repository. */
import { createHash } from "node:crypto";
import { z } from "zod";
import { notFound, unprocessable } from "../github/errors.ts";
import type { TagObject } from "../github/state.ts";
import { resolveRef, timestamp } from "../github/world.ts";
import { bodyAs, type Call, type Reply, type Route, repositoryIn, route } from "../http/router.ts";
import { repositoryUrl } from "../views/repository.ts";

const NewTag = z.object({
  tag: z.string(),
  message: z.string(),
  object: z.string(),
  type: z.literal("commit"),
});

const createTag = (call: Call): Reply => {
  const repository = repositoryIn(call);
  const { tag, message, object } = bodyAs(call, NewTag);
  if (!resolveRef(call.world, repository, object)) throw unprocessable("Object does not exist");
  const date = timestamp(call.world);
  const sha = createHash("sha1")
    .update(JSON.stringify([tag, message, object, date]))
    .digest("hex");
  const made = { sha, tag, message, commit: object, date };
  repository.tagObjects.set(sha, made);
  return { status: 201, body: tagView(call, made) };
};

function tagView(call: Call, { sha, tag, message, commit, date }: TagObject) {
  const url = repositoryUrl(call.world, repositoryIn(call));
  const tagger = { name: "belay[bot]", email: "belay[bot]@users.noreply.github.com", date };
  const object = { sha: commit, type: "commit", url: `${url}/git/commits/${commit}` };
  return { ...{ node_id: sha, tag, sha, url: `${url}/git/tags/${sha}`, message, tagger }, object };
}

const getTag = (call: Call): Reply => {
  const repository = repositoryIn(call);
  const found = repository.tagObjects.get(call.params.tag_sha ?? "");
  if (found === undefined) throw notFound();
  return { body: tagView(call, found) };
};

const NewRef = z.object({ ref: z.string(), sha: z.string() });

const createRef = (call: Call): Reply => {
  const repository = repositoryIn(call);
  const { ref, sha } = bodyAs(call, NewRef);
  const name = ref.replace(/^refs\/tags\//, "");
  if (name === ref) throw unprocessable("Reference name must begin with refs/tags/ here");
  if (!repository.tagObjects.has(sha)) throw unprocessable("Object does not exist");
  if (repository.tags.has(name)) throw unprocessable("Reference already exists");
  repository.tags.set(name, sha);
  return { status: 201, body: refView(call, ref, { type: "tag", sha }) };
};

export const refView = (
  call: Call,
  ref: string,
  { type, sha }: { readonly type: "commit" | "tag"; readonly sha: string },
) => {
  const url = repositoryUrl(call.world, repositoryIn(call));
  const object = `${url}/git/${type === "tag" ? "tags" : "commits"}/${sha}`;
  return { ref, node_id: ref, url: `${url}/git/${ref}`, object: { type, sha, url: object } };
};

export const tagRoutes: readonly Route[] = [
  route("POST /repos/{owner}/{repo}/git/tags", "contents:write", createTag),
  route("GET /repos/{owner}/{repo}/git/tags/{tag_sha}", "contents:read", getTag),
  route("POST /repos/{owner}/{repo}/git/refs", "contents:write", createRef),
];
