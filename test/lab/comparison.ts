/**
 * The independent comparison: what protected data is, row by row and file by file, found with plain SELECTs and SHA-256 and none
 * of Belay's code. Which tables count is written out here again on purpose.
 */
import { createHash } from "node:crypto";
import { readdir, readFile } from "node:fs/promises";
import path from "node:path";
import { mariadb } from "./servers/mariadb.ts";
import type { Site } from "./site.ts";
import type { Acknowledged } from "./visitors.ts";

const PROTECTED = [
  "posts",
  "postmeta",
  "terms",
  "term_taxonomy",
  "term_relationships",
  "termmeta",
  "comments",
  "commentmeta",
  "users",
  "usermeta",
];

/** Table or `uploads` -> row key or path -> SHA-256. */
export type Observation = Readonly<Record<string, Readonly<Record<string, string>>>>;
export type Difference = {
  readonly where: string;
  readonly key: string;
  readonly change: "added" | "changed" | "removed";
};

/**
 * Looks at the protected data of a site, as the database's root. A post's counter of comments is left out: each comment moves it.
 * A table that is missing is an error: it would otherwise look like one without rows.
 */
export async function observe(socket: string, site: Site): Promise<Observation> {
  const seen: Record<string, Record<string, string>> = {};
  for (const table of PROTECTED) seen[table] = await rows(socket, site, `${site.prefix}${table}`);
  seen.uploads = await files(path.join(site.root, "shared/wp-content/uploads"));
  return seen;
}

async function rows(socket: string, site: Site, table: string): Promise<Record<string, string>> {
  const listed = await mariadb(
    socket,
    `SELECT column_name, column_key = 'PRI' FROM information_schema.columns WHERE table_schema = '${site.database}' AND table_name = '${table}' AND column_name <> 'comment_count' ORDER BY ordinal_position`,
  );
  if (listed === "") throw new Error(`The table ${table} is missing in ${site.database}.`);
  const columns = listed.split("\n").map((line) => line.split("\t"));
  const quoted = columns.map(([name]) => `QUOTE(\`${name}\`)`).join(", ");
  const key = columns.filter(([, primary]) => primary === "1").map(([name]) => `\`${name}\``);
  const sql = `SELECT CONCAT_WS('-', ${key.join(", ")}), SHA2(CONCAT_WS(',', ${quoted}), 256) FROM \`${table}\``;
  const lines = (await mariadb(socket, sql, site.database)).split("\n").filter((line) => line !== "");
  return Object.fromEntries(lines.map((line) => line.split("\t")));
}

async function files(folder: string): Promise<Record<string, string>> {
  const found: Record<string, string> = {};
  for (const entry of await readdir(folder, { recursive: true, withFileTypes: true })) {
    if (!entry.isFile()) continue;
    const file = path.join(entry.parentPath, entry.name);
    found[path.relative(folder, file)] = createHash("sha256")
      .update(await readFile(file))
      .digest("hex");
  }
  return found;
}

export function difference(before: Observation, after: Observation): readonly Difference[] {
  return Object.keys({ ...before, ...after }).flatMap((where) => {
    const old = before[where] ?? {};
    const now = after[where] ?? {};
    return Object.keys({ ...old, ...now }).flatMap((key): Difference[] => {
      if (old[key] === now[key]) return [];
      return [
        {
          where,
          key,
          change: old[key] === undefined ? "added" : now[key] === undefined ? "removed" : "changed",
        },
      ];
    });
  });
}

/** What visitors and the demo itself may have changed: new comments, edited posts, the sessions of those who logged in. */
export type Expected = {
  readonly comments: readonly Acknowledged[];
  /** Ids of rows of `posts` that were written on purpose, as `editPost` returns them. */
  readonly posts: readonly number[];
  readonly sessionRows: readonly string[];
};

/** The differences that nobody expects. */
export function unexpected(differences: readonly Difference[], expected: Expected): readonly Difference[] {
  const comments = new Set(expected.comments.map((comment) => String(comment.id)));
  const posts = new Set(expected.posts.map(String));
  const sessions = new Set(expected.sessionRows);
  return differences.filter(({ where, key, change }) => {
    if (where === "comments") return !(change === "added" && comments.has(key));
    if (where === "posts") return change === "removed" || !posts.has(key);
    if (where === "usermeta") return change === "removed" || !sessions.has(key);
    return true;
  });
}

/** Keys of the rows that hold the sessions of logged-in users. */
export async function sessionRows(socket: string, site: Site): Promise<readonly string[]> {
  const sql = `SELECT umeta_id FROM \`${site.prefix}usermeta\` WHERE meta_key = 'session_tokens'`;
  return (await mariadb(socket, sql, site.database)).split("\n").filter((line) => line !== "");
}

/** Of these comments, the ones that are not in the database as they were acknowledged: with this id, this author and these words. */
export async function lostComments(
  socket: string,
  site: Site,
  acknowledged: readonly Acknowledged[],
): Promise<readonly Acknowledged[]> {
  const sql = `SELECT comment_ID, comment_author, comment_content FROM \`${site.prefix}comments\` WHERE comment_approved = '1'`;
  const there = new Set((await mariadb(socket, sql, site.database)).split("\n"));
  return acknowledged.filter(({ id, author, content }) => !there.has(`${id}\t${author}\t${content}`));
}
