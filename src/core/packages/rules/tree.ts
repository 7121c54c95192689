/** Rules about the tree: what kinds of files lie in packages, and what they are called. */
import { findingIn } from "../files.ts";
import type { Repository } from "../repository.ts";
import type { Finding, TreeEntry } from "../types.ts";

/** Judges the files for which `wanted` holds. */
export function treeFindings(
  repository: Repository,
  wanted: (entry: TreeEntry) => boolean,
): readonly Finding[] {
  return [
    ...repository.governed.filter(wanted).flatMap((entry) => [...fileKind(entry), ...encoding(entry)]),
    ...caseTwins(repository, wanted),
  ];
}

function fileKind({ path, mode }: TreeEntry): readonly Finding[] {
  if (mode.startsWith("100")) return [];
  const what =
    mode === "120000"
      ? "a symbolic link"
      : mode === "160000"
        ? "a submodule"
        : `no plain file (mode ${mode})`;
  const sentence = `This is ${what}: what it holds is not part of the release.`;
  return [
    findingIn(path, { rule: "file-kind", sentence, remedy: "Put the content itself here, as a plain file." }),
  ];
}

function encoding({ path }: TreeEntry): readonly Finding[] {
  if (!path.includes("\ufffd")) return [];
  const sentence = "The name of this file is not UTF-8; it reads differently on other systems.";
  return [findingIn(path, { rule: "file-name", sentence, remedy: "Rename the file." })];
}

/** Names, of files and of folders, that are one name where case does not count (macOS, Windows). One of two such names has a capital. */
function caseTwins({ governed }: Repository, wanted: (entry: TreeEntry) => boolean): readonly Finding[] {
  const names = new Map<string, Set<string>>();
  for (const { path } of governed) {
    if (path === path.toLowerCase()) continue;
    for (const name of namesIn(path))
      if (name !== name.toLowerCase()) names.set(name.toLowerCase(), new Set());
  }
  if (names.size === 0) return [];
  const lengths = new Set([...names.keys()].map((name) => name.length));
  const findings: Finding[] = [];
  for (const entry of governed) {
    for (let at = entry.path.indexOf("/"); ; at = entry.path.indexOf("/", at + 1)) {
      const length = at < 0 ? entry.path.length : at;
      const finding = lengths.has(length) ? twin(names, entry, entry.path.slice(0, length)) : null;
      if (finding !== null && wanted(entry)) findings.push(finding);
      if (at < 0) break;
    }
  }
  return findings;
}

/** A finding for the second and every further spelling of a name, on the first file that has it. */
function twin(names: ReadonlyMap<string, Set<string>>, { path }: TreeEntry, name: string): Finding | null {
  const spellings = names.get(name.toLowerCase());
  if (spellings === undefined || spellings.has(name)) return null;
  const [known] = spellings;
  spellings.add(name);
  if (known === undefined) return null;
  const sentence = `\`${name}\` and \`${known}\` differ only in case: on some systems they are one.`;
  return findingIn(path, { rule: "file-name", sentence, remedy: "Rename one of the two." });
}

/** The path and every folder that it lies in. */
function namesIn(path: string): readonly string[] {
  const parts = path.split("/");
  return parts.map((_, at) => parts.slice(0, at + 1).join("/"));
}
