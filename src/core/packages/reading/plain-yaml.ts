/**
 * The plain part of YAML that people write in manifests, read in one pass: blocks of keys, lists, simple texts. Whatever else stands in the file
 * gives null, and the whole parser reads it then. Both agree wherever this one answers (a test compares them); it is there because a
 * pull request asks for every active manifest, and this is ten times faster.
 */
import { MAX_DEPTH, type Member, type Node } from "./node.ts";

interface Line {
  readonly indent: number;
  /** Where the content begins and ends, without comment and spaces. */
  readonly start: number;
  readonly end: number;
}
interface Reader {
  readonly text: string;
  readonly lines: readonly Line[];
  at: number;
}

class NotPlain extends Error {}
const notPlain = new NotPlain("not plain");
// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is refused
const STRANGE = /[\u0000-\u0009\u000b-\u001f\u007f-\u00a0\u2028\u2029\ufeff]|^(?:---|\.\.\.|%)/m;

/** The root of a plain file, or null where it is not plain, wrong or empty. */
export function readPlainYaml(text: string): Node | null {
  if (STRANGE.test(text) || !text.endsWith("\n")) return null;
  try {
    const reader: Reader = { text, lines: linesOf(text), at: 0 };
    const first = reader.lines[0];
    if (first === undefined || first.indent !== 0) return null;
    const root = block(reader, 0, 0);
    return reader.at === reader.lines.length ? root : null;
  } catch (error) {
    if (error === notPlain) return null;
    throw error;
  }
}

/** Lines with content; a comment begins with `#` at the start or after a space. */
function linesOf(text: string): Line[] {
  const lines: Line[] = [];
  const commented = / #/.test(text);
  for (let from = 0; from < text.length; ) {
    const stop = text.indexOf("\n", from);
    let start = from;
    while (text.charCodeAt(start) === 32) start++;
    let end = text.charCodeAt(start) === 35 ? start : stop;
    if (commented && end > start) end = beforeComment(text, start, end);
    while (end > start && text.charCodeAt(end - 1) === 32) end--;
    if (end > start) lines.push({ indent: start - from, start, end });
    from = stop + 1;
  }
  return lines;
}

function beforeComment(text: string, start: number, end: number): number {
  const comment = text.slice(start, end).indexOf(" #");
  return comment < 0 ? end : start + comment;
}

function block(reader: Reader, indent: number, depth: number): Node {
  if (depth >= MAX_DEPTH) throw notPlain;
  const line = reader.lines[reader.at];
  if (line === undefined) throw notPlain;
  return isItem(reader.text, line.start, line.end)
    ? list(reader, indent, depth)
    : mapping(reader, { indent, start: line.start }, depth);
}

const isItem = (text: string, start: number, end: number) =>
  text.charCodeAt(start) === 45 && (start + 1 === end || text.charCodeAt(start + 1) === 32);

function list(reader: Reader, indent: number, depth: number): Node {
  const { text } = reader;
  const found: Node[] = [];
  const begin = reader.lines[reader.at]?.start ?? 0;
  for (;;) {
    const line = reader.lines[reader.at];
    if (line === undefined || line.indent < indent) break;
    if (line.indent > indent) throw notPlain;
    if (!isItem(text, line.start, line.end)) break;
    let start = line.start + 1;
    while (text.charCodeAt(start) === 32) start++;
    if (start >= line.end) throw notPlain;
    KEY.lastIndex = start;
    if (KEY.test(text) && KEY.lastIndex <= line.end + 1) {
      found.push(mapping(reader, { indent: indent + start - line.start, start }, depth + 1));
    } else {
      reader.at++;
      found.push(scalar(text, start, line.end));
      if ((reader.lines[reader.at]?.indent ?? 0) > indent) throw notPlain;
    }
  }
  return { kind: "array", items: found, start: begin, end: found.at(-1)?.end ?? begin };
}

const KEY = /([A-Za-z_][A-Za-z0-9_.-]*):(?=[ \n])/y;
const WORDS = /^(?:true|false|null|yes|no|on|off|y|n)$/i;

/** The keys of one block; the first may begin after a list's dash, `place.start` says where. */
function mapping(
  reader: Reader,
  place: { readonly indent: number; readonly start: number },
  depth: number,
): Node {
  const { text } = reader;
  const members: Member[] = [];
  const known = new Set<string>();
  let start = place.start;
  for (;;) {
    const line = reader.lines[reader.at];
    if (line === undefined) break;
    if (members.length > 0) {
      if (line.indent < place.indent || isItem(text, line.start, line.end)) break;
      if (line.indent > place.indent) throw notPlain;
      start = line.start;
    }
    KEY.lastIndex = start;
    const key = KEY.exec(text)?.[1];
    if (key === undefined || KEY.lastIndex > line.end || WORDS.test(key) || known.has(key)) throw notPlain;
    known.add(key);
    reader.at++;
    members.push({
      key,
      key_start: start,
      value: after(reader, { line, from: KEY.lastIndex, indent: place.indent }, depth),
    });
  }
  return { kind: "object", members, start: place.start, end: members.at(-1)?.value.end ?? place.start };
}

