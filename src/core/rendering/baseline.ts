/** Both sides compared, as Markdown: how they differ, what declaring that the baseline means, and what to type. */
import type { ComparedItem, Comparison } from "../wordpress/comparison.ts";
import { cell, code, inert } from "./escape.ts";
import { keyText } from "./keys.ts";
import { count, details, shortId } from "./words.ts";

export interface ComparisonView {
  readonly source: string;
  readonly target: string;
  /** A baseline is on record already: declaring one replaces it. */
  readonly replaces: boolean;
  /** This comparison was accepted and recorded. */
  readonly recorded: boolean;
}

export function comparisonSection(comparison: Comparison, view: ComparisonView): string {
  const { items, options, equal } = comparison;
  const [source, target] = [inert(view.source), inert(view.target)];
  const same = `The same on both sides: ${count(equal.tables, "table")}, ${count(equal.options, "promotable option")}.`;
  return [
    items.length + options.length === 0
      ? `${source} and ${target} do not differ. ${same}`
      : `How ${source} and ${target} differ. ${same}`,
    items.length === 0 ? "" : itemsTable(items, { source, target }),
    options.length === 0
      ? ""
      : details(`Differing options: ${options.length}`, optionList(comparison, { source, target })),
    items.length + options.length === 0 ? "" : NATURE,
    view.recorded ? "" : consequences(view),
    keyLists(items, { source, target }),
  ]
    .filter((part) => part !== "")
    .join("\n\n");
}

const NATURE =
  "A copy differs by nature where addresses, the table prefix or the path stand in a value: cloning rewrites them, and such rows count as different here. Rows that visitors write (class `live`) are shown and are no part of what is accepted.";

/** Said before it is accepted, because nothing says it afterwards. */
function consequences({ source, target, replaces }: ComparisonView): string {
  const lines = [
    `What differs now counts as unchanged from then on: tables and options in which ${source} differs are not promoted until they change again there. The code tree is promoted as a whole in any case.`,
    `Drift is judged from then on: what ${target} changed before is not seen any more.`,
    ...(replaces
      ? [
          `The baseline that is on record is replaced, with what it knows: work in ${source} that waits for its promotion, and changes of ${target} since the last refresh or promotion. To keep them, comment \`/refresh\` instead.`,
        ]
      : []),
  ];
  return `Accepting this as the baseline means:\n${lines.map((line) => `- ${inert(line)}`).join("\n")}`;
}

interface Names {
  readonly source: string;
  readonly target: string;
}

/** Beside what accepting means, which must never be cut off. */
const MOST_ITEMS = 150;

function itemsTable(items: readonly ComparedItem[], { source, target }: Names): string {
  const rows = items.slice(0, MOST_ITEMS).map((one) => {
    const kind = one.kind === "table" ? one.class : one.kind;
    const counts = [one.added, one.removed, one.changed].map((n) => n ?? "?").join(" | ");
    const structure = one.structure ? " (structure, too)" : "";
    return `| ${cell(code(one.name))}${structure} | ${kind} | ${one.now} | ${one.before} | ${counts} |`;
  });
  const head = `| table or path | class | ${cell(source)} | ${cell(target)} | only in ${cell(source)} | only in ${cell(target)} | different |`;
  const more = items.length - rows.length;
  const table = [head, "|---|---|--:|--:|--:|--:|--:|", ...rows].join("\n");
  return more > 0 ? `${table}\n\nand ${more} more` : table;
}

const MOST_OPTIONS = 100;

function optionList({ options }: Comparison, { source, target }: Names): string {
  const words = { source: `only in ${source}`, target: `only in ${target}`, both: "different" };
  const lines = options.slice(0, MOST_OPTIONS).map(({ option, side }) => `- ${code(option)}: ${words[side]}`);
  const more = options.length - lines.length;
  return [...lines, ...(more > 0 ? [`- and ${more} more`] : [])].join("\n");
}

const KEYS_SHOWN = 10;
const MOST_LISTS = 30;

function keyLists(items: readonly ComparedItem[], { source, target }: Names): string {
  const words = { "+": `only in ${source}`, "-": `only in ${target}`, "~": "different" };
  const lines = items
    .filter(({ keys }) => keys.length > 0)
    .slice(0, MOST_LISTS)
    .map(({ name, class: kind, keys, ...one }) => {
      const shown = keys
        .slice(0, KEYS_SHOWN)
        .map(({ change, key }) => `${keyText({ class: kind, kind: one.kind }, key)} ${words[change]}`);
      const more = keys.length > KEYS_SHOWN ? ", …" : "";
      return `- ${code(name)}${one.kind === "table" ? ` (${kind})` : ""}: ${shown.join(", ")}${more}`;
    });
  return lines.length === 0 ? "" : details("Rows by key and files by path", lines.join("\n"));
}

/** What to type to declare exactly this. */
export const acceptNext = ({ digest }: Comparison): string =>
  `Look at the differences. To declare them the baseline of both sides, comment \`/baseline accept ${shortId(digest)}\`; both are measured again, and nothing is recorded if they differ otherwise then.`;
