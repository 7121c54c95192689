/** Repositories in memory, for tests of the validation. */
import { createHash } from "node:crypto";
import { type SampleOptions, sampleFiles } from "../../../script/bench/packages/sample.ts";
import { DEFAULT_CONFIGURATION } from "../../../src/core/packages/configuration.ts";
import type {
  BaseView,
  TreeView,
  ValidationInput,
  ValidationReport,
} from "../../../src/core/packages/types.ts";
import { validate } from "../../../src/core/packages/validate.ts";

export interface FileContent {
  readonly content: string | Uint8Array;
  readonly mode?: string;
}
export type Tree = ReadonlyMap<string, FileContent>;

export function treeOf(files: Iterable<readonly [string, string | FileContent]>): Map<string, FileContent> {
  return new Map(
    [...files].map(([path, file]) => [path, typeof file === "string" ? { content: file } : file] as const),
  );
}

export const sample = (options: Partial<SampleOptions> = {}): Map<string, FileContent> =>
  treeOf(sampleFiles({ packages: 3, versions: 3, ...options }));

export const bytesOf = ({ content }: FileContent): Uint8Array =>
  typeof content === "string" ? new TextEncoder().encode(content) : content;

export function viewOf(tree: Tree): TreeView {
  const entries = [...tree].map(([path, file]) => ({
    path,
    mode: file.mode ?? "100644",
    id: createHash("sha1").update(bytesOf(file)).digest("hex"),
  }));
  return {
    entries,
    read: ({ path }) => (tree.has(path) ? bytesOf(tree.get(path) ?? { content: "" }) : null),
  };
}

export function baseOf(base: Tree, head: Tree): BaseView {
  const before = new Map(viewOf(base).entries.map((entry) => [entry.path, entry]));
  const after = new Map(viewOf(head).entries.map((entry) => [entry.path, entry]));
  const changes = [...new Set([...before.keys(), ...after.keys()])].flatMap((path) => {
    const was = before.get(path);
    const is = after.get(path);
    return was?.id === is?.id && was?.mode === is?.mode ? [] : [{ path, before: was ?? null }];
  });
  return { changes, read: viewOf(base).read };
}

export function report(
  head: Tree,
  more: Partial<Omit<ValidationInput, "head" | "base">> & { readonly base?: Tree } = {},
): ValidationReport {
  const { base, ...rest } = more;
  return validate({
    head: viewOf(head),
    base: base === undefined ? null : baseOf(base, head),
    configuration: DEFAULT_CONFIGURATION,
    guardrails: [],
    scope: base === undefined ? "all" : "changed",
    ...rest,
  });
}

/** `file:line:column rule` of each finding, the short form for comparisons. */
export const shortly = ({ findings }: ValidationReport): readonly string[] =>
  findings.map(({ file, line, column, rule }) => `${file}:${line}:${column} ${rule}`);

export function textAt(tree: Tree, path: string): string {
  const file = tree.get(path);
  if (file === undefined || typeof file.content !== "string") throw new Error(`${path} is not in the tree`);
  return file.content;
}

/** A copy with one file's text changed. */
export function edited(tree: Tree, path: string, change: (text: string) => string): Map<string, FileContent> {
  const before = textAt(tree, path);
  const after = change(before);
  if (before === after) throw new Error(`the edit of ${path} changed nothing`);
  return new Map(tree).set(path, { content: after });
}
