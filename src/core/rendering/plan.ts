/** The plan as Markdown: what travels, what stays, what stands in the way; every table with its class and action. */
import { OVERWRITES_ALL } from "../wordpress/refresh.ts";
import type { LeftBehind, Plan, PlanOption, RefreshPlan, Sentence } from "../wordpress/types.ts";
import { fitting } from "./cap.ts";
import { cell, code, fence, inert } from "./escape.ts";
import { keyText } from "./keys.ts";
import { foreseenSection } from "./migration.ts";
import { codeSection, tableSections } from "./plan-tables.ts";
import { count, details } from "./words.ts";

/** How much of a plan is shown: the most for which there is room. What must be acted on is shown first and cut last. */
const STEPS = [
  { rows: 10_000, keys: 20 },
  { rows: 300, keys: 20 },
  { rows: 100, keys: 10 },
  { rows: 30, keys: 3 },
  { rows: 10, keys: 0 },
  { rows: 3, keys: 0 },
] as const;
type Step = (typeof STEPS)[number];

export interface PlanPlace {
  /** Characters that the plan may have. */
  readonly room: number;
  /** The operation, under whose id the API has all of the plan. */
  readonly operation: string;
}

/**
 * A summary line, what blocks, and folded: tables by action, options, code by file, what stays behind. Where not all of it has
 * room, equal tables are summed up and lists end with how many more there are; the rest stands in the API.
 */
export function planSection(plan: Plan, { room, operation }: PlanPlace): string {
  const where = `*Shortened. All of it: \`GET /api/operations/${operation}/plan\`.*`;
  return fitting(STEPS, room, (step, at) => sectionWith(plan, step, at === 0 ? "" : where));
}

function sectionWith(plan: Plan, step: Step, where: string): string {
  const { code: tree, options, left_behind: left, tables } = plan;
  return [
    `**Plan**: ${summaryLine(plan)}`,
    where,
    sentenceList("In the way", plan.blocks),
    sentenceList("Worth reading", plan.warnings),
    codeSection(tree, step.rows),
    foreseenSection(plan.upgrade ?? null, step.rows),
    options.length === 0
      ? ""
      : details(count(options.length, "changed option"), optionsTable(options, step.rows)),
    left.length === 0
      ? ""
      : details(`Stays behind: ${count(left.length, "change")}`, leftBehindList(left, step)),
    tableSections(tables, step.rows),
  ]
    .filter((part) => part !== "")
    .join("\n\n");
}

function summaryLine({ summary, code: tree }: Plan): string {
  const moves = tree.changed || summary.tables.promote + summary.options.promote > 0;
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
  return `${moves ? parts.join(", ") : "nothing would be promoted"}; ${stays}${wordpress}`;
}

function sentenceList(title: string, sentences: readonly Sentence[]): string {
  if (sentences.length === 0) return "";
  const lines = sentences.map(({ text, list = [], remedy, paste }) => {
    const points = list.map((point) => `\n  - ${inert(point)}`).join("");
    const next = remedy === null ? "" : inert(remedy);
    const line =
      points === "" ? `- ${inert(text)}${next === "" ? "" : ` ${next}`}` : `- ${inert(text)}${points}`;
    const after = points === "" || next === "" ? "" : `\n\n  ${next}`;
    return paste === undefined ? `${line}${after}` : `${line}${after}\n\n${fence(paste, "yaml")}\n`;
  });
  return `${title}:\n${lines.join("\n")}`;
}

const OPTIONS_ORDER: readonly PlanOption["action"][] = ["conflict", "promote", "keep"];

/** What is in the way and what changes come first, where not all of them are shown. */
function optionsTable(options: readonly PlanOption[], most: number): string {
  const ordered = OPTIONS_ORDER.flatMap((action) => options.filter((one) => one.action === action));
  const shown = options.length > most ? ordered.slice(0, most) : options;
  const rows = shown.map(({ values, ...option }) => {
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
  const more = options.length - shown.length;
  return `${[...head, ...rows].join("\n")}${more > 0 ? `\n\nand ${more} more` : ""}`;
}

const LONGEST_VALUE = 120;

/** A side that did not change the row, or a value that is not to be shown, leaves its cell empty. */
function shownValue(value: string | null | undefined): string {
  if (value === undefined) return "";
  return value === null ? "*(no row)*" : code(value, LONGEST_VALUE);
}

const SIGNS = { "+": "new", "~": "changed", "-": "gone" } as const;

function leftBehindList(items: readonly LeftBehind[], { rows, keys: most }: Step): string {
  const lines = items.slice(0, rows).map((item) => {
    const keys = item.keys.slice(0, most).map(({ change, key }) => `${SIGNS[change]} ${keyText(item, key)}`);
    const more = item.keys.length > keys.length && keys.length > 0 ? ", …" : "";
    return `- ${inert(item.note)}${keys.length === 0 ? "" : `: ${keys.join(", ")}${more}`}`;
  });
  const left = items.length - lines.length;
  return [...lines, ...(left > 0 ? [`- and ${left} more`] : [])].join("\n");
}

const overwrittenTitle = ({ sentences }: RefreshPlan, source: string): string =>
  sentences.some(({ code }) => code === OVERWRITES_ALL)
    ? `Replaced in ${inert(source)}`
    : `Changed in ${inert(source)} since the last refresh`;

/** Of so many things a comment has room beside everything else that it says. */
const REFRESH_STEP: Step = { rows: 100, keys: 10 };

/** What a refresh overwrites in the source, what it keeps, and why it may be refused. */
export function refreshSection(refresh: RefreshPlan, source: string): string {
  const kept = [...refresh.keep_tables, ...refresh.keep_options];
  return [
    sentenceList("Changed on both sides", refresh.conflicts),
    refresh.conflicts.length > 0 ? "" : refresh.sentences.map(({ text }) => inert(text)).join(" "),
    refresh.overwritten.length === 0
      ? ""
      : `${overwrittenTitle(refresh, source)}:\n${leftBehindList(refresh.overwritten, REFRESH_STEP)}`,
    kept.length === 0
      ? ""
      : details(
          `Kept: ${count(refresh.keep_tables.length, "table")}, ${count(refresh.keep_options.length, "option")}`,
          nameList(kept, 2 * REFRESH_STEP.rows),
        ),
  ]
    .filter((part) => part !== "")
    .join("\n\n");
}

function nameList(names: readonly string[], most: number): string {
  const lines = names.slice(0, most).map((name) => `- ${code(name)}`);
  const more = names.length - lines.length;
  return [...lines, ...(more > 0 ? [`- and ${more} more`] : [])].join("\n");
}
