/** The two queries that are answered. GitHub does not describe GraphQL as it does the rest, so their form is checked here. */
import { z } from "zod";
import { Refusal } from "../github/errors.ts";
import { blobSha } from "../github/git.ts";
import { fullName, pullOf, resolveRef } from "../github/world.ts";
import { bodyAs, type Call, repositoryIn } from "../http/router.ts";
import { blobIn } from "./git-data.ts";

type Body = Readonly<Record<string, unknown>>;

const Query = z.object({ query: z.string(), variables: z.record(z.string(), z.string()) });

export const graphql = (call: Call): Body => {
  const asked = bodyAs(call, Query);
  const query = asked.query.replace(/\s+/g, " ");
  return query.includes("object(oid:")
    ? blobs(call, { ...asked, query })
    : filesOfBranches(call, { ...asked, query });
};

type Asked = z.infer<typeof Query>;

const BLOB = /(\w+): object\(oid: "([0-9a-f]{40})"\) \{ \.\.\. on Blob \{ text \} \}/g;

/** Longer contents are cut off here; the whole is had one by one. */
const LONGEST_TEXT = 512_000;

const blobs = (call: Call, { query, variables }: Asked): Body => {
  const repository = repositoryIn({ ...call, params: variables });
  const rest = query.replace(BLOB, "").replace(/\s+/g, " ");
  const expected = "query ($owner: String!, $repo: String!) { repository(owner: $owner, name: $repo) { } }";
  if (rest !== expected) throw new Error(`a query that ${fullName(repository)} does not answer: ${rest}`);
  const found = [...query.matchAll(BLOB)].map(([, name = "", sha = ""]) => {
    const text = blobIn(call.world.state, sha);
    return [name, text === undefined ? null : { text: text.slice(0, LONGEST_TEXT) }] as const;
  });
  return { data: { repository: Object.fromEntries(found) } };
};

const FILE =
  /(\w+): repository\(owner: \$owner, name: \$(\w+)\) \{ defaultBranchRef \{ target \{ \.\.\. on Commit \{ file\(path: \$(\w+)\) \{ mode object \{ \.\.\. on Blob \{ oid text \} \} \} \} \} \} \}/g;

const PULL =
  /pull: repository\(owner: \$owner, name: \$repo\) \{ pullRequest\(number: (\d+)\) \{ state author \{ __typename login \} baseRefName headRefOid \} \}/;

/** What the App does not see is null, and an error beside the rest of the answer. */
const filesOfBranches = (call: Call, { query, variables }: Asked): Body => {
  const rest = query.replace(FILE, "").replace(PULL, "").replace(/\s+/g, " ");
  if (!/^query \(\$owner: String!(, \$\w+: String!)+\) \{ \}$/.test(rest)) {
    throw new Error(`a query that is not answered: ${rest}`);
  }
  const { owner = "" } = variables;
  const data: Record<string, unknown> = {};
  const errors: object[] = [];
  for (const [, field = "", name = "", path = ""] of query.matchAll(FILE)) {
    const repo = variables[name] ?? "";
    try {
      data[field] = fileOf(call, { owner, repo }, variables[path] ?? "");
    } catch (error) {
      if (!(error instanceof Refusal)) throw error;
      data[field] = null;
      const message = `Could not resolve to a Repository with the name '${owner}/${repo}'.`;
      errors.push({ type: "NOT_FOUND", path: [field], message });
    }
  }
  const [, number] = PULL.exec(query) ?? [];
  if (number !== undefined) data.pull = pullNow(call, variables, Number(number));
  return errors.length === 0 ? { data } : { data, errors };
};

const pullNow = (call: Call, variables: Readonly<Record<string, string>>, number: number): Body => {
  const pull = pullOf(call.world, repositoryIn({ ...call, params: variables }), number);
  if (pull === undefined) return { pullRequest: null };
  // A bot's login has no "[bot]" here.
  const login = pull.author.replace(/\[bot\]$/, "");
  const author = { __typename: login === pull.author ? "User" : "Bot", login };
  const state = pull.mergeCommit === null ? pull.state.toUpperCase() : "MERGED";
  return { pullRequest: { state, author, baseRefName: pull.base, headRefOid: pull.headSha } };
};

const PLAIN_MODE = 0o100644;

const fileOf = (call: Call, where: { readonly owner: string; readonly repo: string }, path: string): Body => {
  const repository = repositoryIn({ ...call, params: where });
  const commit = resolveRef(call.world, repository, repository.defaultBranch);
  if (!commit) return { defaultBranchRef: null };
  const text = commit.files.get(path);
  const file = text === undefined ? null : { mode: PLAIN_MODE, object: { oid: blobSha(text), text } };
  return { defaultBranchRef: { target: { file } } };
};
