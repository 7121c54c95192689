/** How two measurements differ: rows of a table's part, files of a path. Nothing here judges. */
import type { FilesFingerprint, Fingerprint, RowChanges, TableFingerprint, TablePart } from "../facts.ts";
import { count } from "../rendering/words.ts";
import { DataClass } from "../vocabulary.ts";
import { type ChangedRange, changedRanges } from "./chunks.ts";
import type { Difference, RowChange } from "./types.ts";

/** More help nobody to find what happened, and would swell every record. */
const MAX_KEYS = 1000;

interface Measured {
  readonly count: number;
  readonly digest: string;
  readonly hashes: Readonly<Record<string, string>> | undefined;
  /** For ranges; null for files. */
  readonly part: TablePart | null;
}
const NOTHING: Measured = { count: 0, digest: "", hashes: {}, part: null };

/**
 * The difference of one part of a table, or null where it is equal. A part that is missing has no rows. `told`: what the
 * host found by its index of the baseline.
 */
export function partDifference(
  before: TablePart | undefined,
  now: TablePart | undefined,
  told?: RowChanges | null,
): Difference | null {
  return difference(ofPart(before), ofPart(now), told ?? null);
}

/** The difference of the files below one path, or null where they are equal. */
export function filesDifference(
  before: FilesFingerprint | undefined,
  now: FilesFingerprint | undefined,
  told?: RowChanges | null,
): Difference | null {
  return difference(ofFiles(before), ofFiles(now), told ?? null);
}

const ofPart = (part: TablePart | undefined): Measured =>
  part === undefined ? NOTHING : { count: part.rows, digest: part.digest, hashes: part.row_hashes, part };

const ofFiles = (files: FilesFingerprint | undefined): Measured =>
  files === undefined
    ? NOTHING
    : { count: files.files, digest: files.digest, hashes: files.entries, part: null };

type Detail = Omit<Difference, "before" | "now">;
const UNKNOWN: Detail = { added: null, changed: null, removed: null, keys: [], ranges: [] };

/** What is known best comes first: single hashes, the host's own comparison, chunks, and at last the totals alone. */
function difference(before: Measured, now: Measured, told: RowChanges | null): Difference | null {
  if (before.count === 0 && now.count === 0) return null;
  if (before.count === now.count && before.digest === now.digest) return null;
  const detail =
    ofOneSide(before, now) ??
    byHashes(before, now) ??
    byHost(before, now, told) ??
    byChunks(before.part, now.part) ??
    UNKNOWN;
  return { before: before.count, now: now.count, ...detail };
}

/** Where one side holds nothing, the counts are known whatever else is. */
function ofOneSide(before: Measured, now: Measured): Detail | null {
  if (before.count > 0 && now.count > 0) return null;
  const [side, change] = before.count === 0 ? [now, "+" as const] : [before, "-" as const];
  const keys = Object.keys(side.hashes ?? {}).map((key) => ({ change, key }));
  return { ...UNKNOWN, added: now.count, changed: 0, removed: before.count, keys: keys.slice(0, MAX_KEYS) };
}

type Hashes = Readonly<Record<string, string>>;

/** Equal single hashes under unequal digests (repeated rows without a key) tell nothing, and neither do lists that lack a row. */
function byHashes(was: Measured, is: Measured): Detail | null {
  const [before, now] = [allHashes(was), allHashes(is)];
  if (before === null || now === null) return null;
  const added = Object.keys(now).filter((key) => !Object.hasOwn(before, key));
  const removed = Object.keys(before).filter((key) => !Object.hasOwn(now, key));
  const changed = Object.keys(now).filter((key) => Object.hasOwn(before, key) && before[key] !== now[key]);
  if (added.length + removed.length + changed.length === 0) return null;
  const keys: RowChange[] = [
    ...changed.map((key) => ({ change: "~" as const, key })),
    ...removed.map((key) => ({ change: "-" as const, key })),
    ...added.map((key) => ({ change: "+" as const, key })),
  ];
  const counts = { added: added.length, changed: changed.length, removed: removed.length };
  return { ...counts, keys: keys.slice(0, MAX_KEYS), ranges: [] };
}

const allHashes = ({ hashes, count: all }: Measured): Hashes | null =>
  hashes !== undefined && Object.keys(hashes).length === all ? hashes : null;

/** Counts that do not lead from one total to the other are of another comparison. */
function byHost(before: Measured, now: Measured, told: RowChanges | null): Detail | null {
  if (told === null || told.added + told.changed + told.removed === 0) return null;
  const { added, changed, removed } = told;
  if (before.count + added - removed !== now.count || changed + removed > before.count) return null;
  return { added, changed, removed, keys: told.keys.slice(0, MAX_KEYS), ranges: [] };
}

