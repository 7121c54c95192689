/** What in a plan blocks, and what is only worth reading. Each sentence says what to type. */
import { incomparable } from "./comparable.ts";
import { partDifference } from "./difference.ts";
import { judgeReference, referenceBlock } from "./references.ts";
import type { LeftBehind, PlanInput, PlanOption, PlanTable, Sentence } from "./types.ts";
import { versionBlock } from "./versions.ts";

interface Parts {
  readonly tables: readonly PlanTable[];
  readonly options: readonly PlanOption[];
  readonly left: readonly LeftBehind[];
}

export function blocksOf(input: PlanInput, parts: Parts): Sentence[] {
  return [
    ...[
      incomparable(input.baseline.source, input.now.source, "source"),
      incomparable(input.baseline.target, input.now.target, "target"),
    ].flatMap((reason) => reason ?? []),
    ...codeBlocks(input),
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

/** Production's code must be its active release, and the one that the source was cloned from or that we put there. */
function codeBlocks({ now, baseline }: PlanInput): Sentence[] {
  const edits = now.target.code_edits;
  if (edits.length > 0)
    return [
      {
        code: "code_edited",
        text: `Production's code differs from its active release: ${listed(edits.map(({ path, change }) => `${path} (${change})`))}. A promotion would undo that.`,
        remedy:
          "Bring these changes to the source, or put the release's files back on production; then try again.",
      },
    ];
  const moved = baseline.target.active_release !== now.target.active_release;
  const differs = baseline.target.code.digest !== now.target.code.digest;
  if (!moved || !differs || now.source.code.digest === now.target.code.digest) return [];
  return [
    {
      code: "code_conflict",
      text: `Production runs another release (\`${now.target.active_release}\`) than the source knows of (\`${baseline.target.active_release}\`): promoting would undo its code.`,
      remedy: "Bring production's code to the source, then comment `/refresh` and try again.",
    },
  ];
}

function unclassifiedBlock({ now }: PlanInput, tables: readonly PlanTable[]): Sentence[] {
  const names = tables
    .filter(({ action, table }) => action === "unclassified" && now.target.tables[table] !== undefined)
    .map(({ table }) => table);
  if (names.length === 0) return [];
  const text = `Nothing says what ${listed(names)} in production ${names.length === 1 ? "is" : "are"}, so Belay cannot tell whether to protect or to promote.`;
  const lines = `promotion:\n  tables:\n    protect: [${names.join(", ")}]`;
  const remedy = `Add to .github/belay.yml, with \`promote\` in place of \`protect\` for configuration and \`live\` for what visitors write:\n\`\`\`yaml\n${lines}\n\`\`\``;
  return [{ code: "unclassified_tables", text, remedy }];
}

function tableConflict({ table, why }: PlanTable): Sentence {
  const remedy = `Make both sides equal by hand, or write \`protect: [${table}]\` under \`promotion.tables\` in .github/belay.yml to keep production's.`;
  return { code: "table_conflict", text: `The table \`${table}\` cannot be promoted. ${why}`, remedy };
}

function optionConflicts(conflicts: readonly PlanOption[]): Sentence[] {
  const names = conflicts.map(({ option }) => option);
  if (names.length === 0) return [];
  const text = `Source and production both changed the options ${listed(names)} since the baseline.`;
  const remedy = `Make both sides equal by hand, or write under \`promotion.options\` in .github/belay.yml \`keep: [${names.join(", ")}]\` (production's stay) or \`source_wins: [...]\`.`;
  return [{ code: "option_conflict", text, remedy }];
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
    const [before, after] = [baseline.source.tables[one.table], now.source.tables[one.table]];
    const rows = before === undefined || partDifference(before.parts.config, after?.parts.config) !== null;
    return after === undefined || !rows || Object.hasOwn(manifest.tables, one.table) ? [] : [one.table];
  });
  if (missing.length === 0) return [];
  const text = `The source changed ${listed(missing)}, but the release does not hold it: the release is of an earlier state.`;
  return [
    { code: "release_stale", text, remedy: "Comment `/plan` to build the release anew, then try again." },
  ];
}
