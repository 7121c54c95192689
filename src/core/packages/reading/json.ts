/** JSON with the place of every value. Strict (RFC 8259), and besides it tells of keys written twice and of numbers that readers change. */
import { MAX_DEPTH, type Member, type Node, type Read, type ReadProblem, type ReadRule } from "./node.ts";

interface Reader {
  readonly text: string;
  at: number;
  readonly problems: ReadProblem[];
  /** Members and items of what is open. What is closed gets an array of exactly its length: one that grew has room for many more. */
  readonly members: Member[];
  readonly items: Node[];
}

class Unreadable extends Error {
  readonly code: ReadRule;
  readonly offset: number;
  constructor(code: ReadRule, offset: number, message: string) {
    super(message);
    this.code = code;
    this.offset = offset;
  }
}

const DEEP = `It is nested more than ${MAX_DEPTH} levels deep.`;
const WRITE_JSON = "Correct this place; a program that formats JSON shows what is meant.";

/** Reads one JSON value; `from` is where it begins (after a byte order mark). */
export function readJson(text: string, from = 0): Read {
  const reader: Reader = { text, at: from, problems: [], members: [], items: [] };
  try {
    const root = value(reader, 0);
    blank(reader);
    if (reader.at < text.length)
      throw unexpected(reader, "After the value nothing may follow, but here is more.");
    return { root, problems: reader.problems };
  } catch (error) {
    if (!(error instanceof Unreadable)) throw error;
    const remedy = error.code === "too-deep" ? "Write it flatter." : WRITE_JSON;
    const problem = { code: error.code, offset: error.offset, sentence: error.message, remedy };
    return { root: null, problems: [...reader.problems, problem] };
  }
}

/** Where the file ends too early the fault stands behind its last sign, not on the empty line that follows. */
function unexpected({ text, at }: Reader, sentence: string): Unreadable {
  if (at < text.length) return new Unreadable("syntax", at, sentence);
  return new Unreadable("syntax", text.trimEnd().length, "The file ends in the middle of a value.");
}

function blank(reader: Reader): void {
  const { text } = reader;
  for (;;) {
    const unit = text.charCodeAt(reader.at);
    if (unit !== 32 && unit !== 10 && unit !== 13 && unit !== 9) return;
    reader.at++;
  }
}

function value(reader: Reader, depth: number): Node {
  blank(reader);
  const start = reader.at;
  const unit = reader.text.charCodeAt(start);
  if (unit === 123 || unit === 91) {
    if (depth >= MAX_DEPTH) throw new Unreadable("too-deep", start, DEEP);
    return unit === 123 ? object(reader, depth) : array(reader, depth);
  }
  if (unit === 34) {
    const text = string(reader);
    return { kind: "text", value: text, start, end: reader.at };
  }
  if (unit === 45 || (unit >= 48 && unit <= 57)) return number(reader);
  for (const [word, known] of WORDS) {
    if (!reader.text.startsWith(word, start)) continue;
    reader.at += word.length;
    return known === null
      ? { kind: "null", value: null, start, end: reader.at }
      : { kind: "boolean", value: known, start, end: reader.at };
  }
  throw unexpected(
    reader,
    "Here a value is needed: a text in double quotes, a number, `{`, `[`, `true`, `false` or `null`.",
  );
}

const WORDS = [
  ["true", true],
  ["false", false],
  ["null", null],
] as const;

function object(reader: Reader, depth: number): Node {
  const start = reader.at++;
  const first = reader.members.length;
  let known: Set<string> | null = null;
  blank(reader);
  if (reader.text.charCodeAt(reader.at) === 125)
    return { kind: "object", members: [], start, end: ++reader.at };
  for (;;) {
    blank(reader);
    const keyStart = reader.at;
    if (reader.text.charCodeAt(keyStart) !== 34)
      throw unexpected(reader, "Here a key in double quotes is needed.");
    const key = string(reader);
    if (known === null && reader.members.length - first >= 8)
      known = new Set(reader.members.slice(first).map((one) => one.key));
    if (known?.has(key) ?? isAmong(reader.members, first, key)) reader.problems.push(twice(keyStart, key));
    known?.add(key);
    expect(reader, 58, "Between a key and its value stands a `:`.");
    const inner = value(reader, depth + 1);
    reader.members.push({ key, key_start: keyStart, value: inner });
    if (next(reader, 125, "}"))
      return { kind: "object", members: taken(reader.members, first), start, end: reader.at };
  }
}

