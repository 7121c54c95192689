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

/** Names, of files and of folders, that are one name where case does not count (macOS, Windows). */
function caseTwins({ governed }: Repository, wanted: (entry: TreeEntry) => boolean): readonly Finding[] {
  const first = new Map<string, string>();
  const findings: Finding[] = [];
  const told = new Set<string>();
  for (const entry of governed) {
    for (let at = entry.path.indexOf("/"); ; at = entry.path.indexOf("/", at + 1)) {
      const name = at < 0 ? entry.path : entry.path.slice(0, at);
      const folded = name.toLowerCase();
      const known = first.get(folded);
      if (known === undefined) first.set(folded, name);
      else if (known !== name && !told.has(name) && wanted(entry)) {
        told.add(name);
        const sentence = `\`${name}\` and \`${known}\` differ only in case: on some systems they are one.`;
        findings.push(
          findingIn(entry.path, { rule: "file-name", sentence, remedy: "Rename one of the two." }),
        );
      }
      if (at < 0) break;
    }
  }
  return findings;
}
