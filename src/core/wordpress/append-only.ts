/**
 * Tables that the policy calls append-only: in drift mode `live` visitors' new rows do not block, but the rows of the baseline
 * must be untouched. Where nobody compared single rows that is not known, and what is not known blocks.
 */
import { sha256 } from "../canonical.ts";
import { matchesPattern } from "../glob.ts";
import { own } from "../own.ts";
import { describe } from "./difference.ts";
import type { Difference, DriftFinding, DriftSettings, Plan, PlanInput, Sentence } from "./types.ts";

/** Why visitors' rows of a table block all the same; null: the rule is kept, or there is none. Strict mode needs no rule. */
export function appendOnly(
  table: string,
  found: Difference,
  { mode, policy }: DriftSettings,
): DriftFinding["append_only"] {
  const strict = mode === "strict" || !policy.allow_live_mode;
  if (strict || !policy.append_only.some((pattern) => matchesPattern(pattern, table))) return null;
  if (found.changed === null || found.removed === null) return "unknown";
  return found.changed + found.removed > 0 ? "broken" : null;
}

/** The digest of a part without rows (docs/fingerprint.md): its first row must be noticed inside the hold as well. */
export const EMPTY_PART = sha256("");

/** What the host needs to judge the rule once more inside the hold; tables without visitors' rows then and now are left out. */
export function appendedOnly(
  { baseline, now }: Pick<PlanInput, "baseline" | "now">,
  patterns: readonly string[],
): Plan["job"]["append_only_tables"] {
  const entries = Object.entries(now.target.tables).flatMap(([table, { class: own_class, parts }]) => {
    const was = own(baseline.target.tables, table)?.parts.live;
    const before = was?.digest ?? EMPTY_PART;
    const seen = parts.live?.digest ?? EMPTY_PART;
    const has_rows = own_class === "live" || before !== EMPTY_PART || seen !== EMPTY_PART;
    const named = patterns.some((pattern) => matchesPattern(pattern, table));
    return named && has_rows
      ? [
          [
            table,
            { baseline: before, seen, rows: was === undefined ? {} : (was.row_hashes ?? null) },
          ] as const,
        ]
      : [];
  });
  return Object.fromEntries(entries);
}

/** One sentence for each way in which the rule blocks. */
export function appendOnlySentences(findings: readonly DriftFinding[]): Sentence[] {
  const of = (why: DriftFinding["append_only"]) => findings.filter((one) => one.append_only === why);
  const [broken, unknown] = [of("broken"), of("unknown")];
  return [
    ...broken.map((one) => ({
      code: "append_only_broken",
      text: `The policy calls \`${one.name}\` append-only: new rows may come, but rows of the baseline must stay as they are (${describe(one, "row")}).`,
      remedy: REFRESH,
    })),
    ...unknown.map((one) => ({
      code: "append_only_unknown",
      text: `The policy calls \`${one.name}\` append-only, and nobody can tell whether rows of the baseline changed (${describe(one, "row")}): the table is too large for single rows in the record, and the host has no index of this baseline.`,
      remedy: `${REFRESH} It writes that index, too.`,
    })),
  ];
}

const REFRESH = "Comment `/refresh` to bring production's data to the source and record a new baseline.";
