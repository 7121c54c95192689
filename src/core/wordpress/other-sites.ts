/** Tables that are left out because they belong to another site in the same database: said, since a plan does not list them. */
import type { Fingerprint } from "../facts.ts";
import { count } from "../rendering/words.ts";
import { listed } from "./listing.ts";
import type { Sentence } from "./types.ts";

/** `whose`: the environment as sentences call it. */
export function otherSites({ other_sites = [] }: Fingerprint, whose: string): Sentence[] {
  if (other_sites.length === 0) return [];
  const tables = other_sites.reduce((all, one) => all + one.tables, 0);
  const prefixes = listed(other_sites.map(({ prefix }) => prefix));
  const text = `The database of ${whose} also holds ${count(tables, "table")} of ${other_sites.length === 1 ? "another site" : "other sites"} (prefix ${prefixes}): Belay neither looks at them nor touches them, and they are in no plan, drift check or release.`;
  return [{ code: "other_site", text, remedy: null }];
}
