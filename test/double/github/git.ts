/** A tiny content store with git's own hashes: commits over whole trees, ancestry, differences, merges. */
import { createHash } from "node:crypto";
import type { Commit } from "./state.ts";

export type Commits = ReadonlyMap<string, Commit>;
export type TreeEntry = {
  readonly path: string;
  readonly mode: "100644" | "040000";
  readonly type: "blob" | "tree";
  readonly sha: string;
  readonly size?: number;
};
export type Change = {
  readonly path: string;
  readonly status: "added" | "removed" | "modified" | "renamed";
  /** Where a renamed file lay before. */
  readonly previous?: string;
  readonly additions: number;
  readonly deletions: number;
};

const object = (kind: string, content: Buffer): string =>
  createHash("sha1").update(`${kind} ${content.length}\0`).update(content).digest("hex");

export const blobSha = (content: string): string => object("blob", Buffer.from(content));

/** Every tree of a file listing: folder ("" is the root) -> its hash and entries, in git's order. */
export const trees = (
  files: ReadonlyMap<string, string>,
): ReadonlyMap<string, { sha: string; entries: readonly TreeEntry[] }> => {
  const found = new Map<string, { sha: string; entries: readonly TreeEntry[] }>();
  const visit = (folder: string, inside: readonly (readonly [string, string])[]): string => {
    const entries: TreeEntry[] = [];
    const below = Map.groupBy(inside, ([path]) => path.split("/")[0] ?? "");
    for (const [name, members] of below) {
      const [first] = members;
      const path = folder === "" ? name : `${folder}/${name}`;
      if (first?.[0] === name) {
        entries.push({
          path: name,
          mode: "100644",
          type: "blob",
          sha: blobSha(first[1]),
          size: Buffer.byteLength(first[1]),
        });
      } else {
        const rest = members.map(([file, content]) => [file.slice(name.length + 1), content] as const);
        entries.push({ path: name, mode: "040000", type: "tree", sha: visit(path, rest) });
      }
    }
    const order = ({ type, path }: TreeEntry): string => (type === "tree" ? `${path}/` : path);
    entries.sort((a, b) => Buffer.compare(Buffer.from(order(a)), Buffer.from(order(b))));
    const lines = entries.map(({ mode, path, sha: id }) =>
      Buffer.concat([Buffer.from(`${mode.replace(/^0/, "")} ${path}\0`), Buffer.from(id, "hex")]),
    );
    const sha = object("tree", Buffer.concat(lines));
    found.set(folder, { sha, entries });
    return sha;
  };
  visit("", [...files]);
  return found;
};

/** Accounts of apps have signs in their names that no address may have. */
export const emailOf = (login: string): string =>
  `${login.replace(/[^A-Za-z0-9-]/g, "")}@users.noreply.invalid`;

/** A commit object; equal content, parents, author, message and date give an equal hash, as in git. */
export const makeCommit = (from: Omit<Commit, "sha" | "tree">): Commit => {
  const tree = trees(from.files).get("")?.sha ?? "";
  const seconds = Math.floor(Date.parse(from.date) / 1000);
  const who = `${from.author} <${from.author}@users.noreply.invalid> ${seconds} +0000`;
  const text = [
    `tree ${tree}`,
    ...from.parents.map((sha) => `parent ${sha}`),
    `author ${who}`,
    `committer ${who}`,
    "",
    from.message,
  ];
  return { ...from, tree, sha: object("commit", Buffer.from(`${text.join("\n")}\n`)) };
};

/** The commit and everything before it, nearest first. */
export const history = (commits: Commits, sha: string): readonly string[] => {
  const seen = new Set<string>();
  let front = [sha];
  while (front.length > 0) {
    const fresh = [...new Set(front)].filter((one) => !seen.has(one));
    for (const one of fresh) seen.add(one);
    front = fresh.flatMap((one) => commits.get(one)?.parents ?? []);
  }
  return [...seen];
};

/** The nearest commit that both contain, or undefined for unrelated histories. */
export const mergeBase = (commits: Commits, a: string, b: string): string | undefined => {
  const ofB = new Set(history(commits, b));
  return history(commits, a).find((sha) => ofB.has(sha));
};

/** Commits that `head` has and `base` has not, oldest first. */
export const between = (commits: Commits, base: string, head: string): readonly string[] => {
  const known = new Set(history(commits, base));
  return history(commits, head)
    .filter((sha) => !known.has(sha))
    .reverse();
};

const linesOnlyIn = (text: string, other: string): number => {
  const counts = new Map<string, number>();
  for (const line of other.split("\n")) counts.set(line, (counts.get(line) ?? 0) + 1);
  return text.split("\n").filter((line) => {
    const left = counts.get(line) ?? 0;
    if (left > 0) counts.set(line, left - 1);
    return left === 0;
  }).length;
};

/** What differs between two listings, by path. */
export const changes = (
  from: ReadonlyMap<string, string>,
  to: ReadonlyMap<string, string>,
): readonly Change[] => {
  const paths = [...new Set([...from.keys(), ...to.keys()])]
    .filter((path) => from.get(path) !== to.get(path))
    .sort();
  return paths.map((path) => {
    const [old, fresh] = [from.get(path), to.get(path)];
    const status = old === undefined ? "added" : fresh === undefined ? "removed" : "modified";
    return {
      path,
      status,
      additions: linesOnlyIn(fresh ?? "", old ?? ""),
      deletions: linesOnlyIn(old ?? "", fresh ?? ""),
    };
  });
};

/** What the head changed since it left the base: the content of a pull request. */
export const pullChanges = (commits: Commits, base: string, head: string): readonly Change[] => {
  const root = mergeBase(commits, base, head);
  const [from, to] = [commits.get(root ?? "")?.files ?? new Map(), commits.get(head)?.files ?? new Map()];
  return withRenames(
    changes(from, to),
    (path) => from.get(path) ?? "",
    (path) => to.get(path) ?? "",
  );
};

/** A file that went and one of the same content that came are told as one, by its new path. */
const withRenames = (
  all: readonly Change[],
  before: (path: string) => string,
  after: (path: string) => string,
): readonly Change[] => {
  const gone = new Map<string, string>();
  for (const { path, status } of all)
    if (status === "removed" && before(path) !== "") gone.set(before(path), path);
  const told = all.map((change): Change => {
    const previous = change.status === "added" ? gone.get(after(change.path)) : undefined;
    if (previous === undefined) return change;
    gone.delete(after(change.path));
    return { path: change.path, status: "renamed", previous, additions: 0, deletions: 0 };
  });
  const moved = new Set(told.map(({ previous }) => previous));
  return told.filter(({ path }) => !moved.has(path));
};

/** The base with the head's changes, or the paths that both changed differently. */
export const mergeFiles = (
  commits: Commits,
  base: string,
  head: string,
): { readonly files: ReadonlyMap<string, string>; readonly conflicts: readonly string[] } => {
  const [ours, theirs] = [commits.get(base)?.files ?? new Map(), commits.get(head)?.files ?? new Map()];
  const root = commits.get(mergeBase(commits, base, head) ?? "")?.files ?? new Map();
  const files = new Map(ours);
  const conflicts: string[] = [];
  for (const { path } of changes(root, theirs)) {
    const untouched = ours.get(path) === root.get(path);
    if (!untouched && ours.get(path) !== theirs.get(path)) conflicts.push(path);
    const content = theirs.get(path);
    if (content === undefined) files.delete(path);
    else files.set(path, content);
  }
  return { files, conflicts };
};
