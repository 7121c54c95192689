/** Reading the YAML text: syntax errors in our words, and the place in the file of any path of the data. */
import { type Document, isMap, isScalar, LineCounter, type ParsedNode, parseDocument, visit } from "yaml";
import type { ConfigError } from "./types.ts";

export type Path = readonly (string | number)[];

export interface SourceText {
  readonly doc: Document.Parsed<ParsedNode>;
  readonly lines: LineCounter;
}

/** A site's configuration is a page, not a program: anything longer is a mistake or an attack. */
const MAX_LENGTH = 64 * 1024;

const failure = (message: string, remedy: string, code = "yaml_invalid"): ConfigError => ({
  code,
  line: 1,
  column: 1,
  path: "",
  message,
  remedy,
});

/** The parsed document with everything that is wrong with its syntax. `doc` is null where nothing can be read from it. */
export function readDocument(text: string): {
  readonly source: SourceText | null;
  readonly errors: readonly ConfigError[];
} {
  if (text.length > MAX_LENGTH) {
    const message = `The file has ${text.length} characters; ${MAX_LENGTH} are allowed.`;
    return { source: null, errors: [failure(message, "Shorten it.", "too_long")] };
  }
  const lines = new LineCounter();
  const source = parse(text, lines);
  if (source === null) {
    const message = "The file is nested too deeply to be read.";
    return { source: null, errors: [failure(message, "Write it as in the documentation's example.")] };
  }
  const errors = [...syntaxErrors(source), ...twiceWritten(source), ...aliases(source)];
  return { source: errors.every((error) => error.code === "duplicate_key") ? source : null, errors };
}

function parse(text: string, lineCounter: LineCounter): SourceText | null {
  try {
    // Keys are compared below: the parser compares each with all others of its block.
    const doc = parseDocument(text, { lineCounter, uniqueKeys: false, merge: false, prettyErrors: false });
    return { doc, lines: lineCounter };
  } catch (error) {
    if (error instanceof RangeError) return null;
    throw error;
  }
}

function syntaxErrors({ doc, lines }: SourceText): ConfigError[] {
  return [...doc.errors, ...doc.warnings].map((error) => {
    const at = lines.linePos(error.pos[0]);
    const place = { line: Math.max(1, at.line), column: Math.max(1, at.col), path: "" };
    const message = `The file is not valid YAML: ${error.message.split("\n")[0] ?? error.code}.`;
    const remedy = "Correct this line; indent with spaces and put texts with special characters in quotes.";
    return { code: "yaml_invalid", ...place, message, remedy };
  });
}

function twiceWritten({ doc, lines }: SourceText): ConfigError[] {
  const found: ConfigError[] = [];
  visit(doc, {
    Map: (_key, { items }) => {
      const seen = new Set<string>();
      for (const { key } of items) {
        if (!isScalar(key)) continue;
        const name = String(key.value);
        const at = lines.linePos(key.range?.[0] ?? 0);
        const message = "This key is written twice in the same block; only one of them could count.";
        const place = { line: at.line, column: at.col, path: "" };
        if (seen.has(name))
          found.push({ code: "duplicate_key", ...place, message, remedy: "Remove one of the two." });
        seen.add(name);
      }
    },
  });
  return found;
}

/** Aliases are refused: they hide what a line means from its reader, and can blow up in memory. */
function aliases({ doc, lines }: SourceText): ConfigError[] {
  const found: ConfigError[] = [];
  visit(doc, {
    Alias: (_key, node) => {
      const at = lines.linePos(node.range?.[0] ?? 0);
      const message = `The alias \`*${node.source}\` is not allowed: every value must stand where it counts.`;
      const remedy = `Write the value itself in place of \`*${node.source}\`.`;
      found.push({ code: "alias", line: at.line, column: at.col, path: "", message, remedy });
    },
  });
  return found;
}

/** Line and column of the value at a path, or of its key; of the nearest thing around it where it is missing. */
export function placeOf(
  source: SourceText,
  path: Path,
  what: "key" | "value",
): { line: number; column: number } {
  const parent = source.doc.getIn(path.slice(0, -1), true);
  const last = path.at(-1);
  const pair = isMap(parent)
    ? parent.items.find(({ key }) => isScalar(key) && String(key.value) === String(last))
    : undefined;
  const value = path.length === 0 ? source.doc.contents : source.doc.getIn(path, true);
  const node = what === "key" || isMap(value) ? (pair?.key ?? value) : (value ?? pair?.key);
  const start = rangeStart(node);
  if (start !== null) {
    const at = source.lines.linePos(start);
    return { line: at.line, column: at.col };
  }
  return path.length === 0 ? { line: 1, column: 1 } : placeOf(source, path.slice(0, -1), "key");
}

function rangeStart(node: unknown): number | null {
  if (typeof node !== "object" || node === null || !("range" in node)) return null;
  const range: unknown = node.range;
  const start: unknown = Array.isArray(range) ? range[0] : null;
  return typeof start === "number" ? start : null;
}
