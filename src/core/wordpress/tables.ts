/** The plan of each table: what happens to it, and why. */
import type { TableFingerprint } from "../facts.ts";
import { isExact } from "../glob.ts";
import { own } from "../own.ts";
import type { DataClass } from "../vocabulary.ts";
import { tableChange, tableNames } from "./changes.ts";
import { rowCount, tableDiffers } from "./difference.ts";
import { PROTECTED_CLASSES } from "./drift.ts";
import type { Changed, PlanInput, PlanTable, TableAction } from "./types.ts";

type Decision = readonly [TableAction, string];

/** Every table of either side, then those that the preset names and production does not have. */
export function planTables(input: PlanInput): PlanTable[] {
  return [...tableNames(input.now).flatMap((name) => planTable(input, name)), ...absentTables(input)];
}

function planTable(input: PlanInput, table: string): PlanTable[] {
  const { source, target } = input.now;
  const here = own(target.tables, table) ?? own(source.tables, table);
  if (here === undefined) return [];
  const changed = NOT_TABLES.includes(here.engine)
    ? { source: false, target: false, equal: true }
    : tableChange(input.baseline, input.now, table);
  const [action, why] = decide(input, { table, here, changed });
  return [
    {
      table,
      class: here.class,
      origin: here.origin,
      action,
      why,
      rows: { source: rowCount(own(source.tables, table)), target: rowCount(own(target.tables, table)) },
      changed,
    },
  ];
}

/** What stands among the tables without being one; the host names it in place of an engine. */
export const NOT_TABLES: readonly string[] = ["VIEW", "SEQUENCE"];

interface Subject {
  readonly table: string;
  readonly here: TableFingerprint;
  readonly changed: Changed;
}

function decide(input: PlanInput, subject: Subject): Decision {
  const { table, here } = subject;
  const inTarget = own(input.now.target.tables, table) !== undefined;
  if (NOT_TABLES.includes(here.engine))
    return ["keep", "It holds no rows of its own: views and sequences are never moved."];
  if (here.class === "unclassified") return unclassified(inTarget);
  if (here.class !== "config") {
    const action = here.class === "editorial" || here.class === "live" ? "protect" : "keep";
    const missing = inTarget
      ? ""
      : " It exists only in the source: production gets it from the plugin itself.";
    return [action, `${STAYS[here.class]}${missing}`];
  }
  return promotable(input, subject, inTarget);
}

const STAYS: Readonly<Record<Exclude<DataClass, "config" | "unclassified">, string>> = {
  editorial: "Editors' work: production's is never overwritten.",
  live: "Visitors' data: production's is never overwritten.",
  secret: "Secrets belong to their environment: production's stay.",
  derived: "Computed from other data: production's stays with the data it comes from.",
  noise: "Means nothing to a release: production's stays.",
};

function unclassified(inTarget: boolean): Decision {
  return inTarget
    ? ["unclassified", "No preset, no catalog entry and no line of the site's configuration knows it."]
    : [
        "unclassified",
        "It exists only in the source and nothing classifies it: it stays there until something does.",
      ];
}

/** Neither or only production changed: production's stays. Only the source: promote. Both: nobody but a person can tell. */
function promotable(input: PlanInput, { table, changed }: Subject, inTarget: boolean): Decision {
  if (!changed.source)
    return changed.target
      ? ["keep", "Only production changed it since the baseline: production's stays."]
      : ["keep", "Neither side changed it since the baseline."];
  if (changed.equal) return ["keep", "Both sides hold the same now."];
  if (own(input.now.source.tables, table) === undefined)
    return ["keep", "The source no longer has it; a promotion removes no table."];
  if (structureOnly(input, table))
    return ["keep", "Only its structure changed in the source, and a release carries changed rows."];
  if (changed.target)
    return [
      "conflict",
      "Source and production both changed it since the baseline: promoting would lose production's changes.",
    ];
  if (!Object.hasOwn(input.manifest.tables, table))
    return ["keep", "The source changed it, but this release does not hold it."];
  if (holdsProtectedRows(input, table))
    return [
      "conflict",
      "Production's table holds rows of editors or visitors, and a table is promoted as a whole.",
    ];
  return inTarget
    ? ["promote", "Only the source changed it since the baseline."]
    : ["promote", "New in the source; production does not have it yet."];
}

/** The source has another structure than at its baseline, and the same rows. */
export function structureOnly({ baseline, now }: PlanInput, table: string): boolean {
  const [before, after] = [own(baseline.source.tables, table), own(now.source.tables, table)];
  if (before === undefined || after === undefined || before.ddl === after.ddl) return false;
  return !tableDiffers(before, { ...after, ddl: before.ddl });
}

function holdsProtectedRows(input: PlanInput, table: string): boolean {
  const parts = own(input.now.target.tables, table)?.parts ?? {};
  return [...PROTECTED_CLASSES, "secret" as const].some((kind) => (parts[kind]?.rows ?? 0) > 0);
}

/** What the preset protects and production does not have: said aloud, so that a typing error or a missing plugin is seen. */
function absentTables({ rules, now }: PlanInput): PlanTable[] {
  return rules.table_rules
    .filter(({ origin, pattern }) => origin.startsWith("preset:") && isExact(pattern))
    .filter(
      ({ pattern }) =>
        own(now.target.tables, pattern) === undefined && own(now.source.tables, pattern) === undefined,
    )
    .map(({ pattern, class: kind, origin }) => ({
      table: pattern,
      class: kind,
      origin,
      action: "absent",
      why: "The preset protects it; neither side has it.",
      rows: { source: null, target: null },
      changed: { source: false, target: false, equal: true },
    }));
}
