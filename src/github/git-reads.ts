/** Commits, trees and contents, within what GitHub gives at a time. */
import { z } from "zod";
import type { TreeEntry } from "../core/packages/types.ts";
import type { Github } from "../ports/github.ts";
import type { Asking } from "./asking.ts";
import type { Client } from "./client.ts";
import { exact } from "./default-files.ts";
import { githubError } from "./error.ts";

type GitReads = Pick<Github, "branchHead" | "mergeBase" | "tree" | "blobs">;

export function gitReads({ ask, orNull, nameOf }: Asking): GitReads {
  return {
    branchHead: async (repository, branch) => {
      const found = await orNull(repository, `read the branch ${branch}`, ({ rest }) =>
        rest.git.getRef({ ...nameOf(repository), ref: `heads/${branch}` }),
      );
      return found?.data.object.sha ?? null;
    },
    mergeBase: async (repository, base, head) => {
      const found = await orNull(repository, "compare two commits", ({ rest }) =>
        rest.repos.compareCommitsWithBasehead({
          ...nameOf(repository),
          basehead: `${base}...${head}`,
          per_page: 1,
        }),
      );
      return found?.data.merge_base_commit.sha ?? null;
    },
    tree: (repository, commit) =>
      ask(repository, "read the files of a commit", async (client) => {
        const { data } = await client.rest.git.getCommit({ ...nameOf(repository), commit_sha: commit });
        return wholeTree({ client, where: nameOf(repository) }, { sha: data.tree.sha, prefix: "" });
      }),
    blobs: (repository, ids) =>
      ask(repository, "read files", (client) => contents({ client, where: nameOf(repository) }, ids)),
  };
}

interface Place {
  readonly client: Client;
  readonly where: ReturnType<Asking["nameOf"]>;
}

/** One request where GitHub gives the whole tree (100,000 entries, 7 MB); else folder by folder. */
async function wholeTree(
  place: Place,
  { sha, prefix }: { readonly sha: string; readonly prefix: string },
): Promise<readonly TreeEntry[]> {
  const { client, where } = place;
  const request = { ...where, tree_sha: sha };
  const whole = await client.rest.git.getTree({ ...request, recursive: "true" });
  if (!whole.data.truncated) return entriesOf(whole.data.tree, prefix);
  const { data } = await client.rest.git.getTree(request);
  if (data.truncated) throw new Error(`GitHub does not list all files of the folder ${prefix || "/"}.`);
  const entries = [...entriesOf(data.tree, prefix)];
  for (const folder of data.tree) {
    if (folder.type !== "tree") continue;
    entries.push(
      ...(await wholeTree(place, { sha: folder.sha ?? "", prefix: `${prefix}${folder.path ?? ""}/` })),
    );
  }
  return entries;
}

type Listed = Awaited<ReturnType<Client["rest"]["git"]["getTree"]>>["data"]["tree"];

const entriesOf = (listed: Listed, prefix: string): readonly TreeEntry[] =>
  listed.flatMap(({ path = "", mode = "", type, sha = "" }) =>
    type === "tree" ? [] : [{ path: `${prefix}${path}`, mode, id: sha }],
  );

/** Reading one by one would use up GitHub's limits on a pull request of 3,000 files: so many are asked for at once. */
const AT_ONCE = 100;

async function contents(place: Place, ids: readonly string[]): Promise<ReadonlyMap<string, Uint8Array>> {
  const wanted = [...new Set(ids)].filter((id) => /^[0-9a-f]{40,64}$/.test(id));
  const found = new Map<string, Uint8Array>();
  for (let from = 0; from < wanted.length; from += AT_ONCE) {
    const batch = wanted.slice(from, from + AT_ONCE);
    const texts = await textsOf(place, batch);
    for (const id of batch) {
      const bytes = exact(id, texts.get(id)) ?? (await oneBlob(place, id));
      if (bytes !== null) found.set(id, bytes);
    }
  }
  return found;
}

const Answer = z.object({
  repository: z.record(z.string(), z.object({ text: z.string().nullish() }).nullable()).nullable(),
});

async function textsOf(
  { client, where }: Place,
  ids: readonly string[],
): Promise<ReadonlyMap<string, string>> {
  const fields = ids.map((id, at) => `b${at}: object(oid: "${id}") { ... on Blob { text } }`);
  const query = `query ($owner: String!, $repo: String!) { repository(owner: $owner, name: $repo) { ${fields.join(" ")} } }`;
  try {
    return textsIn(ids, Answer.parse(await client.graphql(query, { ...where })));
  } catch (error) {
    if (githubError(error, "read files").code === "GITHUB_RATE_LIMITED") throw error;
    const told = Answer.safeParse(error instanceof Error && "data" in error ? error.data : null);
    if (told.success) return textsIn(ids, told.data);
    if (ids.length <= FEW) throw error;
    // Long contents may be more than GitHub gathers in its time: fewer are asked for at once.
    const half = Math.ceil(ids.length / 2);
    const parts = [ids.slice(0, half), ids.slice(half)];
    const texts = [];
    for (const part of parts) texts.push(...(await textsOf({ client, where }, part)));
    return new Map(texts);
  }
}

const FEW = 10;

const textsIn = (ids: readonly string[], { repository }: z.infer<typeof Answer>) =>
  new Map(
    ids.flatMap((id, at) => {
      const text = repository?.[`b${at}`]?.text;
      return typeof text === "string" ? [[id, text] as const] : [];
    }),
  );

/** Larger ones are never judged, so they need not be had. */
const LARGEST = 5 * 1024 * 1024;

async function oneBlob({ client, where }: Place, id: string): Promise<Uint8Array | null> {
  try {
    const { data } = await client.rest.git.getBlob({ ...where, file_sha: id });
    if ((data.size ?? 0) > LARGEST || data.encoding !== "base64") return null;
    return Buffer.from(data.content, "base64");
  } catch (error) {
    if (error instanceof Error && "status" in error && error.status === 404) return null;
    throw error;
  }
}
