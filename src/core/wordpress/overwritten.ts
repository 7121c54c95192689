/** What a refresh overwrites in its source: told to people before it begins, and to the host, which refuses anything else. */
import type { Fingerprint, TableFingerprint } from "../facts.ts";
import type { JobInputs } from "../jobs.ts";
import type { DataClass } from "../vocabulary.ts";
import { rowCount } from "./difference.ts";
import type { LeftBehind } from "./types.ts";

/** A refresh takes these over from the target, and `derived` ones too, which nobody misses; the rest stays the source's. */
const OVERWRITTEN: readonly DataClass[] = ["editorial", "live", "config", "unclassified"];
/** A table is replaced with all of its rows, so its secret ones count as well. */
const MISSED: readonly DataClass[] = [...OVERWRITTEN, "secret"];

interface Kept {
  readonly keep_tables: readonly string[];
  readonly keep_options: readonly string[];
}

/** The source as it was judged, of everything that the refresh may overwrite. */
export function expectedSource(source: Fingerprint, kept: Kept): JobInputs["env_refresh"]["expected_source"] {
  const tables = overwrittenTables(source, kept).map(([name, { parts }]) => [name, digests(parts)] as const);
  const options = overwrittenOptions(source, kept).map(([name, { hash }]) => [name, hash] as const);
  const files = Object.entries(source.files).map(([path, { digest }]) => [path, digest] as const);
  return {
    tables: Object.fromEntries(tables),
    options: Object.fromEntries(options),
    files: Object.fromEntries(files),
  };
}

function digests(parts: TableFingerprint["parts"]): Partial<Record<DataClass, string>> {
  const missed = MISSED.flatMap((kind) => {
    const part = parts[kind];
    return part === undefined ? [] : [[kind, part.digest] as const];
  });
  return Object.fromEntries(missed);
}

/** Everything with content that a refresh without a baseline replaces, since nothing tells what of it the source changed. */
export function everything(source: Fingerprint): LeftBehind[] {
  const nothing_kept = { keep_tables: [], keep_options: [] };
  const tables = overwrittenTables(source, nothing_kept).flatMap(([name, table]) => {
    const rows = rowCount(table) ?? 0;
    return rows === 0 ? [] : [replaced("table", name, { class: table.class, count: rows })];
  });
  const options = overwrittenOptions(source, nothing_kept).length;
  const files = Object.entries(source.files).flatMap(([path, found]) =>
    found.files === 0 ? [] : [replaced("files", path, { class: "editorial", count: found.files })],
  );
  const rows = options === 0 ? [] : [replaced("table", "options", { class: "config", count: options })];
  return [...tables, ...rows, ...files];
}

function replaced(
  kind: LeftBehind["kind"],
  name: string,
  { class: data_class, count }: { readonly class: DataClass; readonly count: number },
): LeftBehind {
  const unit = kind === "table" ? "row" : "file";
  const note = `${name}: ${count} ${unit}${count === 1 ? "" : "s"}`;
  const unknown = { added: null, changed: null, removed: null, keys: [], ranges: [] };
  return { kind, name, class: data_class, note, before: count, now: count, ...unknown };
}

const overwrittenTables = (source: Fingerprint, { keep_tables }: Kept) =>
  Object.entries(source.tables).filter(
    ([name, { class: kind }]) => OVERWRITTEN.includes(kind) && !keep_tables.includes(name),
  );

const overwrittenOptions = (source: Fingerprint, { keep_options }: Kept) =>
  Object.entries(source.options).filter(
    ([name, { class: kind }]) => OVERWRITTEN.includes(kind) && !keep_options.includes(name),
  );
