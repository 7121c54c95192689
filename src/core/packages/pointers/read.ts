/**
 * The pointer file: which release of each package is active. Flat (`{"discovery": "1.4.0"}`), grouped by kind
 * (`{"document_types": {"discovery": "1.4.0"}}`), or both; keys that begin with `$` or `_` are remarks.
 */
import type { PackagesConfiguration } from "../configuration.ts";
import { type Fault, type Files, findingAt } from "../files.ts";
import type { SourceFile } from "../reading/document.ts";
import { type Member, members, type Node } from "../reading/node.ts";
import { pointerPath, type Repository } from "../repository.ts";
import { parseVersion } from "../semver.ts";
import type { Finding } from "../types.ts";

export interface Pointer {
  readonly kind: string;
  readonly id: string;
  readonly version: string;
  /** The version's place in the file. */
  readonly node: Node;
}

export interface PointerFile {
  readonly root: string;
  readonly path: string;
  readonly file: SourceFile | null;
  readonly pointers: readonly Pointer[];
  /** Kinds that the file speaks of: the groups that are there, and the flat kind. */
  readonly kinds: ReadonlySet<string>;
  readonly findings: readonly Finding[];
}

const RULE = "pointer-file";

interface Source {
  readonly files: Files;
  readonly repository: Repository;
  readonly configuration: PackagesConfiguration;
}

/** A root without a pointer file has no active releases. */
export function readPointers({ files, repository, configuration }: Source, root: string): PointerFile {
  const path = pointerPath(root, configuration);
  const entry = repository.pointers.get(path);
  const file = entry === undefined ? null : files.open(entry, "json");
  if (file === null || file.root === null)
    return { root, path, file, pointers: [], kinds: new Set(), findings: [] };
  const findings: Finding[] = [];
  const report = (node: Node, fault: Omit<Fault, "rule">) =>
    findings.push(findingAt(file, node, { rule: RULE, ...fault }));
  if (file.root.kind !== "object") {
    report(file.root, {
      sentence: "The pointer file is not an object.",
      remedy: 'Write `{"package": "1.0.0"}`.',
    });
    return { root, path, file, pointers: [], kinds: new Set(), findings };
  }
  const pointers: Pointer[] = [];
  const kinds = new Set<string>();
  const add = (kind: string, { key, value }: Member) => {
    kinds.add(kind);
    if (value.kind === "text" && parseVersion(value.value) !== null)
      pointers.push({ kind, id: key, version: value.value, node: value });
    else
      report(value, {
        sentence: `What \`${key}\` points to is not a version.`,
        remedy: 'Write a version in quotes, for example `"1.4.0"`.',
      });
  };
  for (const one of file.root.members) {
    if (/^[$_]/.test(one.key)) continue;
    if (one.value.kind !== "object") add(configuration.flat_kind, one);
    else {
      kinds.add(one.key);
      for (const inner of members(one.value)) if (!/^[$_]/.test(inner.key)) add(one.key, inner);
    }
  }
  return { root, path, file, pointers, kinds, findings };
}
