/** From what zod found wrong to sentences for people, with the place in the file. */
import { z } from "zod";
import { type Path, placeOf, type SourceText } from "./document.ts";
import { suggest } from "./suggest.ts";
import type { ConfigError } from "./types.ts";

type Issue = z.core.$ZodIssue;

/** Nobody corrects more at once; each is looked for in the file, which anybody may propose. */
export const MOST_ERRORS = 100;

/** What a file of ours may hold: its schema, and for remedies an example of each key's value. */
export interface FileShape<T> {
  readonly schema: z.ZodType<T>;
  readonly examples: Readonly<Record<string, string>>;
}

export interface FileInHand {
  readonly source: SourceText;
  readonly data: unknown;
  readonly shape: FileShape<unknown>;
}

/** Every error of an issue: one per unknown key, otherwise one. */
export function errorsOf(issue: Issue, { source, data, shape }: FileInHand): ConfigError[] {
  const path = issue.path.map((part) => (typeof part === "symbol" ? String(part) : part));
  if (issue.code === "unrecognized_keys") {
    const known = knownKeys(shape.schema, path);
    return issue.keys.slice(0, MOST_ERRORS).map((key) => unknownKey({ source, path, known }, key));
  }
  const inner = issue.code === "invalid_key" ? (issue.issues[0] ?? issue) : issue;
  const where = issue.code === "invalid_key" ? "key" : "value";
  const name = dotted(path);
  const { code, message, remedy } = explain(
    inner,
    valueAt(data, path),
    shape.examples[String(path.at(-1))] ?? null,
  );
  const shown = name === "" ? "The file" : `\`${name}\``;
  return [{ code, ...placeOf(source, path, where), path: name, message: `${shown} ${message}.`, remedy }];
}

/** `environments.staging.url`, `health[0].path`. */
export function dotted(path: Path): string {
  return path
    .map((part, index) => (typeof part === "number" ? `[${part}]` : index === 0 ? part : `.${part}`))
    .join("");
}

interface Block {
  readonly source: SourceText;
  readonly path: Path;
  readonly known: readonly string[];
}

function unknownKey({ source, path, known }: Block, key: string): ConfigError {
  const near = suggest(key, known);
  const block = path.length === 0 ? "The file" : `\`${dotted(path)}\``;
  return {
    code: "unknown_key",
    ...placeOf(source, [...path, key], "key"),
    path: dotted([...path, key]),
    message: `${block} has no key \`${key}\`${near === null ? "." : `: did you mean \`${near}\`?`}`,
    remedy:
      near === null
        ? `Remove it; the keys here are ${list(known)}.`
        : `Write \`${near}:\` in place of \`${key}:\`.`,
  };
}

/** The keys that the block at a path may have, read from the schema itself. */
function knownKeys(file: z.ZodType, path: Path): readonly string[] {
  let schema: unknown = file;
  for (const part of path) schema = child(unwrapped(schema), part);
  const block = unwrapped(schema);
  return block instanceof z.ZodObject ? Object.keys(block.shape) : [];
}

function child(schema: unknown, part: string | number): unknown {
  if (schema instanceof z.ZodObject) return schema.shape[part];
  if (schema instanceof z.ZodRecord) return schema.valueType;
  return schema instanceof z.ZodArray ? schema.element : undefined;
}

function unwrapped(schema: unknown): unknown {
  if (schema instanceof z.ZodDefault || schema instanceof z.ZodPrefault || schema instanceof z.ZodOptional)
    return unwrapped(schema.unwrap());
  return schema;
}

function explain(
  issue: Issue,
  value: unknown,
  example: string | null,
): Pick<ConfigError, "code" | "message" | "remedy"> {
  if (issue.code === "custom") {
    const remedy: unknown = issue.params?.remedy;
    return {
      code: "invalid_value",
      message: issue.message,
      remedy: typeof remedy === "string" ? remedy : "",
    };
  }
  if (issue.code === "invalid_type") {
    const line = example === null ? "the key with a value" : `\`${example}\``;
    if (value === undefined) return { code: "missing_key", message: "is missing", remedy: `Add ${line}.` };
    const wanted = KINDS[issue.expected] ?? issue.expected;
    return {
      code: "invalid_type",
      message: `must be ${wanted}`,
      remedy: typeRemedy(issue.expected, value, example),
    };
  }
  if (issue.code === "invalid_value") {
    const near = typeof value === "string" ? suggest(value, issue.values.map(String)) : null;
    const message = `is none of ${list(issue.values.map(String))}${near === null ? "" : ` (did you mean \`${near}\`?)`}`;
    const wanted = near ?? issue.values[0];
    if (value === undefined)
      return { code: "missing_key", message: "is missing", remedy: `Add \`${example ?? String(wanted)}\`.` };
    return { code: "invalid_value", message, remedy: `Write \`${String(wanted)}\` or another of them.` };
  }
  const remedy = example === null ? "Write a value within the limit." : `Write for example \`${example}\`.`;
  return { code: "out_of_range", message: rangeMessage(issue), remedy };
}

const KINDS: Readonly<Record<string, string>> = {
  string: "a text",
  number: "a number",
  int: "a whole number",
  boolean: "`true` or `false`",
  array: "a list, for example `[a, b]`",
  object: "a block of keys",
  record: "a block of keys",
};

function typeRemedy(expected: string, value: unknown, example: string | null): string {
  if (expected === "string" && ["number", "boolean"].includes(typeof value))
    return `Put it in quotes: \`"${value}"\`.`;
  return example === null ? `Write ${KINDS[expected] ?? expected}.` : `Write for example \`${example}\`.`;
}

function rangeMessage(issue: Issue): string {
  if (issue.code === "too_small") return `is too short or too small: at least ${issue.minimum}`;
  if (issue.code === "too_big") return `is too long or too large: at most ${issue.maximum}`;
  return `is not valid (${issue.message})`;
}

function list(values: readonly string[]): string {
  return values.map((value) => `\`${value}\``).join(", ");
}

function valueAt(data: unknown, path: Path): unknown {
  let value: unknown = data;
  for (const part of path) {
    if (typeof value !== "object" || value === null || !Object.hasOwn(value, part)) return undefined;
    value = Object.entries(value).find(([key]) => key === String(part))?.[1];
  }
  return value;
}
