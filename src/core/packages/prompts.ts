/**
 * The fields that a prompt tells to output, as far as a program can know. Three ways of telling count: a JSON example in a fenced block below a
 * line that speaks of output, a list below a line that announces output fields, and a quoted name followed by "field" (or section, property, key) in a sentence that tells to output.
 * What a prompt forbids ("do not output a `score` field") does not count.
 */
import { readJson } from "./reading/json.ts";
import type { Node } from "./reading/node.ts";

export interface ToldField {
  /** In dots; `[]` where the prompt writes them. */
  readonly field: string;
  readonly offset: number;
}

interface Line {
  readonly text: string;
  readonly offset: number;
}

/** In the order of the prompt. */
export function fieldsTold(text: string): readonly ToldField[] {
  const lines = linesOf(text);
  const found: ToldField[] = [];
  let fence: { readonly sign: string; readonly from: number; readonly output: boolean } | null = null;
  let before = "";
  let list: "no" | "announced" | "open" = "no";
  for (const line of lines) {
    const sign = /^\s*(`{3,}|~{3,})/.exec(line.text)?.[1];
    if (fence !== null) {
      if (sign?.startsWith(fence.sign) === true) {
        if (fence.output) found.push(...exampleFields(text, fence.from, line.offset));
        fence = null;
      }
      continue;
    }
    if (sign !== undefined) {
      fence = {
        sign,
        from: text.indexOf("\n", line.offset) + 1,
        output: SHOWS.test(before) && !/\binputs?\b/i.test(before),
      };
      list = "no";
      continue;
    }
    const item = listItem(line);
    if (item !== null && list !== "no") {
      list = "open";
      found.push(...item);
    } else if (announces(line.text)) list = "announced";
    else if (line.text.trim() !== "") list = "no";
    else if (list === "open") list = "no";
    found.push(...sentenceFields(line));
    if (line.text.trim() !== "") before = line.text.slice(0, LONGEST_LINE);
  }
  return found.sort((a, b) => a.offset - b.offset);
}

function linesOf(text: string): readonly Line[] {
  const lines: Line[] = [];
  for (let from = 0; from <= text.length; ) {
    const stop = text.indexOf("\n", from);
    const to = stop < 0 ? text.length : stop;
    lines.push({ text: text.slice(from, to).replace(/\r$/, ""), offset: from });
    from = to + 1;
  }
  return lines;
}

const SHOWS = /\b(?:outputs?|return|respond|produce|emit|answer)\b/i;

/** Longer lines are prose or data. */
const LONGEST_LINE = 2_000;

/** "Required sections:", "## Output fields", "The output must contain these keys:" */
function announces(line: string): boolean {
  if (line.length > 200 || FORBIDS.test(line)) return false;
  if (!/\b(?:sections|fields|properties|keys)\b/i.test(line)) return false;
  return (
    /(?::|^\s*#{1,6}\s.*)\s*$/.test(line) &&
    /\b(?:output|required|optional|produce|return|emit)\b/i.test(line)
  );
}

const FORBIDS =
  /\b(?:not|never|no|without|don't|cannot|avoid|prohibited|forbidden|exclude[sd]?|omit|instead of)\b/i;

/** `- name (...)`, `* name: ...`, "1. `name` - ..." */
function listItem(line: Line): readonly ToldField[] | null {
  const item = /^\s*(?:[-*+]|[0-9]{1,3}[.)])\s+(.*)$/.exec(line.text.slice(0, LONGEST_LINE));
  if (item === null) return null;
  const rest = item[1] ?? "";
  const name =
    /^(?:\*\*)?`?([A-Za-z_][A-Za-z0-9_]*(?:(?:\[\])?\.[A-Za-z_][A-Za-z0-9_]*)*(?:\[\])?)`?(?:\*\*)?\s*(?:$|[:(–—-])/.exec(
      rest,
    )?.[1];
  if (name === undefined) return [];
  return [{ field: name, offset: line.offset + line.text.indexOf(rest) + rest.indexOf(name) }];
}

const TELLS = /\b(?:output|produce|return|emit|include|populate|provide|write|fill|contain)s?\b/i;

function sentenceFields(line: Line): readonly ToldField[] {
  const text = line.text.slice(0, LONGEST_LINE);
  if (!TELLS.test(text) || FORBIDS.test(text)) return [];
  const named = text.matchAll(
    /[`"]([A-Za-z_][A-Za-z0-9_]*(?:\.[A-Za-z_][A-Za-z0-9_]*)*)[`"] (?:field|section|property|key)\b/g,
  );
  return [...named].map((match) => ({ field: match[1] ?? "", offset: line.offset + match.index + 1 }));
}

/** Keys of an example that is JSON; any other block is left alone. */
function exampleFields(text: string, from: number, to: number): readonly ToldField[] {
  const block = text.slice(from, to);
  if (!/^\s*\{/.test(block)) return [];
  const { root } = readJson(block);
  return root === null ? [] : keysOf(root, "", from);
}

function keysOf(node: Node, prefix: string, base: number): readonly ToldField[] {
  if (node.kind === "array") return node.items.flatMap((item) => keysOf(item, prefix, base));
  if (node.kind !== "object") return [];
  return node.members.flatMap(({ key, key_start, value }) => {
    if (!/^[A-Za-z_][A-Za-z0-9_]*$/.test(key)) return [];
    const field = prefix === "" ? key : `${prefix}.${key}`;
    return [{ field, offset: base + key_start + 1 }, ...keysOf(value, field, base)];
  });
}