function byChunks(before: TablePart | null, now: TablePart | null): Detail | null {
  const ranges = before === null || now === null ? null : changedRanges(before, now);
  if (ranges === null || ranges.length === 0) return null;
  return { ...(countsOf(ranges) ?? UNKNOWN), keys: [], ranges: ranges.slice(0, MAX_KEYS) };
}

/** Ranges that only one side has rows in tell the counts, too. */
function countsOf(ranges: readonly ChangedRange[]): Pick<Detail, "added" | "changed" | "removed"> | null {
  if (ranges.some(({ before, now }) => before > 0 && now > 0)) return null;
  const sum = (side: "before" | "now") => ranges.reduce((all, range) => all + range[side], 0);
  return { added: sum("now"), changed: 0, removed: sum("before") };
}

/** Classes whose rows mean something to a promotion: noise and derived rows never count as a change. */
const TELLING: readonly DataClass[] = ["editorial", "live", "secret", "config", "unclassified"];

/** Whether a table differs in its structure or in any row that counts; a table that one side lacks differs. */
export function tableDiffers(
  before: TableFingerprint | undefined,
  now: TableFingerprint | undefined,
): boolean {
  if (before === undefined || now === undefined) return before !== now;
  if (before.ddl !== now.ddl) return true;
  const parts = alignedParts(before, now);
  return TELLING.some((part) => partDifference(parts[part], now.parts[part]) !== null);
}

/**
 * The baseline's parts under today's names. A table whose rows are all of one class was perhaps classed otherwise (or not at
 * all) when the baseline was taken; where the rows are still the same, that is no change of the data.
 */
export function alignedParts(
  before: TableFingerprint | undefined,
  now: TableFingerprint | undefined,
): TableFingerprint["parts"] {
  const [was, is] = [onlyPart(before), onlyPart(now)];
  if (before === undefined || was === null || is === null) return before?.parts ?? {};
  return partDifference(before.parts[was], now?.parts[is]) === null
    ? { [is]: before.parts[was] }
    : before.parts;
}

function onlyPart(table: TableFingerprint | undefined): DataClass | null {
  const filled = DataClass.options.filter((part) => (table?.parts[part]?.rows ?? 0) > 0);
  return filled.length === 1 ? (filled[0] ?? null) : null;
}

/** Whether an option's row differs; null and a missing row are the same. */
export function optionDiffers(before: Fingerprint, now: Fingerprint, option: string): boolean {
  return hashOf(before, option) !== hashOf(now, option);
}

/** The hash of an option's row, null where there is none. */
export function hashOf(fingerprint: Fingerprint, option: string): string | null {
  return Object.hasOwn(fingerprint.options, option) ? (fingerprint.options[option]?.hash ?? null) : null;
}

/** All rows of a table, of whatever class. */
export function rowCount(table: TableFingerprint | undefined): number | null {
  if (table === undefined) return null;
  return Object.values(table.parts).reduce((sum, part) => sum + part.rows, 0);
}

const RANGES_SHOWN = 3;

/** `3 rows added, 1 row changed`, or `12 -> 15 rows, in the keys 2048-3071` where single rows are unknown. */
export function describe(found: Difference, unit: "row" | "file"): string {
  if (found.added === null || found.changed === null || found.removed === null)
    return `${totals(found, unit)}${inRanges(found.ranges)}`;
  const parts = [
    found.added > 0 ? `${count(found.added, unit)} added` : "",
    found.changed > 0 ? `${count(found.changed, unit)} changed` : "",
    found.removed > 0 ? `${count(found.removed, unit)} removed` : "",
  ];
  return parts.filter((part) => part !== "").join(", ");
}

/** Where nobody compared single rows: how many may be concerned, no more than is known. */
function totals({ before, now, ranges }: Difference, unit: "row" | "file"): string {
  if (before !== now) return `${before} -> ${count(now, unit)}`;
  const within = ranges.reduce((all, range) => all + range.now, 0);
  if (ranges.length === 0) return `${count(now, unit)} as before, changed; how many of them is not known`;
  return within === now
    ? `up to all ${count(now, unit)} changed`
    : `up to ${within} of ${count(now, unit)} changed`;
}

function inRanges(ranges: readonly ChangedRange[]): string {
  if (ranges.length === 0) return "";
  const shown = ranges.slice(0, RANGES_SHOWN).map(({ from, to }) => `${from}-${to}`);
  const more = ranges.length - shown.length;
  return `, in the keys ${shown.join(", ")}${more > 0 ? ` and ${count(more, "more range")}` : ""}`;
}
