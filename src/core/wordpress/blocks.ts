/** What in a plan blocks, and what is only worth reading. Each sentence says what to type. */

import { own } from "../own.ts";
import { code } from "../rendering/escape.ts";
import { codeBlocks } from "./code-blocks.ts";
import { incomparable } from "./comparable.ts";
import { partDifference } from "./difference.ts";
import { asPatterns, listed, pasted } from "./listing.ts";
import { judgeReference, referenceBlock } from "./references.ts";
import type {
  CodeChanges,
  LeftBehind,
  PlanInput,
  PlanOption,
  PlanTable,
  PlanUpgrade,
  Sentence,
} from "./types.ts";
import { upgradeBlock } from "./upgrade.ts";
import { versionBlock } from "./versions.ts";

interface Parts {
  readonly tables: readonly PlanTable[];
  readonly options: readonly PlanOption[];
  readonly left: readonly LeftBehind[];
  readonly code: CodeChanges;
  readonly upgrade: PlanUpgrade | null;
}

export function blocksOf(input: PlanInput, parts: Parts): Sentence[] {
  return [
    ...[
      incomparable(input.baseline.source, input.now.source, "source"),
      incomparable(input.baseline.target, input.now.target, "target"),
    ].flatMap((reason) => reason ?? []),
    ...codeBlocks(input, parts.code),
    ...versionBlock(input),
    ...upgradeBlock(input, parts.upgrade),
    ...unclassifiedBlock(input, parts.tables),
    ...tableConflicts(parts.tables),
    ...optionConflicts(
      parts.options.filter((one) => one.action === "conflict" && !refersElsewhere(input, one)),
    ),
    ...referenceBlocks(input, parts.options),
    ...staleRelease(input, parts),
  ];
}

/** Each says what either side means by its ids; what is more than anybody reads is named. */
function referenceBlocks(input: PlanInput, options: readonly PlanOption[]): Sentence[] {
  const names = options
    .filter((one) => one.action === "conflict" && refersElsewhere(input, one))
    .map(({ option }) => option);
  const more = names.slice(VALUES_SHOWN);
  const rest = {
    code: "reference_differs",
    text: `So do the options ${listed(more)}.`,
    remedy: "To keep production's, copy the plan's lines into .github/belay.yml.",
    paste: keepLines(more),
  };
  const told = names.slice(0, VALUES_SHOWN).map((option) => referenceBlock(input, option));
  return more.length === 0 ? told : [...told, rest];
}

const refersElsewhere = (input: PlanInput, { option }: PlanOption) =>
  judgeReference(input, option) === "different";

function unclassifiedBlock({ now }: PlanInput, tables: readonly PlanTable[]): Sentence[] {
  const isBlocking = ({ action, table }: PlanTable) =>
    action === "unclassified" && own(now.target.tables, table) !== undefined;
  const names = tables.filter(isBlocking).map(({ table }) => table);
  if (names.length === 0) return [];
  const others = tables.filter((one) => !isBlocking(one)).map(({ table }) => table);
  const text = `Nothing says what ${listed(names)} in production ${names.length === 1 ? "is" : "are"}, so Belay cannot tell whether to protect or to promote.`;
  return [
    {
      code: "unclassified_tables",
      text,
      remedy:
        "Say so under `promotion.tables` in .github/belay.yml: `protect` for editors' work, `live` for what visitors write, `promote` for configuration.",
      paste: `promotion:\n  tables: # protect: [...], or live: [...], or promote: [...]\n    protect: ${pasted(asPatterns(names, others))}`,
    },
  ];
}

/** One sentence for all tables that stand in the way for the same reason. */
function tableConflicts(tables: readonly PlanTable[]): Sentence[] {
  const conflicts = tables.filter(({ action }) => action === "conflict");
  return [...Map.groupBy(conflicts, ({ why }) => why)].map(([why, group]) => {
    const names = group.map(({ table }) => table);
    const said = names.length === 1 ? `table ${listed(names)}` : `tables ${listed(names)}`;
    return {
      code: "table_conflict",
      text: `The ${said} cannot be promoted. ${why}`,
      remedy:
        "Make both sides equal by hand, or keep production's: copy the plan's lines into .github/belay.yml.",
      paste: `promotion:\n  tables:\n    protect: ${pasted(names)}`,
    };
  });
}

function optionConflicts(conflicts: readonly PlanOption[]): Sentence[] {
  const names = conflicts.map(({ option }) => option);
  if (names.length === 0) return [];
  const values = conflicts.map((one) => `${listed([one.option])}${bothValues(one)}`).slice(0, VALUES_SHOWN);
  const more = names.length - values.length;
  const text = `Source and production both changed the ${names.length === 1 ? "option" : "options"} ${values.join(", ")}${more > 0 ? ` and ${more} more` : ""} since the baseline.`;
  const remedy =
    "Make both sides equal by hand, or write under `promotion.options` in .github/belay.yml which rows to `keep` (production's stay) or where the `source_wins`: the plan has the lines to copy.";
  const paste = keepLines(names, "or source_wins: [...]");
  return [{ code: "option_conflict", text, remedy, paste }];
}

/** Lines that keep production's rows. */
export const keepLines = (names: readonly string[], hint?: string): string =>
  `promotion:\n  options:${hint === undefined ? "" : ` # ${hint}`}\n    keep: ${pasted(names)}`;

const VALUES_SHOWN = 20;
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
