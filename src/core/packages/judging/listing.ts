/** A commit's files as one text: it goes to another thread in one piece, where as many objects would be copied one by one. */
import type { TreeEntry } from "../types.ts";

/** `<mode> <id>\t<path>`, each ended by a zero byte, which no path holds. */
export type Listing = string;

export const listingOf = (entries: readonly TreeEntry[]): Listing =>
  entries.map(({ mode, id, path }) => `${mode} ${id}\t${path}\0`).join("");

/** What `listingOf` was given. */
export function entriesIn(listing: Listing): readonly TreeEntry[] {
  const entries: TreeEntry[] = [];
  for (let from = 0; from < listing.length; ) {
    const space = listing.indexOf(" ", from);
    const tab = listing.indexOf("\t", space);
    const stop = listing.indexOf("\0", tab);
    entries.push({
      mode: listing.slice(from, space),
      id: listing.slice(space + 1, tab),
      path: listing.slice(tab + 1, stop),
    });
    from = stop + 1;
  }
  return entries;
}