function isAmong(members: readonly Member[], first: number, key: string): boolean {
  for (let at = first; at < members.length; at++) if (members[at]?.key === key) return true;
  return false;
}

/** What lies on the stack from `first` on, taken from it. */
function taken<T>(stack: T[], first: number): readonly T[] {
  const own = stack.slice(first);
  while (stack.length > first) stack.pop();
  return own;
}

function array(reader: Reader, depth: number): Node {
  const start = reader.at++;
  const first = reader.items.length;
  blank(reader);
  if (reader.text.charCodeAt(reader.at) === 93) return { kind: "array", items: [], start, end: ++reader.at };
  for (;;) {
    reader.items.push(value(reader, depth + 1));
    if (next(reader, 93, "]"))
      return { kind: "array", items: taken(reader.items, first), start, end: reader.at };
  }
}

/** After a value: true at the closing sign, false after a comma. */
function next(reader: Reader, close: number, shown: string): boolean {
  blank(reader);
  const unit = reader.text.charCodeAt(reader.at);
  if (unit !== close && unit !== 44) throw unexpected(reader, `Here a \`,\` or \`${shown}\` is needed.`);
  reader.at++;
  return unit === close;
}

function expect(reader: Reader, unit: number, sentence: string): void {
  blank(reader);
  if (reader.text.charCodeAt(reader.at) !== unit) throw unexpected(reader, sentence);
  reader.at++;
}

function twice(offset: number, key: string): ReadProblem {
  return {
    code: "duplicate-key",
    offset,
    sentence: `The key \`${key}\` is written twice in the same object; only one of them can count.`,
    remedy: "Remove one of the two.",
  };
}

const NUMBER = /-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?/y;

function number(reader: Reader): Node {
  const start = reader.at;
  NUMBER.lastIndex = start;
  const source = NUMBER.exec(reader.text)?.[0];
  if (source === undefined) throw unexpected(reader, "This is not a number.");
  reader.at = start + source.length;
  const read = Number(source);
  const problem = hugeNumber(source, read, start);
  if (problem !== null) reader.problems.push(problem);
  return { kind: "number", value: read, start, end: reader.at };
}

/** Whether readers that keep numbers as doubles (most do) would see another one. Null: they see this one. */
export function hugeNumber(source: string, read: number, offset: number): ReadProblem | null {
  if (source.length < 16 && !/[eE]/.test(source)) return null;
  const integer = /^[-+]?[0-9]+$/.test(source);
  if (Number.isFinite(read) && (!integer || Number.isSafeInteger(read))) return null;
  const shown = source.length > 40 ? `${source.slice(0, 37)}…` : source;
  return {
    code: "huge-integer",
    offset,
    sentence: `The number \`${shown}\` is too large to be read exactly: many readers would see another one.`,
    remedy: "Write it as a text in quotes, or write a smaller number.",
  };
}

const ESCAPES: Readonly<Record<string, string>> = {
  '"': '"',
  "\\": "\\",
  "/": "/",
  b: "\b",
  f: "\f",
  n: "\n",
  r: "\r",
  t: "\t",
};

function string(reader: Reader): string {
  const { text } = reader;
  let out = "";
  reader.at++;
  for (;;) {
    const from = reader.at;
    let unit = text.charCodeAt(reader.at);
    while (unit >= 32 && unit !== 34 && unit !== 92) unit = text.charCodeAt(++reader.at);
    out = out === "" ? text.slice(from, reader.at) : out + text.slice(from, reader.at);
    if (unit === 34) {
      reader.at++;
      return out;
    }
    if (unit !== 92) throw unexpected(reader, "A text ends on its own line, with a double quote.");
    out += escapeOf(reader);
  }
}

function escapeOf(reader: Reader): string {
  const sign = reader.text[reader.at + 1] ?? "";
  const known = ESCAPES[sign];
  const hex =
    sign === "u" ? /^[0-9a-fA-F]{4}/.exec(reader.text.slice(reader.at + 2, reader.at + 6))?.[0] : undefined;
  if (known === undefined && hex === undefined) throw unexpected(reader, "JSON knows no such escape.");
  reader.at += hex === undefined ? 2 : 6;
  return known ?? String.fromCharCode(Number.parseInt(hex ?? "0", 16));
}
