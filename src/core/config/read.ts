/** A YAML file of ours, read strictly: its value, or everything that is wrong with its form, with places. */
import { readDocument, type SourceText } from "./document.ts";
import { errorsOf, type FileShape, MOST_ERRORS } from "./issues.ts";
import type { ConfigError } from "./types.ts";

export interface Shape<T> extends FileShape<T> {
  /** What to write into an empty file. */
  readonly empty: string;
}

export type ReadFile<T> =
  /** Nothing can be read from the text. */
  | { readonly source: null; readonly errors: readonly ConfigError[] }
  | {
      readonly source: SourceText;
      readonly data: unknown;
      /** Null where it is not of the schema. */
      readonly value: T | null;
      readonly errors: readonly ConfigError[];
    };

export function readFile<T>(text: string, shape: Shape<T>): ReadFile<T> {
  const { source, errors: syntax } = readDocument(text);
  if (source === null) return { source, errors: syntax };
  const data: unknown = source.doc.toJS({ maxAliasCount: 0 });
  if (data === null || data === undefined) return { source: null, errors: [emptyFile(shape.empty)] };
  const parsed = shape.schema.safeParse(data);
  const wrong = parsed.success
    ? []
    : parsed.error.issues.slice(0, MOST_ERRORS).flatMap((issue) => errorsOf(issue, { source, data, shape }));
  return { source, data, value: parsed.success ? parsed.data : null, errors: [...syntax, ...wrong] };
}

/** In the order of the file. */
export const inOrder = (errors: readonly ConfigError[]): readonly ConfigError[] =>
  [...errors].sort((a, b) => a.line - b.line || a.column - b.column);

const emptyFile = (remedy: string): ConfigError => ({
  code: "empty",
  line: 1,
  column: 1,
  path: "",
  message: "The file is empty.",
  remedy,
});
