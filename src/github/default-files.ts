/** Files of several repositories, and what a pull request is now, in one request. What it does not tell beyond doubt is asked for one by one (`read.ts`). */
import { createHash } from "node:crypto";
import { z } from "zod";
import type {
  FilesAndPull,
  PullRequestNow,
  RepositoryFile,
  WantedFile,
  WantedPull,
} from "../ports/github.ts";
import type { Client } from "./client.ts";
import { githubError } from "./error.ts";

/** How GitHub tells the modes 100644 and 100755. A link has another one: the REST API follows it, and this query does not. */
const PLAIN = [0o100644, 0o100755];

const Entry = z.object({ mode: z.number(), object: z.object({ oid: z.string(), text: z.string() }) });
const Told = z.object({
  defaultBranchRef: z.object({ target: z.object({ file: Entry }) }),
});
const Answer = z.record(z.string(), z.unknown());

const Pull = z.object({
  pullRequest: z.object({
    state: z.enum(["OPEN", "CLOSED", "MERGED"]),
    author: z.object({ __typename: z.literal("User"), login: z.string() }),
    baseRefName: z.string(),
    headRefOid: z.string(),
  }),
});

export interface Wanted {
  readonly owner: string;
  readonly files: readonly WantedFile[];
  readonly pull: WantedPull | null;
}

/** Null for each file that is not told whole: it may be missing, hidden, no plain file, or too long. */
export async function defaultBranchFiles(client: Client, wanted: Wanted): Promise<FilesAndPull> {
  const told = await asked(client, wanted);
  return {
    files: wanted.files.map(({ path }, at) => fileOf(path, told[`f${at}`])),
    pull_request: pullOf(told.pull),
  };
}

/** Only people are named alike here and in the rest of GitHub's API: of what a bot or nobody opened the author is asked for by itself. */
function pullOf(given: unknown): PullRequestNow | null {
  const told = Pull.safeParse(given);
  if (!told.success) return null;
  const { state, author, baseRefName: base_ref, headRefOid: head_sha } = told.data.pullRequest;
  const words = { OPEN: "open", CLOSED: "closed", MERGED: "merged" } as const;
  return { state: words[state], author: author.login, base_ref, head_sha };
}

const FILE = "mode object { ... on Blob { oid text } }";
const PULL = "state author { __typename login } baseRefName headRefOid";

async function asked({ graphql }: Client, { owner, files, pull }: Wanted): Promise<z.infer<typeof Answer>> {
  const types = files.map((_, at) => `$name${at}: String!, $path${at}: String!`);
  const fields = files.map(
    (_, at) =>
      `f${at}: repository(owner: $owner, name: $name${at}) { defaultBranchRef { target { ... on Commit { file(path: $path${at}) { ${FILE} } } } } }`,
  );
  const variables: (readonly [string, string])[] = files.flatMap(({ name, path }, at) => [
    [`name${at}`, name],
    [`path${at}`, path],
  ]);
  if (pull !== null) {
    types.push("$repo: String!");
    variables.push(["repo", pull.name]);
    fields.push(
      `pull: repository(owner: $owner, name: $repo) { pullRequest(number: ${pull.number}) { ${PULL} } }`,
    );
  }
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
