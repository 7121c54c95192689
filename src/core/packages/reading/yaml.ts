/** YAML with the place of every value: the plain part by our own reader, everything else by the `yaml` package, without aliases. */
import { isAlias, isMap, isScalar, isSeq, parseDocument, type YAMLError } from "yaml";
import { hugeNumber } from "./json.ts";
import { MAX_DEPTH, type Member, type Node, type Read, type ReadProblem } from "./node.ts";
import { readPlainYaml } from "./plain-yaml.ts";

/** Reads one document. A byte order mark at its beginning is skipped; offsets count it. */
export function readYaml(text: string): Read {
  const plain = readPlainYaml(text);
  return plain === null ? readWholeYaml(text) : { root: plain, problems: [] };
}

/** Reads any YAML; slower. */
export function readWholeYaml(text: string): Read {
  if (nestingOf(text) > MAX_DEPTH * 2) return { root: null, problems: [tooDeep(0)] };
  try {
    // The package compares every key with every other one; ours are told apart by a set (see `convert`).
    const doc = parseDocument(text, { uniqueKeys: false, merge: false, prettyErrors: false });
    const problems = [...doc.errors, ...doc.warnings].map(problemOf);
    const root = doc.contents === null ? null : convert(doc.contents, { problems, depth: 0, text });
    const empty = root === null && problems.length === 0;
    const readable = problems.every(
      ({ code }) => code !== "syntax" && code !== "alias" && code !== "too-deep",
    );
    return { root: readable ? root : null, problems: empty ? [emptyFile] : problems };
  } catch (error) {
    if (error instanceof RangeError) return { root: null, problems: [tooDeep(0)] };
    throw error;
  }
}

const emptyFile: ReadProblem = {
  code: "syntax",
  offset: 0,
  sentence: "The file is empty.",
  remedy: "Write its content, or remove the file.",
};
const tooDeep = (offset: number): ReadProblem => ({
  code: "too-deep",
  offset,
  sentence: `It is nested more than ${MAX_DEPTH} levels deep.`,
  remedy: "Write it flatter.",
});

/** A bound for how deep brackets and dashes nest, found before the parser recurses. */
function nestingOf(text: string): number {
  let deep = 0;
  let deepest = 0;
  for (let at = 0; at < text.length; at++) {
    const unit = text.charCodeAt(at);
    if (unit === 91 || unit === 123) deepest = Math.max(deepest, ++deep);
    else if (unit === 93 || unit === 125) deep = Math.max(0, deep - 1);
  }
  for (const [dashes] of text.matchAll(/(?:[-?:] ){65,}/g)) deepest = Math.max(deepest, dashes.length);
  return deepest;
}

function problemOf(error: YAMLError): ReadProblem {
  const offset = error.pos[0];
  const sentence = `The file is not valid YAML: ${error.message.split("\n")[0] ?? error.code}.`;
  const remedy = "Correct this line; indent with spaces and put texts with special characters in quotes.";
  return { code: "syntax", offset, sentence, remedy };
}

interface Context {
  readonly problems: ReadProblem[];
  readonly depth: number;
  readonly text: string;
}

function convert(node: unknown, context: Context): Node | null {
  const [start, end] = rangeOf(node);
  if (isAlias(node)) {
    const sentence = `The alias \`*${node.source}\` is not allowed: every value must stand where it counts.`;
    const remedy = `Write the value itself in place of \`*${node.source}\`.`;
    context.problems.push({ code: "alias", offset: start, sentence, remedy });
    return null;
  }
  if (context.depth > MAX_DEPTH) {
    if (context.problems.every(({ code }) => code !== "too-deep")) context.problems.push(tooDeep(start));
    return null;
  }
  const inner = { ...context, depth: context.depth + 1 };
  if (isSeq(node)) {
    const list = node.items.flatMap((item) => convert(item, inner) ?? []);
    return { kind: "array", items: list, start, end };
  }
  if (isMap(node)) {
    const members = node.items.flatMap(({ key, value }) => memberOf(key, value, inner) ?? []);
    context.problems.push(...duplicates(members));
    return { kind: "object", members, start, end };
  }
  return isScalar(node) ? scalarNode(node.value, { start, end }, context) : null;
}

function duplicates(members: readonly Member[]): ReadProblem[] {
  const known = new Set<string>();
  return members.flatMap(({ key, key_start }) => {
    if (!known.has(key)) {
      known.add(key);
      return [];
    }
    const sentence = `The key \`${key}\` is written twice in the same block; only one of them can count.`;
    return [
      { code: "duplicate-key" as const, offset: key_start, sentence, remedy: "Remove one of the two." },
    ];
  });
}

function memberOf(key: unknown, value: unknown, context: Context): Member | null {
  const [start, end] = rangeOf(key);
  const simple = isScalar(key) && ["string", "number", "boolean"].includes(typeof key.value);
  if (!simple) {
    const sentence = "A key is a plain text; lists, blocks, aliases and nothing at all cannot be one.";
    context.problems.push({ code: "syntax", offset: start, sentence, remedy: "Write a text as the key." });
    return null;
  }
  const found =
    value === null ? ({ kind: "null", value: null, start: end, end } as const) : convert(value, context);
  return found === null ? null : { key: String(key.value), key_start: start, value: found };
}

function scalarNode(value: unknown, place: { start: number; end: number }, context: Context): Node | null {
  if (value === null || value === undefined) return { kind: "null", value: null, ...place };
  if (typeof value === "boolean") return { kind: "boolean", value, ...place };
  if (typeof value === "string") return { kind: "text", value, ...place };
  if (typeof value !== "number") return null;
  const source = context.text.slice(place.start, place.end);
  const wordy = /inf|nan/i.test(source);
  const problem = wordy ? null : hugeNumber(source, value, place.start);
  if (problem !== null) context.problems.push(problem);
  return { kind: "number", value, ...place };
}

function rangeOf(node: unknown): readonly [number, number] {
  if (typeof node !== "object" || node === null || !("range" in node)) return [0, 0];
  const range: unknown = node.range;
  if (!Array.isArray(range)) return [0, 0];
  const [start, end]: unknown[] = range;
  return [typeof start === "number" ? start : 0, typeof end === "number" ? end : 0];
}
