/** How two measurements differ: rows of a table's part, files of a path. Nothing here judges. */
import type { FilesFingerprint, Fingerprint, TableFingerprint, TablePart } from "../facts.ts";
import { DataClass } from "../vocabulary.ts";
import type { Difference } from "./types.ts";

/** More keys help nobody to find what happened, and would swell every record. */
const MAX_KEYS = 50;

interface Measured {
  readonly count: number;
  readonly digest: string;
  readonly hashes: Readonly<Record<string, string>> | undefined;
}
const NOTHING: Measured = { count: 0, digest: "", hashes: {} };

/** The difference of one part of a table, or null where it is equal. A part that is missing has no rows. */
export function partDifference(before: TablePart | undefined, now: TablePart | undefined): Difference | null {
  return difference(ofPart(before), ofPart(now));
}

/** The difference of the files below one path, or null where they are equal. */
export function filesDifference(
  before: FilesFingerprint | undefined,
  now: FilesFingerprint | undefined,
): Difference | null {
  return difference(ofFiles(before), ofFiles(now));
}

const ofPart = (part: TablePart | undefined): Measured =>
  part === undefined ? NOTHING : { count: part.rows, digest: part.digest, hashes: part.row_hashes };

const ofFiles = (files: FilesFingerprint | undefined): Measured =>
  files === undefined ? NOTHING : { count: files.files, digest: files.digest, hashes: files.entries };

function difference(before: Measured, now: Measured): Difference | null {
  if (before.count === 0 && now.count === 0) return null;
  if (before.count === now.count && before.digest === now.digest) return null;
  const totals = { before: before.count, now: now.count };
  const one = before.count === 0 ? { ...before, hashes: {} } : before;
  const two = now.count === 0 ? { ...now, hashes: {} } : now;
  if (one.hashes === undefined || two.hashes === undefined)
    return { ...totals, added: null, changed: null, removed: null, keys: [] };
  return { ...totals, ...compareHashes(one.hashes, two.hashes) };
}

type Hashes = Readonly<Record<string, string>>;

/** Equal single hashes under unequal digests (repeated rows without a key) leave the counts unknown. */
function compareHashes(
  before: Hashes,
  now: Hashes,
): Pick<Difference, "added" | "changed" | "removed" | "keys"> {
  const added = Object.keys(now).filter((key) => !Object.hasOwn(before, key));
  const removed = Object.keys(before).filter((key) => !Object.hasOwn(now, key));
  const changed = Object.keys(now).filter((key) => Object.hasOwn(before, key) && before[key] !== now[key]);
  if (added.length + removed.length + changed.length === 0)
    return { added: null, changed: null, removed: null, keys: [] };
  const keys = [
    ...changed.map((key) => ({ change: "~" as const, key })),
    ...removed.map((key) => ({ change: "-" as const, key })),
    ...added.map((key) => ({ change: "+" as const, key })),
  ];
  return {
    added: added.length,
    changed: changed.length,
    removed: removed.length,
    keys: keys.slice(0, MAX_KEYS),
  };
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

/** `3 added, 1 changed`, or `12 -> 15 rows` where single rows are unknown. */
export function describe(found: Difference, unit: "row" | "file"): string {
  const units = (count: number) => `${count} ${unit}${count === 1 ? "" : "s"}`;
  if (found.added === null || found.changed === null || found.removed === null) {
    if (found.before === found.now) return `${units(found.now)}, some of them changed`;
    return `${found.before} -> ${units(found.now)}`;
  }
  const parts = [
    found.added > 0 ? `${units(found.added)} added` : "",
    found.changed > 0 ? `${units(found.changed)} changed` : "",
    found.removed > 0 ? `${units(found.removed)} removed` : "",
  ];
  return parts.filter((part) => part !== "").join(", ");
}
