/**
 * Both sides of a pair as they are, for a baseline that is declared: a person looks at how the two differ and accepts exactly
 * that. What visitors write is shown and not part of what is accepted: it changes all the time, and no promotion touches it.
 */
import { digestOf } from "../canonical.ts";
import type { Fingerprint, TableFingerprint } from "../facts.ts";
import { own } from "../own.ts";
import type { DataClass } from "../vocabulary.ts";
import { optionNames, tableNames } from "./changes.ts";
import { filesDifference, hashOf, partDifference } from "./difference.ts";
import type { Difference, Sides } from "./types.ts";

/** `before` is the target, `now` the source: added rows are the source's alone, removed ones the target's. */
export interface ComparedItem extends Difference {
  readonly kind: "table" | "files" | "code";
  /** Table without prefix, or path; `code` for the code tree. */
  readonly name: string;
  readonly class: DataClass;
  /** The table's columns or keys differ. */
  readonly structure: boolean;
}

export interface ComparedOption {
  readonly option: string;
  readonly side: "source" | "target" | "both";
}

export interface Comparison {
  /** Names what is accepted; SHA-256 in hexadecimal. */
  readonly digest: string;
  readonly items: readonly ComparedItem[];
  /** Promotable rows that differ, or that one side lacks. */
  readonly options: readonly ComparedOption[];
  readonly equal: { readonly tables: number; readonly options: number };
}

/** What a person accepts: whatever could be promoted, or would count as drift by an editor. */
const ACCEPTED: readonly DataClass[] = ["config", "editorial", "unclassified"];
const SHOWN: readonly DataClass[] = [...ACCEPTED, "live"];
/** A comparison is read, not worked through. */
const MAX_KEYS = 50;

export function compareSides(now: Sides): Comparison {
  const names = tableNames(now);
  const tables = names.flatMap((name) =>
    tableItems(name, own(now.target.tables, name), own(now.source.tables, name)),
  );
  const options = optionNames(now, now).filter((name) => isPromotable(now, name));
  const differing = options.filter((name) => hashOf(now.source, name) !== hashOf(now.target, name));
  const different = new Set(tables.map(({ name }) => name));
  return {
    digest: digestOf(accepted(now, { tables: names, options: differing })),
    items: [...tables, ...fileItems(now)],
    options: differing.map((option) => ({ option, side: sideOf(now, option) })),
    equal: {
      tables: names.filter((name) => !different.has(name)).length,
      options: options.length - differing.length,
    },
  };
}

function tableItems(
  name: string,
  target: TableFingerprint | undefined,
  source: TableFingerprint | undefined,
): ComparedItem[] {
  const structure = target !== undefined && source !== undefined && target.ddl !== source.ddl;
  const parts = SHOWN.flatMap((kind): ComparedItem[] => {
    const found = partDifference(target?.parts[kind], source?.parts[kind]);
    return found === null ? [] : [{ kind: "table", name, class: kind, structure, ...shortened(found) }];
  });
  const missing = (target === undefined) !== (source === undefined);
  if (parts.length > 0 || !(structure || missing)) return parts;
  const rows = { before: 0, now: 0, added: 0, changed: 0, removed: 0, keys: [], ranges: [] };
  const kind = (source ?? target)?.class ?? "unclassified";
  return [{ kind: "table", name, class: kind, structure: true, ...rows }];
}

function fileItems({ source, target }: Sides): ComparedItem[] {
  const paths = [...new Set([...Object.keys(target.files), ...Object.keys(source.files)])].sort();
  const item = (kind: "files" | "code", name: string, found: Difference | null): ComparedItem[] =>
    found === null
      ? []
      : [
          {
            kind,
            name,
            class: kind === "code" ? "config" : "editorial",
            structure: false,
            ...shortened(found),
          },
        ];
  return [
    ...paths.flatMap((path) =>
      item("files", path, filesDifference(own(target.files, path), own(source.files, path))),
    ),
    ...item("code", "code", filesDifference(target.code, source.code)),
  ];
}

const shortened = (found: Difference): Difference => ({
  ...found,
  keys: found.keys.slice(0, MAX_KEYS),
  ranges: found.ranges.slice(0, MAX_KEYS),
});

function isPromotable({ source, target }: Sides, option: string): boolean {
  return [source, target].every((side) => (own(side.options, option)?.class ?? "config") === "config");
}

function sideOf({ source, target }: Sides, option: string): ComparedOption["side"] {
  if (hashOf(target, option) === null) return "source";
  return hashOf(source, option) === null ? "target" : "both";
}

/** By digest, so that rows which are too many to be compared one by one count, too. Pairs, because names may be anything. */
function accepted(
  now: Sides,
  names: { readonly tables: readonly string[]; readonly options: readonly string[] },
) {
  const { source, target } = now;
  const tables = names.tables.flatMap((name) => {
    const both = [own(source.tables, name), own(target.tables, name)].map((table) => acceptedOf(table));
    return digestOf(both[0]) === digestOf(both[1]) ? [] : [[name, both]];
  });
  const paths = [...new Set([...Object.keys(source.files), ...Object.keys(target.files)])].sort();
  const files = paths.flatMap((path) => {
    const both = [own(source.files, path), own(target.files, path)].map((found) => found?.digest ?? null);
    return both[0] === both[1] ? [] : [[path, both]];
  });
  return {
    algorithms: [source.algorithm, target.algorithm],
    tables,
    options: names.options.map((name) => [name, hashOf(source, name), hashOf(target, name)]),
    files,
    code: [source, target].map((side: Fingerprint) => side.code.digest),
  };
}

function acceptedOf(table: TableFingerprint | undefined) {
  if (table === undefined) return null;
  return [
    table.ddl,
    ACCEPTED.map((kind) => ((table.parts[kind]?.rows ?? 0) > 0 ? table.parts[kind]?.digest : null)),
  ];
}
