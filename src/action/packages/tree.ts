/** The files of a commit in the checked-out repository. What is read is what git holds, not what a filter or another step made of it. */
import { execFile, execFileSync } from "node:child_process";
import { hash } from "node:crypto";
import { constants, readFileSync } from "node:fs";
import { promisify } from "node:util";
import type { BaseView, TreeChange, TreeEntry, TreeView } from "../../core/packages/types.ts";
import { ActionError } from "../error.ts";
import { readAhead } from "./ahead.ts";

const MAX_OUTPUT = 1024 * 1024 * 1024;

/** @throws ActionError PACKAGES_COMMIT_MISSING where git does not have the commit */
export async function treeAt(repository: string, commit: string): Promise<TreeView> {
  const listed = gitNow(repository, [
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
export async function wholeTreeAt(repository: string, commit: string): Promise<TreeView> {
  const { entries, read } = await treeAt(repository, commit);
  return { entries, read: readAhead(repository, entries, read) };
}

/** What differs between two commits. @throws ActionError PACKAGES_COMMIT_MISSING */
export async function baseAt(repository: string, base: string, head: string): Promise<BaseView> {
  const range = ["--end-of-options", `${base}^{commit}`, `${head}^{commit}`];
  const listed = await git(repository, ["diff-tree", "-r", "-z", "--no-renames", "--full-index", ...range]);
  return { changes: changesIn(listed.toString("utf8")), read: reader(repository) };
}

/** One file's bytes at a commit; null where it has no such plain file. @throws ActionError PACKAGES_COMMIT_MISSING */
export async function fileAt(repository: string, commit: string, file: string): Promise<Uint8Array | null> {
  const listed = await git(repository, [
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

const PLAIN = "100644";

/** `<mode> <type> <id>\t<path>`, each ended by a zero byte; bytes that are not UTF-8 have become U+FFFD. */
function entriesIn(listed: string): readonly TreeEntry[] {
  const entries: TreeEntry[] = [];
  for (let from = 0; from < listed.length; ) {
    const tab = listed.indexOf("\t", from);
    const stop = listed.indexOf("\0", tab);
    // Nearly all are plain files: one text for all of them.
    const mode = listed.startsWith(PLAIN, from) ? PLAIN : listed.slice(from, from + 6);
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
    return execFileSync("git", ["-C", repository, "cat-file", "blob", id], {
      maxBuffer: MAX_OUTPUT,
      stdio: ["ignore", "pipe", "pipe"],
    });
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

const asked = (repository: string, args: readonly string[]) => [
  "-c",
  "core.quotePath=false",
  "-C",
  repository,
  ...args,
];

/** Asks git; several questions at once take as long as the longest of them. @throws ActionError PACKAGES_COMMIT_MISSING */
async function git(repository: string, args: readonly string[]): Promise<Buffer> {
  try {
    const options = { maxBuffer: MAX_OUTPUT, encoding: "buffer" } as const;
    return (await promisify(execFile)("git", asked(repository, args), options)).stdout;
  } catch (error) {
    throw notThere(error);
  }
}

/** The same for a long answer: waiting for it takes a fraction of what it costs to be called for each piece. */
function gitNow(repository: string, args: readonly string[]): Buffer {
  try {
    return execFileSync("git", asked(repository, args), {
      maxBuffer: MAX_OUTPUT,
      stdio: ["ignore", "pipe", "pipe"],
    });
  } catch (error) {
    throw notThere(error);
  }
}

function notThere(error: unknown): ActionError {
  const said =
    error instanceof Error && "stderr" in error ? String(error.stderr).trim().split("\n")[0] : String(error);
  return new ActionError(
    "PACKAGES_COMMIT_MISSING",
    `Git could not read a commit of the repository: ${said ?? "no reason given"}.`,
    "Check the repository out before this step, with `fetch-depth: 0`, so that the base is there too.",
  );
}
