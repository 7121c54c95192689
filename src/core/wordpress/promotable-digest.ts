/**
 * What an approval is bound to of a baseline: all that a promotion could promote. A refresh that brought only posts, orders or
 * files leaves it as it was, and voids no approval.
 */
import { digestOf } from "../canonical.ts";
import type { Fingerprint } from "../facts.ts";
import { OPTIONS_TABLE } from "./changes.ts";
import type { Baseline } from "./types.ts";

/**
 * Of both sides: promotable rows of tables and promotable option rows. SHA-256 in hexadecimal. Code is not among them: an
 * approval names the release, which holds all of the source's, and the target's active release, which is all of the target's.
 */
export function promotableDigest({ source, target }: Baseline): string {
  return digestOf({ source: promotable(source), target: promotable(target) });
}

function promotable({ algorithm, tables, options }: Fingerprint) {
  const parts = Object.entries(tables).flatMap(
    ([
      name,
      {
        class: kind,
        parts: { config },
      },
    ]) =>
      kind === "config" && name !== OPTIONS_TABLE && config !== undefined && config.rows > 0
        ? [[name, config.digest] as const]
        : [],
  );
  const rows = Object.entries(options).flatMap(([name, { class: kind, hash }]) =>
    kind === "config" ? [[name, hash] as const] : [],
  );
  // Pairs, not members: a name from a database may be `__proto__`.
  return { algorithm, tables: sorted(parts), options: sorted(rows) };
}

const sorted = (pairs: readonly (readonly [string, string])[]) =>
  [...pairs].sort(([a], [b]) => (a < b ? -1 : 1));