/** What stands after `key:`, on the same line or in the block below. */
function after(
  reader: Reader,
  place: { readonly line: Line; readonly from: number; readonly indent: number },
  depth: number,
): Node {
  const { text } = reader;
  let start = place.from;
  while (start < place.line.end && text.charCodeAt(start) === 32) start++;
  if (BLOCK.test(text.slice(start, place.line.end)))
    return blockText(reader, { start, end: place.line.end, indent: place.indent });
  const below = reader.lines[reader.at];
  const deeper = below !== undefined && below.indent > place.indent;
  if (start < place.line.end) {
    if (deeper) throw notPlain;
    return scalar(text, start, place.line.end);
  }
  if (below !== undefined && below.indent === place.indent && isItem(text, below.start, below.end))
    return list(reader, place.indent, depth + 1);
  if (deeper) return block(reader, below.indent, depth + 1);
  return { kind: "null", value: null, start: place.from, end: place.from };
}

const BLOCK = /^[>|]-?$/;

/** `>` and `|` with lines of one indentation and no empty one between them. Ends before the first line that is not indented deeper than its key. */
function blockText(
  reader: Reader,
  place: { readonly start: number; readonly end: number; readonly indent: number },
): Node {
  const { text } = reader;
  const found: string[] = [];
  let from = text.indexOf("\n", place.end) + 1;
  let end = from;
  let blank = text.slice(place.end, from - 1) !== "";
  let width = 0;
  while (from < text.length) {
    const stop = text.indexOf("\n", from);
    const line = text.slice(from, stop);
    const indent = line.length - line.trimStart().length;
    from = stop + 1;
    if (indent === line.length) {
      blank = true;
      continue;
    }
    if (indent <= place.indent) break;
    if (found.length === 0) width = indent;
    if (blank || indent !== width || line.endsWith(" ")) throw notPlain;
    found.push(line.slice(indent));
    end = stop + 1;
  }
  if (found.length === 0) throw notPlain;
  for (
    let line = reader.lines[reader.at];
    line !== undefined && line.start < end;
    line = reader.lines[reader.at]
  )
    reader.at++;
  const [style, chomp] = text.slice(place.start, place.end);
  const value = found.join(style === ">" ? " " : "\n") + (chomp === undefined ? "\n" : "");
  return { kind: "text", value, start: place.start, end };
}

const TEXT = /^[A-Za-z_/][^:#]*$/;
const QUOTED = /^(?:"[^"\\]*"|'[^']*')$/;
const VERSION = /^[0-9]+\.[0-9]+\.[0-9]+(?:-[A-Za-z0-9.-]+)?$/;
const INTEGER = /^(?:0|[1-9][0-9]{0,14})$/;
const FLOW_WORD = /^[A-Za-z_][A-Za-z0-9_.-]*$/;

function scalar(text: string, start: number, end: number): Node {
  const source = text.slice(start, end);
  if (source === "true" || source === "false")
    return { kind: "boolean", value: source === "true", start, end };
  if (source === "null") return { kind: "null", value: null, start, end };
  if (INTEGER.test(source)) return { kind: "number", value: Number(source), start, end };
  if (QUOTED.test(source)) return { kind: "text", value: source.slice(1, -1), start, end };
  if (source === "{}") return { kind: "object", members: [], start, end };
  if (source.startsWith("[") && source.endsWith("]")) return flow(source, start, end);
  if ((TEXT.test(source) && !WORDS.test(source)) || VERSION.test(source))
    return { kind: "text", value: source, start, end };
  throw notPlain;
}

/** `[]` and `[one, two]`. */
function flow(source: string, start: number, end: number): Node {
  const inside = source.slice(1, -1);
  const found: Node[] = [];
  let from = start + 1;
  for (const part of inside.trim() === "" ? [] : inside.split(",")) {
    const word = part.trim();
    if (!FLOW_WORD.test(word) || WORDS.test(word)) throw notPlain;
    const begin = from + part.indexOf(word);
    found.push({ kind: "text", value: word, start: begin, end: begin + word.length });
    from += part.length + 1;
  }
  return { kind: "array", items: found, start, end };
}
