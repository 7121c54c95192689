/** The move of pointers as a decision: which packages, from which to which version, and what the pointer files then say. */
import { sha256 } from "../canonical.ts";
import type { PackagesConfiguration } from "./configuration.ts";
import { filesOf } from "./files.ts";
import { movePointers } from "./pointers/move.ts";
import { type PointerFile, readPointers } from "./pointers/read.ts";
import { packageKey, pointerPath, type Release, releaseKey, repositoryOf } from "./repository.ts";
import type { PointerChange, TreeEntry, TreeView, ValidationInput } from "./types.ts";

/** A package by all its names. */
export interface PackageName {
  readonly root: string;
  readonly kind: string;
  readonly id: string;
}

/** One pointer to move; the digests name the contents of the releases that it leads to now, and will lead to. */
export interface Move extends PackageName {
  readonly from: string | null;
  /** Null: nothing is active, or the branch has no such release. */
  readonly from_digest: string | null;
  readonly to: string;
  readonly digest: string;
}

/** Whether the runtime was told that pointers moved; where it was not, they moved all the same. */
export interface Told {
  readonly by: "repository_dispatch" | "workflow" | "webhook";
  readonly ok: boolean;
  /** Why it could not be told; null: it was. */
  readonly code: string | null;
  readonly message: string | null;
}

/** One text for one package. */
export const keyOfPackage = packageKey;

/** What a release holds, whatever commit it lies in: names, modes and contents of its files. */
export function releaseDigest({ files }: Pick<Release, "files">): string {
  const lines = [...files].map(([path, { mode, id }]) => `${mode} ${id} ${path}`).sort();
  return sha256(lines.join("\n"));
}

/** The digest of one release of a tree; null where the tree has no such release. */
export function digestIn(
  entries: readonly TreeEntry[],
  configuration: PackagesConfiguration,
): (name: PackageName, version: string) => string | null {
  const { releases } = repositoryOf(entries, configuration);
  return (name, version) => {
    const release = releases.get(releaseKey(name, version));
    return release === undefined ? null : releaseDigest(release);
  };
}

/** The active version of each package, by `keyOfPackage`. */
export function activeIn(view: TreeView, configuration: PackagesConfiguration): ReadonlyMap<string, string> {
  return new Map(
    pointerFiles(view, configuration).flatMap(({ root, pointers }) =>
      pointers.map(({ kind, id, version }) => [packageKey({ root, kind, id }), version] as const),
    ),
  );
}

function pointerFiles(view: TreeView, configuration: PackagesConfiguration): readonly PointerFile[] {
  const repository = repositoryOf(view.entries, configuration);
  const files = filesOf(view.read);
  return configuration.roots.map((root) => readPointers({ files, repository, configuration }, root));
}

/** Pointers that the change itself moves in the file; the others would be moved by an activation. */
export function movedByHand(
  input: Pick<ValidationInput, "head" | "base" | "configuration">,
): readonly PointerChange[] {
  const { base, head, configuration } = input;
  if (base === null) return [];
  const changed = new Map(base.changes.map(({ path, before }) => [path, before]));
  const paths = configuration.roots.map((root) => pointerPath(root, configuration));
  if (!paths.some((path) => changed.has(path))) return [];
  const old = head.entries.filter(({ path }) => !changed.has(path));
  const before = [...old, ...[...changed.values()].flatMap((entry) => entry ?? [])];
  const was = activeIn({ entries: before, read: base.read }, configuration);
  const is = activeIn(head, configuration);
  return [...new Set([...was.keys(), ...is.keys()])]
    .filter((key) => was.get(key) !== is.get(key))
    .map((key) => {
      const [root = "", kind = "", id = ""] = key.split("\0");
      return { root, kind, id, from: was.get(key) ?? null, to: is.get(key) ?? null };
    });
}

/** A file as a commit writes it. */
export interface WrittenFile {
  readonly path: string;
  readonly text: string;
}

export type Written =
  | { readonly ok: true; readonly files: readonly WrittenFile[] }
  | { readonly ok: false; readonly path: string; readonly sentence: string };

/** The pointer files after the moves, only those that change. A root that has none yet gets one. */
export function movedFiles(
  view: TreeView,
  moves: readonly Pick<Move, "root" | "kind" | "id" | "to">[],
  configuration: PackagesConfiguration,
): Written {
  const files: WrittenFile[] = [];
  for (const root of configuration.roots) {
    const own = moves.filter((move) => move.root === root);
    if (own.length === 0) continue;
    const path = pointerPath(root, configuration);
    const text = textOf(view, path);
    if (text === null) return { ok: false, path, sentence: "The pointer file is no plain text in UTF-8." };
    const wanted = own.map(({ kind, id, to }) => ({ kind, id, version: to }));
    const moved = movePointers(text, wanted, configuration.flat_kind);
    if (!moved.ok) return { ok: false, path, sentence: moved.sentence };
    if (moved.text !== text) files.push({ path, text: moved.text });
  }
  return { ok: true, files };
}

function textOf(view: TreeView, path: string): string | null {
  const entry = view.entries.find((one) => one.path === path);
  if (entry === undefined) return "{}\n";
  const bytes = entry.mode.startsWith("100") ? view.read(entry) : null;
  if (bytes === null) return null;
  const text = new TextDecoder("utf-8", { ignoreBOM: true, fatal: false }).decode(bytes);
  return text.includes("\ufffd") ? null : text;
}

/** The tree as it will be: what is judged is the very file that will be committed. */
export function withFiles(view: TreeView, files: readonly WrittenFile[]): TreeView {
  const written = new Map(files.map(({ path, text }) => [path, new TextEncoder().encode(text)]));
  const entries = files.map(({ path, text }) => ({ path, mode: "100644", id: `new:${sha256(text)}` }));
  return {
    entries: [...view.entries.filter(({ path }) => !written.has(path)), ...entries],
    read: (entry) => written.get(entry.path) ?? view.read(entry),
  };
}
