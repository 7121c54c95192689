/** From the bytes of a file to its text, its tree and everything that is wrong with it as a file. Nothing in here throws. */
import { readJson } from "./json.ts";
import { type Place, placesOf } from "./lines.ts";
import type { Node, Read, ReadProblem } from "./node.ts";
import { readYaml } from "./yaml.ts";

/** A schema or a manifest is written by people; a larger one is a mistake or an attack. Bytes. */
export const MAX_DATA_BYTES = 1024 * 1024;
/** Of a prompt, a fixture or any other text. */
export const MAX_TEXT_BYTES = 4 * 1024 * 1024;

export interface SourceFile {
  readonly path: string;
  readonly text: string;
  /** Null for texts, and where nothing could be read. */
  readonly root: Node | null;
  readonly problems: readonly ReadProblem[];
  readonly place: (offset: number) => Place;
}

const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

export type Format = "json" | "yaml" | "text";

export function formatOf(path: string): Format {
  const ending = path.slice(path.lastIndexOf(".") + 1);
  if (ending.length > 4) return "text";
  const word = ending.toLowerCase();
  if (word === "json") return "json";
  return word === "yaml" || word === "yml" ? "yaml" : "text";
}

/** Reads a file whose bytes are there; `format` says how. */
export function readFile(path: string, bytes: Uint8Array, format: Format): SourceFile {
  const limit = format === "text" ? MAX_TEXT_BYTES : MAX_DATA_BYTES;
  if (bytes.length > limit) return broken(path, "", tooLarge(bytes.length, limit));
  let text: string;
  try {
    text = decoder.decode(bytes);
  } catch {
    return broken(path, "", notUtf8);
  }
  const read = parse(text, format);
  const problems = [...marks(text, format), ...read.problems];
  let places: ((offset: number) => Place) | undefined;
  const place = (offset: number) => {
    places ??= placesOf(text);
    return places(offset);
  };
  return { path, text, root: read.root, problems, place };
}

function parse(text: string, format: Format): Read {
  if (format === "text") return { root: null, problems: [] };
  return format === "json" ? readJson(text, text.startsWith("\ufeff") ? 1 : 0) : readYaml(text);
}

function broken(path: string, text: string, problem: ReadProblem): SourceFile {
  return { path, text, root: null, problems: [problem], place: () => ({ line: 1, column: 1 }) };
}

const tooLarge = (bytes: number, limit: number): ReadProblem => ({
  code: "too-large",
  offset: 0,
  sentence: `The file has ${bytes} bytes; ${limit} are allowed.`,
  remedy: "Shorten it, or keep large data outside the package.",
});

const notUtf8: ReadProblem = {
  code: "not-utf8",
  offset: 0,
  sentence: "The file is not text in UTF-8.",
  remedy: "Save it as UTF-8, or move it out of the package.",
};

/** Signs that editors hide and that readers treat differently. */
function marks(text: string, format: Format): readonly ReadProblem[] {
  const found: ReadProblem[] = [];
  if (text.startsWith("\ufeff")) {
    const sentence = "The file begins with a byte order mark, which many readers take for content.";
    found.push({
      code: "byte-order-mark",
      offset: 0,
      sentence,
      remedy: "Save it as UTF-8 without a byte order mark.",
    });
  }
  const carriage = format === "text" ? -1 : text.indexOf("\r");
  if (carriage >= 0) {
    const sentence =
      "Lines end with carriage returns here; the same file would have another digest elsewhere.";
    found.push({
      code: "line-ends",
      offset: carriage,
      sentence,
      remedy: "Save it with line feeds (LF) only.",
    });
  }
  return found;
}
