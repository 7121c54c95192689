/** Files of several repositories in one request. What it does not tell beyond doubt is asked for one by one (`read.ts`). */
import { createHash } from "node:crypto";
import { z } from "zod";
import type { RepositoryFile, WantedFile } from "../ports/github.ts";
import type { Client } from "./client.ts";
import { githubError } from "./error.ts";

/** How GitHub tells the modes 100644 and 100755. A link has another one: the REST API follows it, and this query does not. */
const PLAIN = [0o100644, 0o100755];

const Entry = z.object({ mode: z.number(), object: z.object({ oid: z.string(), text: z.string() }) });
const Told = z.object({
  defaultBranchRef: z.object({ target: z.object({ file: Entry }) }),
});
const Answer = z.record(z.string(), z.unknown());

/** Null for each file that is not told whole: it may be missing, hidden, no plain file, or too long. */
export async function defaultBranchFiles(
  client: Client,
  owner: string,
  wanted: readonly WantedFile[],
): Promise<readonly (RepositoryFile | null)[]> {
  const told = await asked(client, { owner, wanted });
  return wanted.map(({ path }, at) => fileOf(path, told[`f${at}`]));
}

const FILE = "mode object { ... on Blob { oid text } }";

async function asked(
  { graphql }: Client,
  { owner, wanted }: { readonly owner: string; readonly wanted: readonly WantedFile[] },
): Promise<z.infer<typeof Answer>> {
  const types = wanted.map((_, at) => `$name${at}: String!, $path${at}: String!`);
  const fields = wanted.map(
    (_, at) =>
      `f${at}: repository(owner: $owner, name: $name${at}) { defaultBranchRef { target { ... on Commit { file(path: $path${at}) { ${FILE} } } } } }`,
  );
  const variables = wanted.flatMap(({ name, path }, at) => [
    [`name${at}`, name],
    [`path${at}`, path],
  ]);
  const query = `query ($owner: String!, ${types.join(", ")}) { ${fields.join(" ")} }`;
  try {
    return read(await graphql(query, { owner, ...Object.fromEntries(variables) }));
  } catch (error) {
    if (githubError(error, "read several files").code === "GITHUB_RATE_LIMITED") throw error;
    // A repository that the App does not see makes an error of the answer, which tells of the others all the same.
    return read(error instanceof Error && "data" in error ? error.data : null);
  }
}

const read = (given: unknown): z.infer<typeof Answer> => Answer.safeParse(given).data ?? {};

function fileOf(path: string, given: unknown): RepositoryFile | null {
  const told = Told.safeParse(given);
  if (!told.success) return null;
  const { mode, object } = told.data.defaultBranchRef.target.file;
  if (!PLAIN.includes(mode) || exact(object.oid, object.text) === null) return null;
  return { path, text: object.text, sha: object.oid };
}

/** GraphQL cuts long texts and mends what is no UTF-8: only what has the id's own hash is the content. */
export function exact(id: string, text: string | undefined): Uint8Array | null {
  if (text === undefined) return null;
  const bytes = Buffer.from(text, "utf8");
  return blobId(bytes, id.length) === id ? bytes : null;
}

function blobId(bytes: Uint8Array, length: number): string {
  const hash = createHash(length === 64 ? "sha256" : "sha1");
  return hash.update(`blob ${bytes.length}\0`).update(bytes).digest("hex");
}
