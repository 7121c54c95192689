/** The folded tables of a plan: every table by what happens to it, and every file of the code that differs. */
import { whoChanged } from "../wordpress/code-blocks.ts";
import type { CodeAction, CodeChange, Plan, PlanTable, TableAction } from "../wordpress/types.ts";
import { cell, code, inert } from "./escape.ts";
import { count, details } from "./words.ts";

/** What a reader must act on, and what changes, before what stays as it is. */
const ORDER: readonly TableAction[] = ["conflict", "unclassified", "promote", "absent", "protect", "keep"];

const HAPPENS: Readonly<Record<TableAction, string>> = {
  conflict: "changed on both sides: in the way",
  unclassified: "nothing says what they are",
  promote: "replaced by the source's",
  absent: "protected by the preset, on neither side",
  protect: "protected, never overwritten",
  keep: "stay as they are",
};

/**
 * Every table with its class, who says so, and what happens to it; folded, one part for each action. Of tables that are alike
 * (class, who says so, why) `most` are named, the others summed up.
 */
export function tableSections(tables: readonly PlanTable[], most: number): string {
  return ORDER.flatMap((action) => {
    const of = tables.filter((table) => table.action === action);
    if (of.length === 0) return [];
    return [details(`${action}: ${count(of.length, "table")} (${HAPPENS[action]})`, tablesTable(of, most))];
  }).join("\n\n");
}

function tablesTable(tables: readonly PlanTable[], most: number): string {
  const head = [
    "| table | class | action | class given by | rows: source → target | why |",
    "|---|---|---|---|---|---|",
  ];
  if (tables.length <= most)
    return [...head, ...tables.map((one) => row(cell(code(one.table)), one, one.rows))].join("\n");
  const groups = Map.groupBy(tables, ({ class: kind, origin, why }) => JSON.stringify([kind, origin, why]));
  return [...head, ...[...groups.values()].flatMap((alike) => alikeRows(alike, most))].join("\n");
}

function alikeRows(alike: readonly PlanTable[], most: number): string[] {
  const named = alike.slice(0, most).map((one) => row(cell(code(one.table)), one, one.rows));
  const [first, ...others] = alike.slice(most);
  if (first === undefined || others.length === 0)
    return alike.map((one) => row(cell(code(one.table)), one, one.rows));
  const rest = [first, ...others];
  return [
    ...named,
    row(`*and ${rest.length} more*`, first, { source: sum(rest, "source"), target: sum(rest, "target") }),
  ];
}

const row = (
  name: string,
  { class: kind, action, origin, why }: PlanTable,
  rows: PlanTable["rows"],
): string =>
  `| ${name} | ${kind} | **${action}** | ${cell(originOf(origin))} | ${rowsCell(rows.source)} → ${rowsCell(rows.target)} | ${cell(inert(why))} |`;

/** Null where none of them is on that side. */
function sum(tables: readonly PlanTable[], side: keyof PlanTable["rows"]): number | null {
  const there = tables.flatMap(({ rows }) => rows[side] ?? []);
  return there.length === 0 ? null : there.reduce((all, rows) => all + rows, 0);
}

const rowsCell = (n: number | null): string => (n === null ? "absent" : String(n));

/** `preset:commerce-protect` is the preset of that name. */
function originOf(origin: string): string {
  const at = origin.indexOf(":");
  if (at !== -1) return `${inert(origin.slice(0, at))} ${code(origin.slice(at + 1))}`;
  if (origin === "site") return "`.github/belay.yml`";
  return origin === "unknown" ? "nothing" : inert(origin);
}

const MOST_FILES = 200;

/** Every file that differs, or that the target changed, with who changed it; those that stop a promotion first. */
export function codeSection({ changes }: Plan["code"], most: number): string {
  const { files, counts } = changes;
  const all = counts.promote + counts.keep + counts.conflict + counts.same;
  if (all === 0) return "";
  const shown = files.slice(0, Math.min(most, MOST_FILES));
  const rows = shown.map(
    (one) => `| ${cell(code(one.path))} | **${one.action}** | ${inert(whoChanged(one))}${FATE[one.action]} |`,
  );
  const more = all > shown.length ? `\n\nand ${all - shown.length} more` : "";
  const partly = changes.complete
    ? ""
    : "\n\nThe code has too many files for a list of all of them: some may be missing here.";
  const table = ["| file | action | who changed it |", "|---|---|---|", ...rows].join("\n");
  return details(`Code: ${count(all, "file")} (${countsOf(changes.counts)})`, `${table}${more}${partly}`);
}

const FATE: Readonly<Record<CodeAction, string>> = {
  promote: "",
  same: "",
  keep: ": production's stays, nothing is promoted over it",
  conflict: ": in the way",
};

const countsOf = (counts: Readonly<Record<CodeChange["action"], number>>): string =>
  (["conflict", "keep", "same", "promote"] as const)
    .filter((action) => counts[action] > 0)
    .map((action) => `${counts[action]} ${action}`)
    .join(", ");
