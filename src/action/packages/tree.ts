/** The files of a commit in the checked-out repository. What is read is what git holds, not what a filter or another step made of it. */
import { execFileSync, spawnSync } from "node:child_process";
import { hash } from "node:crypto";
import { constants, readFileSync } from "node:fs";
import type { BaseView, TreeChange, TreeEntry, TreeView } from "../../core/packages/types.ts";
import { ActionError } from "../error.ts";

const MAX_OUTPUT = 1024 * 1024 * 1024;

/** @throws ActionError PACKAGES_COMMIT_MISSING where git does not have the commit */
export function treeAt(repository: string, commit: string): TreeView {
  const listed = git(repository, [
    "ls-tree",
    "-r",
    "-z",
    "--full-tree",
    "--end-of-options",
    `${commit}^{commit}`,
  ]);
  return { entries: entriesIn(listed.toString("utf8")), read: reader(repository) };
}

/** The same for whoever reads all of it, in its order: git gives many contents at once, in a fraction of the time that as many files take. */
export function wholeTreeAt(repository: string, commit: string): TreeView {
  const view = treeAt(repository, commit);
  const ahead = readAhead(view.entries, (ids) => contentsOf(repository, ids));
  return { entries: view.entries, read: (entry) => ahead(entry) ?? view.read(entry) };
}

/** What differs between two commits. @throws ActionError PACKAGES_COMMIT_MISSING */
export function baseAt(repository: string, base: string, head: string): BaseView {
  const range = ["--end-of-options", `${base}^{commit}`, `${head}^{commit}`];
  const listed = git(repository, ["diff-tree", "-r", "-z", "--no-renames", "--full-index", ...range]);
  return { changes: changesIn(listed.toString("utf8")), read: reader(repository) };
}

/** One file's bytes at a commit; null where it has no such plain file. @throws ActionError PACKAGES_COMMIT_MISSING */
export function fileAt(repository: string, commit: string, file: string): Uint8Array | null {
  const listed = git(repository, [
    "ls-tree",
    "-z",
    "--full-tree",
    "--end-of-options",
    `${commit}^{commit}`,
    file,
  ]);
  const [entry] = entriesIn(listed.toString("utf8"));
  return entry === undefined ? null : reader(repository)(entry);
}

/** So many contents are asked for at once. */
const AHEAD = 4_000;
/** Where they are more than this together, each of them is read on its own. */
const MOST_AHEAD = 64 * 1024 * 1024;

/** Null: not among what was read ahead. Two runs are kept, because versions are judged in an order of their own. */
function readAhead(
  entries: readonly TreeEntry[],
  contents: (ids: readonly string[]) => ReadonlyMap<string, Uint8Array>,
): TreeView["read"] {
  let at = 0;
  /** Asked for in vain: asking again for each of them would take as long as all of them together, each time. */
  const alone = new Set<TreeEntry>();
  let [recent, before]: ReadonlyMap<string, Uint8Array>[] = [new Map(), new Map()];
  return (entry) => {
    const { mode, id } = entry;
    if (!mode.startsWith("100") || alone.has(entry)) return null;
    const known = recent?.get(id) ?? before?.get(id);
    if (known !== undefined) return known;
    const further = entries.indexOf(entry, at);
    at = further < 0 ? entries.indexOf(entry) : further;
    if (at < 0) return null;
    const next = entries.slice(at, at + AHEAD).filter((one) => one.mode.startsWith("100"));
    const found = contents([...new Set(next.map((one) => one.id))]);
    for (const one of next) if (!found.has(one.id)) alone.add(one);
    if (found.size > 0) [before, recent] = [recent, found];
    return found.get(id) ?? null;
  };
}

/** Empty where git does not give them, or they are too much at once. */
function contentsOf(repository: string, ids: readonly string[]): ReadonlyMap<string, Uint8Array> {
  const { stdout, status } = spawnSync("git", ["-C", repository, "cat-file", "--batch", "--buffer"], {
    input: `${ids.join("\n")}\n`,
    maxBuffer: MOST_AHEAD,
  });
  return status === 0 ? blobsIn(stdout) : new Map();
}

/** `<id> blob <size>`, a line feed, the content, a line feed. */
function blobsIn(told: Buffer): ReadonlyMap<string, Uint8Array> {
  const found = new Map<string, Uint8Array>();
  for (let from = 0; from < told.length; ) {
    const stop = told.indexOf(10, from);
    const [id = "", type, size] = told.toString("latin1", from, stop).split(" ");
    from = stop + 1;
    if (type !== "blob") continue;
    found.set(id, told.subarray(from, from + Number(size)));
    from += Number(size) + 1;
  }
  return found;
}

/** `<mode> <type> <id>\t<path>`, each ended by a zero byte; bytes that are not UTF-8 have become U+FFFD. */
function entriesIn(listed: string): readonly TreeEntry[] {
  const entries: TreeEntry[] = [];
  for (let from = 0; from < listed.length; ) {
    const tab = listed.indexOf("\t", from);
    const stop = listed.indexOf("\0", tab);
    const mode = listed.slice(from, from + 6);
    entries.push({
      mode,
      id: listed.slice(listed.lastIndexOf(" ", tab) + 1, tab),
      path: listed.slice(tab + 1, stop),
    });
    from = stop + 1;
  }
  return entries;
}

/** `:<mode> <mode> <id> <id> <letter>`, then the path, each ended by a zero byte. */
function changesIn(listed: string): readonly TreeChange[] {
  const parts = listed.split("\0");
  const changes: TreeChange[] = [];
  for (let at = 0; at + 1 < parts.length; at += 2) {
    const [mode = "", , id = "", , letter] = (parts[at] ?? "").slice(1).split(" ");
    const path = parts[at + 1] ?? "";
    changes.push({ path, before: letter === "A" ? null : { path, mode, id } });
  }
  return changes;
}

const reader = (repository: string) => (entry: TreeEntry) =>
  entry.mode.startsWith("100") ? bytesOf(repository, entry) : null;

/**
 * The checked-out file where it holds exactly the blob, otherwise the blob: filters and line ends of a checkout change files. Read as text,
 * which takes one call; what is no text has another hash then, and is asked of git.
 */
function bytesOf(repository: string, { path: below, id }: TreeEntry): Uint8Array | null {
  const text = workingFile(`${repository}/${below}`);
  if (text !== null && blobId(text, id.length) === id) return Buffer.from(text);
  try {
    return git(repository, ["cat-file", "blob", id]);
  } catch {
    return null;
  }
}

/** No link is followed, and nothing that is no file makes it wait. */
const PLAINLY = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK;

function workingFile(file: string): string | null {
  try {
    return readFileSync(file, { encoding: "utf8", flag: PLAINLY });
  } catch {
    return null;
  }
}

const blobId = (text: string, length: number): string =>
  hash(length === 64 ? "sha256" : "sha1", `blob ${Buffer.byteLength(text)}\0${text}`);

function git(repository: string, args: readonly string[]): Buffer {
  try {
    return execFileSync("git", ["-c", "core.quotePath=false", "-C", repository, ...args], {
      maxBuffer: MAX_OUTPUT,
      stdio: ["ignore", "pipe", "pipe"],
    });
  } catch (error) {
    const said =
      error instanceof Error && "stderr" in error
        ? String(error.stderr).trim().split("\n")[0]
        : String(error);
    throw new ActionError(
      "PACKAGES_COMMIT_MISSING",
      `Git could not read a commit of the repository: ${said ?? "no reason given"}.`,
      "Check the repository out before this step, with `fetch-depth: 0`, so that the base is there too.",
    );
  }
}
