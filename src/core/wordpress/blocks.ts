/** What in a plan blocks, and what is only worth reading. Each sentence says what to type. */

import { own } from "../own.ts";
import { code } from "../rendering/escape.ts";
import { codeBlocks } from "./code-blocks.ts";
import { incomparable } from "./comparable.ts";
import { partDifference } from "./difference.ts";
import { judgeReference, referenceBlock } from "./references.ts";
import type { CodeChanges, LeftBehind, PlanInput, PlanOption, PlanTable, Sentence } from "./types.ts";
import { versionBlock } from "./versions.ts";

interface Parts {
  readonly tables: readonly PlanTable[];
  readonly options: readonly PlanOption[];
  readonly left: readonly LeftBehind[];
  readonly code: CodeChanges;
}

export function blocksOf(input: PlanInput, parts: Parts): Sentence[] {
  return [
    ...[
      incomparable(input.baseline.source, input.now.source, "source"),
      incomparable(input.baseline.target, input.now.target, "target"),
    ].flatMap((reason) => reason ?? []),
    ...codeBlocks(input, parts.code),
    ...versionBlock(input),
    ...unclassifiedBlock(input, parts.tables),
    ...parts.tables.filter(({ action }) => action === "conflict").map(tableConflict),
    ...optionConflicts(
      parts.options.filter((one) => one.action === "conflict" && !refersElsewhere(input, one)),
    ),
    ...parts.options
      .filter((one) => one.action === "conflict" && refersElsewhere(input, one))
      .map(({ option }) => referenceBlock(input, option)),
    ...staleRelease(input, parts),
  ];
}

const refersElsewhere = (input: PlanInput, { option }: PlanOption) =>
  judgeReference(input, option) === "different";

const MAX_LISTED = 20;
export function listed(values: readonly string[]): string {
  const shown = values
    .slice(0, MAX_LISTED)
    .map((value) => `\`${value}\``)
    .join(", ");
  return values.length > MAX_LISTED ? `${shown} and ${values.length - MAX_LISTED} more` : shown;
}

function unclassifiedBlock({ now }: PlanInput, tables: readonly PlanTable[]): Sentence[] {
  const names = tables
    .filter(({ action, table }) => action === "unclassified" && own(now.target.tables, table) !== undefined)
    .map(({ table }) => table);
  if (names.length === 0) return [];
  const text = `Nothing says what ${listed(names)} in production ${names.length === 1 ? "is" : "are"}, so Belay cannot tell whether to protect or to promote.`;
  const protect = names.map((name) => JSON.stringify(name)).join(", ");
  return [
    {
      code: "unclassified_tables",
      text,
      remedy:
        "Say so under `promotion.tables` in .github/belay.yml: `protect` for editors' work, `live` for what visitors write, `promote` for configuration.",
      paste: `promotion:\n  tables:\n    protect: [${protect}] # or live: [...], or promote: [...]`,
    },
  ];
}

function tableConflict({ table, why }: PlanTable): Sentence {
  const remedy = `Make both sides equal by hand, or write \`protect: [${table}]\` under \`promotion.tables\` in .github/belay.yml to keep production's.`;
  return { code: "table_conflict", text: `The table \`${table}\` cannot be promoted. ${why}`, remedy };
}

function optionConflicts(conflicts: readonly PlanOption[]): Sentence[] {
  const names = conflicts.map(({ option }) => option);
  if (names.length === 0) return [];
  const shown = conflicts.slice(0, MAX_LISTED).map((one) => `\`${one.option}\`${bothValues(one)}`);
  const more = conflicts.length > MAX_LISTED ? ` and ${conflicts.length - MAX_LISTED} more` : "";
  const text = `Source and production both changed the options ${shown.join(", ")}${more} since the baseline.`;
  const remedy =
    "Make both sides equal by hand, or write under `promotion.options` in .github/belay.yml which rows to `keep` (production's stay) or where the `source_wins`: the plan has the lines to copy.";
  const paste = `${keepLines(names)} # or source_wins: [...]`;
  return [{ code: "option_conflict", text, remedy, paste }];
}

/** Lines that keep production's rows, whatever their names hold: in YAML a text in JSON's quotes is only that text. */
export const keepLines = (names: readonly string[]): string =>
  `promotion:\n  options:\n    keep: [${names.map((name) => JSON.stringify(name)).join(", ")}]`;

const LONGEST_VALUE = 60;

/** What each side holds, where both may be shown. */
function bothValues({ values: { source, target } }: PlanOption): string {
  if (source === undefined || target === undefined) return "";
  const shown = (value: string | null) => (value === null ? "removed" : code(value, LONGEST_VALUE));
  return ` (source: ${shown(source)}, production: ${shown(target)})`;
}

/**
 * The release must hold what the source changed, otherwise it is of an earlier state. A table whose structure alone changed
 * is not in a release (the plugin's own migration does that on production).
 */
function staleRelease(input: PlanInput, { tables, options }: Parts): Sentence[] {
  const { manifest, now, baseline } = input;
  const left = [...tables, ...options].filter(
    (one) => one.class === "config" && one.action === "keep" && one.changed.source && !one.changed.equal,
  );
  const missing = left.flatMap((one) => {
    if ("option" in one) {
      const held = Object.hasOwn(manifest.options, one.option);
      return held || judgeReference(input, one.option) === "same" ? [] : [one.option];
    }
    const [before, after] = [own(baseline.source.tables, one.table), own(now.source.tables, one.table)];
    const rows = before === undefined || partDifference(before.parts.config, after?.parts.config) !== null;
    return after === undefined || !rows || Object.hasOwn(manifest.tables, one.table) ? [] : [one.table];
  });
  if (missing.length === 0) return [];
  const text = `The source changed ${listed(missing)}, but the release does not hold it: the release is of an earlier state.`;
  return [
    { code: "release_stale", text, remedy: "Comment `/plan` to build the release anew, then try again." },
  ];
}
