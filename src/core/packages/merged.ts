/** What a branch will hold once a change is merged: three commits' files in, the merged tree and its difference from the branch out. */
import type { PackagesConfiguration } from "./configuration.ts";
import { repositoryOf } from "./repository.ts";
import type { TreeChange, TreeEntry } from "./types.ts";

export interface ThreeTrees {
  /** The branch as it is now. */
  readonly base: readonly TreeEntry[];
  /** The commit that the change began at. */
  readonly start: readonly TreeEntry[];
  readonly head: readonly TreeEntry[];
}

export interface Merged {
  readonly entries: readonly TreeEntry[];
  readonly changes: readonly TreeChange[];
}

/** Where both sides changed a path, the change's own side is taken: git would not merge it, and says so itself. */
export function mergedTree({ base, start, head }: ThreeTrees): Merged {
  const was = byPath(start);
  const is = byPath(base);
  const result = new Map(is);
  for (const entry of head) if (!same(was.get(entry.path), entry)) result.set(entry.path, entry);
  const kept = new Set(head.map(({ path }) => path));
  for (const path of was.keys()) if (!kept.has(path)) result.delete(path);
  const changes = [...new Set([...is.keys(), ...result.keys()])].flatMap((path) => {
    const before = is.get(path) ?? null;
    return same(before ?? undefined, result.get(path)) ? [] : [{ path, before }];
  });
  return { entries: [...result.values()].sort(inGitOrder), changes };
}

const byPath = (entries: readonly TreeEntry[]): Map<string, TreeEntry> =>
  new Map(entries.map((entry) => [entry.path, entry]));

const same = (a: TreeEntry | undefined, b: TreeEntry | undefined): boolean =>
  a?.id === b?.id && a?.mode === b?.mode;

/** Files of one folder stand together, which is what reading relies on. */
const inGitOrder = (a: TreeEntry, b: TreeEntry): number => (a.path < b.path ? -1 : a.path > b.path ? 1 : 0);

/** Whether a change is about packages at all. */
export function touchesPackages(
  changes: readonly TreeChange[],
  configuration: PackagesConfiguration,
): boolean {
  const entries = changes.map(({ path }) => ({ path, mode: "", id: "" }));
  return repositoryOf(entries, configuration).governed.length > 0;
}
