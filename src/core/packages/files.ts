/** Reads the files of one commit at most once as long as they are wanted, and says where findings stand in them. */
import { type Format, formatOf, readFile, type SourceFile } from "./reading/document.ts";
import type { Node } from "./reading/node.ts";
import type { Finding, Severity, TreeEntry, TreeView } from "./types.ts";

export interface Files {
  /** The file read by its name's ending, or as `format` says; null where its bytes cannot be had. */
  readonly open: (entry: TreeEntry, format?: Format) => SourceFile | null;
  /** Lets go of everything that was read but these. */
  readonly keep: (entries: ReadonlySet<TreeEntry>) => void;
  readonly forget: (entries: Iterable<TreeEntry>) => void;
  readonly count: () => number;
}

export function filesOf(readBytes: TreeView["read"]): Files {
  const formats = { json: new Map<TreeEntry, SourceFile | null>(), yaml: new Map(), text: new Map() };
  let count = 0;
  return {
    open: (entry, format = formatOf(entry.path)) => {
      const known: Map<TreeEntry, SourceFile | null> = formats[format];
      const before = known.get(entry);
      if (before !== undefined) return before;
      const bytes = readBytes(entry);
      const file = bytes === null ? null : readFile(entry.path, bytes, format);
      known.set(entry, file);
      count++;
      return file;
    },
    forget: (entries) => {
      for (const entry of entries) for (const known of Object.values(formats)) known.delete(entry);
    },
    keep: (entries) => {
      for (const known of Object.values(formats))
        for (const entry of known.keys()) if (!entries.has(entry)) known.delete(entry);
    },
    count: () => count,
  };
}

export interface Fault {
  readonly rule: string;
  readonly sentence: string;
  readonly remedy: string;
  readonly severity?: Severity;
}

/** A finding at an offset or a value of a file. */
export function findingAt(file: SourceFile, at: number | Node, fault: Fault): Finding {
  const place = file.place(typeof at === "number" ? at : at.start);
  return findingIn(file.path, fault, place);
}

/** A finding about a file as a whole, or about one that is not there. */
export function findingIn(path: string, fault: Fault, place = { line: 1, column: 1 }): Finding {
  const { rule, sentence, remedy, severity = "error" } = fault;
  return { file: path, ...place, rule, severity, sentence, remedy };
}

/** By file, line, column, rule and sentence; the same finding counts once. */
export function inOrder(findings: readonly Finding[]): readonly Finding[] {
  const sorted = [...findings].sort(
    (a, b) =>
      compare(a.file, b.file) ||
      a.line - b.line ||
      a.column - b.column ||
      compare(a.rule, b.rule) ||
      compare(a.sentence, b.sentence),
  );
  return sorted.filter((one, at) => {
    const before = sorted[at - 1];
    return (
      before === undefined ||
      before.file !== one.file ||
      before.line !== one.line ||
      before.column !== one.column ||
      before.rule !== one.rule ||
      before.sentence !== one.sentence
    );
  });
}

const compare = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);
