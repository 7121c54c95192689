import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { RowChanges, TablePart } from "../../../src/core/facts.ts";
import { changedRanges } from "../../../src/core/wordpress/chunks.ts";
import { describe as inWords, partDifference } from "../../../src/core/wordpress/difference.ts";
import { packed, part, type Rows } from "./facts.ts";

const rows = (from: number, count: number, value = "a"): Rows =>
  Object.fromEntries(Array.from({ length: count }, (_, at) => [String(from + at), value]));

const told = (more: Partial<RowChanges> = {}): RowChanges => ({
  added: 1,
  changed: 2,
  removed: 0,
  keys: [
    { change: "~", key: "1" },
    { change: "+", key: "9" },
  ],
  ...more,
});

describe("what is known of a difference", () => {
  const large = (held: Rows) => part(held, false);

  it("is nothing where the digests are equal, whatever the host tells", () => {
    expect(partDifference(large(rows(1, 3)), large(rows(1, 3)), told())).toBeNull();
  });

  it("comes from single hashes before the host's words", () => {
    const found = partDifference(part(rows(1, 2)), part(rows(1, 2, "b")), told({ added: 0, changed: 1 }));
    expect(found).toMatchObject({ added: 0, changed: 2, removed: 0 });
  });

  it("does not come from a list of hashes that lacks a row", () => {
    const now = { ...part(rows(1, 3, "b")), row_hashes: part(rows(1, 2, "b")).row_hashes ?? {} };
    expect(partDifference(part(rows(1, 2)), now)).toMatchObject({ added: null, changed: null, keys: [] });
  });

  it("comes from the host for a large table: exact counts and its keys", () => {
    const found = partDifference(large(rows(1, 3)), large({ ...rows(1, 3, "b"), "9": "a" }), told());
    expect(found).toEqual({ before: 3, now: 4, ...told(), ranges: [] });
    expect(found && inWords(found, "row")).toBe("1 row added, 2 rows changed");
  });

  it.each([
    ["counts that do not lead from one total to the other", told({ added: 7 })],
    ["more changed rows than there were", told({ changed: 4 })],
    ["no change at all", told({ added: 0, changed: 0, keys: [] })],
  ])("is not taken from the host where it tells %s", (_what, words) => {
    const found = partDifference(large(rows(1, 3)), large({ ...rows(1, 3, "b"), "9": "a" }), words);
    expect(found).toMatchObject({ before: 3, now: 4, added: null, changed: null, removed: null, keys: [] });
  });

  it("is exact where one side holds nothing", () => {
    expect(partDifference(undefined, large(rows(1, 3)))).toMatchObject({ added: 3, changed: 0, removed: 0 });
    expect(partDifference(large(rows(1, 3)), undefined)).toMatchObject({ added: 0, changed: 0, removed: 3 });
  });

  it("comes from chunks as ranges of the key", () => {
    const before = packed(rows(0, 5000));
    const now = packed({ ...rows(0, 5000), "2050": "b", "3100": "b", "4999": "b" });
    const found = partDifference(before, now);
    expect(found).toMatchObject({
      added: null,
      keys: [],
      ranges: [{ from: "2048", to: "5119", before: 2952, now: 2952 }],
    });
    expect(found && inWords(found, "row")).toBe("up to 2952 of 5000 rows changed, in the keys 2048-5119");
  });

  it("is exact from chunks alone where rows only came, or only went", () => {
    const before = packed(rows(0, 1024));
    const now = packed(rows(0, 1030));
    expect(partDifference(before, now)).toMatchObject({ added: 6, changed: 0, removed: 0 });
    expect(partDifference(now, before)).toMatchObject({ added: 0, changed: 0, removed: 6 });
  });

  it("names three ranges and counts the others", () => {
    const at = (value: string) =>
      packed(Object.fromEntries([0, 4096, 8192, 12288, 16384].map((k) => [k, value])));
    const found = partDifference(at("a"), at("b"));
    expect(found && inWords(found, "row")).toBe(
      "up to all 5 rows changed, in the keys 0-1023, 4096-5119, 8192-9215 and 2 more ranges",
    );
  });

  it("knows totals where there is nothing else", () => {
    const found = partDifference(large(rows(1, 3)), large(rows(1, 4)));
    expect(found && inWords(found, "row")).toBe("3 -> 4 rows");
  });
});

describe("chunks", () => {
  const key = fc.oneof(
    fc.bigInt({ min: -(2n ** 63n), max: 2n ** 64n - 1n }),
    fc.bigInt({ min: -3000n, max: 3000n }),
  );
  const table = fc.dictionary(key.map(String), fc.constantFrom("a", "b"), { maxKeys: 30 });

  it("name exactly the ranges in which a row differs, also for negative and 64-bit keys", () => {
    fc.assert(
      fc.property(table, table, (before, now) => {
        const ranges = changedRanges(packed(before), packed(now)) ?? [];
        const keys = [...new Set([...Object.keys(before), ...Object.keys(now)])];
        const chunk = (one: string) => BigInt(one) >> 10n;
        const differing = new Set(keys.filter((one) => before[one] !== now[one]).map(chunk));
        const inside = (one: string) =>
          ranges.some(({ from, to }) => BigInt(from) <= BigInt(one) && BigInt(one) <= BigInt(to));
        for (const one of keys) expect(inside(one), one).toBe(differing.has(chunk(one)));
        const sum = (side: "before" | "now") => ranges.reduce((all, range) => all + range[side], 0);
        expect(sum("now") - sum("before")).toBe(Object.keys(now).length - Object.keys(before).length);
      }),
    );
  });

  it("that are damaged are never believed, and break nothing", () => {
    const whole = packed(rows(0, 3000));
    const bytes = Buffer.from(whole.chunks, "base64");
    const damaged = (more: Partial<TablePart>) => changedRanges({ ...whole, ...more }, whole);
    expect(damaged({ chunks: bytes.subarray(0, -1).toString("base64") })).toBeNull();
    expect(damaged({ chunks: "" })).toBeNull();
    expect(damaged({ rows: 2999 })).toBeNull();
    const twice = Buffer.concat([bytes, Buffer.from([0, 1]), bytes.subarray(0, 16)]);
    expect(damaged({ chunks: twice.toString("base64"), rows: 3001 })).toBeNull();
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 80 }), (noise) => {
        expect(() => damaged({ chunks: Buffer.from(noise).toString("base64") })).not.toThrow();
      }),
    );
  });
});
