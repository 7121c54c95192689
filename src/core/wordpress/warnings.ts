/** What in a plan is worth reading although it blocks nothing. */

import { own } from "../own.ts";
import { keepLines } from "./blocks.ts";
import { listedFiles } from "./code-blocks.ts";
import { asPatterns, listed, noted, pasted } from "./listing.ts";
import { otherSites } from "./other-sites.ts";
import { structureOnly } from "./tables.ts";
import type { CodeChanges, LeftBehind, PlanInput, PlanOption, PlanTable, Sentence } from "./types.ts";
import { candidateWarning, dataUpdateWarning, structureWarning, upgradeWarning } from "./versions.ts";

interface Parts {
  readonly tables: readonly PlanTable[];
  readonly options: readonly PlanOption[];
  readonly left: readonly LeftBehind[];
  readonly code: CodeChanges;
}

export function warningsOf(input: PlanInput, parts: Parts): Sentence[] {
  return [
    ...leftBehindWarning(parts.left),
    ...editedAlike(parts.code),
    ...otherSites(input.now.target, "production"),
    ...otherSites(input.now.source, "the source"),
    ...flaggedWarning(parts.options),
    ...onlyStructures(input, parts.tables),
    ...sourceOnly(input, parts.tables),
    ...upgradeWarning(input),
    ...structureWarning(input, parts.tables),
    ...dataUpdateWarning(input),
    ...candidateWarning(input),
    ...nothingToDo(input, parts),
  ];
}

function leftBehindWarning(left: readonly LeftBehind[]): Sentence[] {
  if (left.length === 0) return [];
  const text = `Work in protected data of the source stays behind: ${noted(left.map(({ note }) => note))}.`;
  return [{ code: "left_behind", text, remedy: "Do this work in production by hand, or carry it in code." }];
}

function flaggedWarning(options: readonly PlanOption[]): Sentence[] {
  const flagged = options.filter(({ flags }) => flags.length > 0);
  if (flagged.length === 0) return [];
  const names = flagged.map(({ option }) => option);
  const groups = Map.groupBy(flagged, ({ flags }) => flags.join("; "));
  return [
    {
      code: "flagged_options",
      text: `Look at ${names.length === 1 ? "this option" : `these ${names.length} options`} before promoting: ${listed(names)}.`,
      list: [...groups].map(([why, group]) => `${why}: ${listed(group.map(({ option }) => option))}`),
      remedy: "To keep production's, copy the plan's lines into .github/belay.yml.",
      paste: keepLines(names),
    },
  ];
}

/** Production's own change of a file comes back with the release: nothing is lost, and somebody may wonder. */
function editedAlike({ files, counts }: CodeChanges): Sentence[] {
  const alike = files.filter(({ action }) => action === "same");
  if (alike.length === 0) return [];
  const text = `Production's code was changed there, and the release holds the same: ${listedFiles(alike, counts.same)}. Nothing of it is lost.`;
  return [{ code: "code_edited_alike", text, remedy: null }];
}

/** A release holds changed rows only: another structure without changed rows does not travel. */
function onlyStructures(input: PlanInput, tables: readonly PlanTable[]): Sentence[] {
  const { source, target } = input.now;
  const names = tables
    .filter(({ action, class: kind }) => kind === "config" && action === "keep")
    .map(({ table }) => table)
    .filter(
      (table) =>
        structureOnly(input, table) && own(target.tables, table)?.ddl !== own(source.tables, table)?.ddl,
    );
  if (names.length === 0) return [];
  const text = `The structure of ${listed(names)} changed in the source, and no row of it: a release carries changed rows, so production keeps the structure that it has.`;
  const remedy =
    "The plugin that owns the table must change it in production by itself when its code arrives; look at that after the promotion.";
  return [{ code: "structure_only", text, remedy }];
}

function sourceOnly({ now }: PlanInput, tables: readonly PlanTable[]): Sentence[] {
  const missing = tables.filter(({ table }) => own(now.target.tables, table) === undefined);
  const unknown = missing.filter(({ action }) => action === "unclassified").map(({ table }) => table);
  const others = tables.map(({ table }) => table).filter((table) => !unknown.includes(table));
  const kept = missing
    .filter(({ action }) => action === "protect" || action === "keep")
    .map(({ table }) => table);
  return [
    ...(unknown.length === 0
      ? []
      : [
          {
            code: "unclassified_in_source",
            text: `${listed(unknown)} of the source stay there: nothing classifies them.`,
            remedy: "To promote them, copy the plan's lines into .github/belay.yml.",
            paste: `promotion:\n  tables:\n    promote: ${pasted(asPatterns(unknown, others))}`,
          },
        ]),
    ...(kept.length === 0
      ? []
      : [
          {
            code: "missing_in_target",
            text: `Production does not have ${listed(kept)}, and a promotion does not create them: their plugin must do so itself.`,
            remedy: null,
          },
        ]),
  ];
}

function nothingToDo({ now }: PlanInput, { tables, options }: Parts): Sentence[] {
  const moves = [...tables, ...options].some(({ action }) => action === "promote");
  if (moves || now.source.code.digest !== now.target.code.digest) return [];
  return [
    { code: "nothing_to_promote", text: "Code, tables and options are already the same.", remedy: null },
  ];
}
