/** Chunk digests of large tables: what the host packs is what the bot reads. */
import { join } from "node:path";
import { execa } from "execa";
import { expect, test } from "vitest";
import { sha256 } from "../../src/core/canonical.ts";
import { changedRanges } from "../../src/core/wordpress/chunks.ts";

const MODULES = join(import.meta.dirname, "../../ansible/module_utils");

/** Numbers are text on the way: those of 64-bit keys are too large for JSON. */
const PROGRAM = `
import json, sys
from belay.tables.chunks import Chunk, packed
print(packed(Chunk(int(number), rows, bytes.fromhex(digest)) for number, rows, digest in json.load(sys.stdin)))
`;

type Chunk = readonly [number: bigint, rows: number, digest: string];

async function part(chunks: readonly Chunk[]) {
  const input = JSON.stringify(chunks.map(([number, ...rest]) => [String(number), ...rest]));
  const { stdout } = await execa("python3", ["-c", PROGRAM], { input, env: { PYTHONPATH: MODULES } });
  const rows = chunks.reduce((sum, [, one]) => sum + one, 0);
  return { rows, digest: sha256(input), chunks: stdout };
}

const FARTHEST = (1n << 54n) - 1n;
const same: readonly Chunk[] = [
  [-(1n << 53n), 1024, sha256("lowest")],
  [-1n, 3, sha256("negative")],
  [0n, 200, sha256("zero")],
  [7n, 1, sha256("seven")],
  [FARTHEST, 5, sha256("highest")],
];

test("in order, with negative and 64-bit keys", async () => {
  const before = await part(same);
  expect(changedRanges(before, before)).toEqual([]);
  const now = await part([
    [-(1n << 53n), 1024, sha256("lowest")],
    [-1n, 4, sha256("other")],
    [0n, 200, sha256("edited")],
    [8n, 2, sha256("eight")],
    [FARTHEST, 5, sha256("edited")],
  ]);
  expect(changedRanges(before, now)).toEqual([
    { from: "-1024", to: "1023", before: 203, now: 204 },
    { from: "7168", to: "9215", before: 1, now: 2 },
    { from: String(FARTHEST * 1024n), to: String((1n << 64n) - 1n), before: 5, now: 5 },
  ]);
});
