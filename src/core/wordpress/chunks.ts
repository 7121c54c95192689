/**
 * The packed chunk digests of a large table's part (docs/fingerprint.md): chunk `k` holds the rows whose integer key divided by
 * 1024, rounded down, is `k`. Two lists tell in which ranges of the key two measurements differ, but no single row.
 */
import type { TablePart } from "../facts.ts";

const CHUNK_KEYS = 1024n;
const DIGEST_BYTES = 16;

interface Chunk {
  readonly rows: number;
  /** The first 16 bytes of the chunk's digest, hexadecimal. */
  readonly digest: string;
}

/** Chunks that differ and follow each other, as one range of keys (both ends included) with its rows. */
export interface ChangedRange {
  readonly from: string;
  readonly to: string;
  readonly before: number;
  readonly now: number;
}

/** The ranges in which two parts differ, in the order of the key; null where a list of chunks is missing or damaged. */
export function changedRanges(before: TablePart, now: TablePart): readonly ChangedRange[] | null {
  const [was, is] = [chunksOf(before), chunksOf(now)];
  if (was === null || is === null) return null;
  const changed = [...new Set([...was.keys(), ...is.keys()])]
    .filter((k) => was.get(k)?.digest !== is.get(k)?.digest || was.get(k)?.rows !== is.get(k)?.rows)
    .sort((a, b) => (a < b ? -1 : 1));
  return joined(
    changed.map((k) => ({ first: k, last: k, before: was.get(k)?.rows ?? 0, now: is.get(k)?.rows ?? 0 })),
  ).map(({ first, last, ...rows }) => ({
    from: String(first * CHUNK_KEYS),
    to: String((last + 1n) * CHUNK_KEYS - 1n),
    ...rows,
  }));
}

interface Run {
  readonly first: bigint;
  readonly last: bigint;
  readonly before: number;
  readonly now: number;
}

/** Neighbours become one run. */
function joined(runs: readonly Run[]): Run[] {
  const all: Run[] = [];
  for (const run of runs) {
    const open = all.at(-1);
    if (open === undefined || open.last + 1n !== run.first) all.push(run);
    else
      all[all.length - 1] = {
        first: open.first,
        last: run.last,
        before: open.before + run.before,
        now: open.now + run.now,
      };
  }
  return all;
}

/** By chunk number. Null for a list that breaks off, is out of order, or does not hold all of the part's rows. */
function chunksOf(part: TablePart): ReadonlyMap<bigint, Chunk> | null {
  if (part.chunks === undefined) return null;
  const bytes = Buffer.from(part.chunks, "base64");
  const chunks = new Map<bigint, Chunk>();
  let k = 0n;
  let rows = 0;
  for (let at = 0; at < bytes.length; ) {
    const delta = varint(bytes, at);
    const held = delta === null ? null : varint(bytes, delta.end);
    if (delta === null || held === null || held.end + DIGEST_BYTES > bytes.length) return null;
    const step = zigzag(delta.value);
    if ((chunks.size > 0 && step <= 0n) || held.value === 0n) return null;
    k += step;
    rows += Number(held.value);
    at = held.end + DIGEST_BYTES;
    chunks.set(k, { rows: Number(held.value), digest: bytes.toString("hex", held.end, at) });
  }
  return rows === part.rows ? chunks : null;
}

/** Seven bits a byte, the lowest first; the highest bit says that more follow. */
function varint(bytes: Buffer, from: number): { readonly value: bigint; readonly end: number } | null {
  let value = 0n;
  for (let at = from; at < bytes.length && at < from + 10; at++) {
    const byte = bytes[at] ?? 0;
    value |= BigInt(byte & 0x7f) << BigInt(7 * (at - from));
    if (byte < 0x80) return { value, end: at + 1 };
  }
  return null;
}

/** 0, 1, 2, 3, 4 stand for 0, -1, 1, -2, 2. */
const zigzag = (value: bigint): bigint => (value & 1n ? -(value >> 1n) - 1n : value >> 1n);
