/** Whether two fingerprints may be compared at all. Where not, the answer is "measure again", never "no difference". */
import type { Fingerprint } from "../facts.ts";
import { listed } from "./listing.ts";
import type { Sentence } from "./types.ts";

const REMEDY = "Comment `/refresh` to clone protected data anew and record a new baseline.";

/** Why the two cannot be compared, or null. `whose` names the environment's role: `target`, `source`. */
export function incomparable(before: Fingerprint, now: Fingerprint, whose: string): Sentence | null {
  if (before.algorithm !== now.algorithm)
    return {
      code: "algorithm_changed",
      text: `The baseline of the ${whose} was measured with \`${before.algorithm}\`, now it is \`${now.algorithm}\`: the two cannot be compared.`,
      remedy: REMEDY,
    };
  if (before.server_version !== now.server_version)
    return {
      code: "server_changed",
      text: `The database server of the ${whose} was ${before.server_version} at the baseline and is ${now.server_version} now: checksums of different versions are not compared.`,
      remedy: REMEDY,
    };
  return null;
}

/** The structure of a protected table is another than at the baseline. */
export function structureChanged(tables: readonly string[]): Sentence {
  return {
    code: "structure_changed",
    text: `The structure of ${listed(tables)} changed since the baseline (an update of WordPress or a plugin): checksums of the rows cannot be compared.`,
    remedy: REMEDY,
  };
}
