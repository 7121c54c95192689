/** The plan as Markdown: what travels, what stays, what stands in the way; every table with its class and action. */
import { OVERWRITES_ALL } from "../wordpress/refresh.ts";
import type { LeftBehind, Plan, PlanOption, PlanTable, RefreshPlan, Sentence } from "../wordpress/types.ts";
import { cell, code, inert } from "./escape.ts";
import { count, details } from "./words.ts";

const KEYS_SHOWN = 20;

/** A summary line, what blocks, and folded: tables, options, code edits, what stays behind. */
export function planSection(plan: Plan): string {
  return [
    `**Plan**: ${summaryLine(plan)}`,
    sentenceList("In the way", plan.blocks),
    sentenceList("Worth reading", plan.warnings),
    details(`All ${count(present(plan), "table")}`, tablesTable(plan.tables)),
    plan.options.length === 0
      ? ""
      : details(`${count(plan.options.length, "changed option")}`, optionsTable(plan.options)),
    plan.code.edits.length === 0
      ? ""
      : details(`${count(plan.code.edits.length, "hand edit")} in the target's code`, editList(plan)),
    plan.left_behind.length === 0
      ? ""
      : details(
          `Stays behind: ${count(plan.left_behind.length, "change")}`,
          leftBehindList(plan.left_behind),
        ),
  ]
    .filter((part) => part !== "")
    .join("\n\n");
}

const present = (plan: Plan): number => plan.tables.length - plan.summary.tables.absent;

function summaryLine({ summary, code: tree }: Plan): string {
  const parts = [
    tree.changed ? "the code tree" : "no change of code",
    count(summary.tables.promote, "table"),
    count(summary.options.promote, "option"),
  ];
  const wordpress =
    tree.wordpress.source === tree.wordpress.target
      ? ""
      : ` WordPress ${inert(tree.wordpress.target)} becomes ${inert(tree.wordpress.source)}.`;
  const kept = summary.tables.protect + summary.tables.keep;
  const stays = `${count(kept, "table")} of the target ${kept === 1 ? "stays as it is" : "stay as they are"}.`;
  return `${parts.join(", ")}; ${stays}${wordpress}`;
}

function sentenceList(title: string, sentences: readonly Sentence[]): string {
  if (sentences.length === 0) return "";
  const lines = sentences.map(
    ({ text, remedy }) => `- ${inert(text)}${remedy === null ? "" : ` ${inert(remedy)}`}`,
  );
  return `${title}:\n${lines.join("\n")}`;
}

const rowsCell = (n: number | null): string => (n === null ? "absent" : String(n));

/** Every table that a side has, with its class and action; below, what the preset names and neither side has. */
function tablesTable(all: readonly PlanTable[]): string {
  const tables = all.filter((table) => table.action !== "absent");
  const absent = all.filter((table) => table.action === "absent").map((table) => code(table.table));
  const rows = tables.map(
    (table) =>
      `| ${cell(code(table.table))} | ${table.class} | **${table.action}** | ${rowsCell(table.rows.source)} → ${rowsCell(table.rows.target)} | ${cell(inert(table.why))} |`,
  );
  const head = ["| table | class | action | rows: source → target | why |", "|---|---|---|---|---|"];
  const missing =
    absent.length === 0 ? "" : `\n\nProtected by the preset, on neither side: ${absent.join(", ")}.`;
  return `${[...head, ...rows].join("\n")}${missing}`;
}

function optionsTable(options: readonly PlanOption[]): string {
  const rows = options.map((option) => {
    const action = option.action === "promote" && option.removes ? "remove" : option.action;
    const why = [option.why, ...option.flags].map(inert).join("; ");
    return `| ${cell(code(option.option))} | ${option.class} | **${action}** | ${cell(why)} |`;
  });
  return ["| option | class | action | why |", "|---|---|---|---|", ...rows].join("\n");
}

function editList(plan: Plan): string {
  return plan.code.edits.map((edit) => `- ${edit.change}: ${code(edit.path)}`).join("\n");
}

function leftBehindList(items: readonly LeftBehind[]): string {
  return items
    .map((item) => {
      const keys = item.keys.slice(0, KEYS_SHOWN).map(({ change, key }) => `${change} ${key}`);
      const more = item.keys.length > keys.length ? ", …" : "";
      return `- ${inert(item.note)}${keys.length === 0 ? "" : `: ${keys.map((key) => code(key)).join(", ")}${more}`}`;
    })
    .join("\n");
}

const overwrittenTitle = ({ sentences }: RefreshPlan, source: string): string =>
  sentences.some(({ code }) => code === OVERWRITES_ALL)
    ? `Replaced in ${inert(source)}`
    : `Changed in ${inert(source)} since the last refresh`;

/** What a refresh overwrites in the source, what it keeps, and why it may be refused. */
export function refreshSection(refresh: RefreshPlan, source: string): string {
  return [
    sentenceList("Changed on both sides", refresh.conflicts),
    refresh.conflicts.length > 0 ? "" : refresh.sentences.map(({ text }) => inert(text)).join(" "),
    refresh.overwritten.length === 0
      ? ""
      : `${overwrittenTitle(refresh, source)}:\n${leftBehindList(refresh.overwritten)}`,
    refresh.keep_tables.length + refresh.keep_options.length === 0
      ? ""
      : details(
          `Kept: ${count(refresh.keep_tables.length, "table")}, ${count(refresh.keep_options.length, "option")}`,
          [...refresh.keep_tables, ...refresh.keep_options].map((name) => `- ${code(name)}`).join("\n"),
        ),
  ]
    .filter((part) => part !== "")
    .join("\n\n");
}
