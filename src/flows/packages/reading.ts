/** Reads of GitHub as the pure core wants them: it asks for contents one by one, GitHub gives a hundred at once. */
import type { TreeEntry, TreeView } from "../../core/packages/types.ts";
import type { Repository } from "../../ports/sites.ts";
import type { Deps } from "../deps.ts";

/** So much is held of one validation. Who brings more is told so, and nothing is judged by half. */
const MOST_BYTES = 128 * 1024 * 1024;
/** What is read leads to what is read next: manifests to artifacts, references to other manifests. */
const MOST_ROUNDS = 50;

export type ReadAll<T> =
  | { readonly ok: true; readonly value: T }
  /** `what` ends the sentence "Nothing was judged: ...". */
  | { readonly ok: false; readonly what: string };

/** Runs `judge` again and again, each time with what it missed before, until it misses nothing. @throws GithubError */
export async function readAll<T>(
  deps: Deps<"blobs">,
  repository: Repository,
  judge: (read: TreeView["read"]) => T,
): Promise<ReadAll<T>> {
  const known = new Map<string, Uint8Array>();
  let bytes = 0;
  for (let round = 0; round < MOST_ROUNDS; round++) {
    const missing = new Set<string>();
    const read = ({ mode, id }: TreeEntry): Uint8Array | null => {
      if (!mode.startsWith("100")) return null;
      const found = known.get(id);
      if (found === undefined) missing.add(id);
      return found ?? null;
    };
    const value = judge(read);
    if (missing.size === 0) return { ok: true, value };
    const fetched = await deps.github.blobs(repository, [...missing]);
    const lost = [...missing].find((id) => !fetched.has(id));
    if (lost !== undefined)
      return { ok: false, what: `GitHub does not give the content of \`${lost.slice(0, 12)}\`` };
    for (const [id, content] of fetched) {
      known.set(id, content);
      bytes += content.byteLength;
    }
    if (bytes > MOST_BYTES) return { ok: false, what: "the packages hold more than 128 MiB of text" };
  }
  return { ok: false, what: "the packages refer to each other too deeply" };
}

/** Trees by commit: the same commit is asked for once. */
export async function treesOf<Names extends string>(
  deps: Deps<"tree">,
  repository: Repository,
  commits: Readonly<Record<Names, string>>,
): Promise<(name: Names) => readonly TreeEntry[]> {
  const read = new Map<string, readonly TreeEntry[]>();
  for (const commit of new Set<string>(Object.values(commits))) {
    read.set(commit, await deps.github.tree(repository, commit));
  }
  return (name) => read.get(commits[name]) ?? [];
}
