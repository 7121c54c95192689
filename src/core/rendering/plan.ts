/** The plan as Markdown: what travels, what stays, what stands in the way; every table with its class and action. */
import { OVERWRITES_ALL } from "../wordpress/refresh.ts";
import type { LeftBehind, Plan, PlanOption, RefreshPlan, Sentence } from "../wordpress/types.ts";
import { cell, code, fence, inert } from "./escape.ts";
import { keyText } from "./keys.ts";
import { codeSection, tableSections } from "./plan-tables.ts";
import { count, details } from "./words.ts";

const KEYS_SHOWN = 20;

/** A summary line, what blocks, and folded: tables by action, options, code by file, what stays behind. */
export function planSection(plan: Plan): string {
  return [
    `**Plan**: ${summaryLine(plan)}`,
    sentenceList("In the way", plan.blocks),
    sentenceList("Worth reading", plan.warnings),
    codeSection(plan.code),
    plan.options.length === 0
      ? ""
      : details(`${count(plan.options.length, "changed option")}`, optionsTable(plan.options)),
    plan.left_behind.length === 0
      ? ""
      : details(
          `Stays behind: ${count(plan.left_behind.length, "change")}`,
          leftBehindList(plan.left_behind),
        ),
    tableSections(plan.tables),
  ]
    .filter((part) => part !== "")
    .join("\n\n");
}

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
  const lines = sentences.map(({ text, remedy, paste }) => {
    const line = `- ${inert(text)}${remedy === null ? "" : ` ${inert(remedy)}`}`;
    return paste === undefined ? line : `${line}\n\n${fence(paste, "yaml")}\n`;
  });
  return `${title}:\n${lines.join("\n")}`;
}

function optionsTable(options: readonly PlanOption[]): string {
  const rows = options.map(({ values, ...option }) => {
    const action = option.action === "promote" && option.removes ? "remove" : option.action;
    const look = option.flags.length === 0 ? "" : ` Look at it: ${option.flags.join("; ")}.`;
    const why = inert(`${option.why}${look}`);
    const shown = `${cell(shownValue(values.source))} | ${cell(shownValue(values.target))}`;
    return `| ${cell(code(option.option))} | ${option.class} | **${action}** | ${shown} | ${cell(why)} |`;
  });
  const head = [
    "| option | class | action | source has now | target has now | why |",
    "|---|---|---|---|---|---|",
  ];
  return [...head, ...rows].join("\n");
}

const LONGEST_VALUE = 120;

/** A side that did not change the row, or a value that is not to be shown, leaves its cell empty. */
function shownValue(value: string | null | undefined): string {
  if (value === undefined) return "";
  return value === null ? "*(no row)*" : code(value, LONGEST_VALUE);
}

const SIGNS = { "+": "new", "~": "changed", "-": "gone" } as const;

function leftBehindList(items: readonly LeftBehind[]): string {
  return items
    .map((item) => {
      const keys = item.keys
        .slice(0, KEYS_SHOWN)
        .map(({ change, key }) => `${SIGNS[change]} ${keyText(item, key)}`);
      const more = item.keys.length > keys.length ? ", …" : "";
      return `- ${inert(item.note)}${keys.length === 0 ? "" : `: ${keys.join(", ")}${more}`}`;
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
