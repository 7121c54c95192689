/** Names that every object seems to have are names of tables, options and paths like any other. */
import { describe, expect, it } from "vitest";
import { loadCatalog } from "../../../src/catalog-files.ts";
import { parseSiteConfig } from "../../../src/core/config/parse.ts";
import { Fingerprint } from "../../../src/core/facts.ts";
import { advanceBaseline, baselineAfterRefresh } from "../../../src/core/wordpress/baseline.ts";
import { compareSides } from "../../../src/core/wordpress/comparison.ts";
import { judgeDrift } from "../../../src/core/wordpress/drift.ts";
import { leftBehind } from "../../../src/core/wordpress/left-behind.ts";
import { makePlan } from "../../../src/core/wordpress/plan.ts";
import { planRefresh } from "../../../src/core/wordpress/refresh.ts";
import { compileRules } from "../../../src/core/wordpress/rules.ts";
import { EXAMPLE } from "../config/example.ts";
import { files, fingerprint, manifest, options, table } from "./facts.ts";

const parsed = parseSiteConfig(EXAMPLE, loadCatalog());
if (!parsed.ok) throw new Error(JSON.stringify(parsed.errors));
const site = { config: parsed.config, rules: compileRules(parsed.config, loadCatalog()) };

const NAMES = ["constructor", "toString", "valueOf", "hasOwnProperty", "isPrototypeOf"] as const;
const record = <T>(value: T) => Object.fromEntries(NAMES.map((name) => [name, value]));

const empty = fingerprint({ code: files({}) });
const full = Fingerprint.parse(
  fingerprint({
    tables: record(table("editorial", { constructor: "a", toString: "b" })),
    options: options(record("1")),
    files: record(files(record("1"))),
    code: files(record("1")),
    references: record("page:home"),
  }),
);
const nothing = { differences: { tables: {}, files: {}, code: null }, option_values: {} };
const settings = { mode: "strict", policy: { allow_live_mode: true, append_only: [] } } as const;

describe("what is called like a member of every object", () => {
  it("is drift where it came or went, and none where it stayed", () => {
    const judge = (baseline: Fingerprint, now: Fingerprint) =>
      judgeDrift({ baseline, now, compared: nothing, settings }).findings.map(
        ({ kind, name, added, removed }) => [kind, name, added, removed],
      );
    const sorted = [...NAMES].sort();
    const found = (added: readonly [number, number], removed: readonly [number, number]) => [
      ...sorted.map((name) => ["table", name, added[0], removed[0]]),
      ...sorted.map((name) => ["files", name, added[1], removed[1]]),
    ];
    expect(judge(empty, full)).toEqual(found([2, NAMES.length], [0, 0]));
    expect(judge(full, empty)).toEqual(found([0, 0], [2, NAMES.length]));
    expect(judge(full, full)).toEqual([]);
    expect(leftBehind(empty, full)).toHaveLength(2 * NAMES.length);
  });

  it("is planned, compared and kept like anything else", () => {
    const now = { source: full, target: empty };
    const release = { ...manifest([], NAMES), code: record("0".repeat(64)) };
    const baseline = { source: empty, target: empty };
    const compared = { source: nothing, target: nothing };
    const made = makePlan({ ...site, manifest: release, baseline, now, compared, mode: "strict" });
    expect(made.tables.filter(({ action }) => action === "protect").map(({ table: name }) => name)).toEqual(
      expect.arrayContaining([...NAMES]),
    );
    expect(made.options.map(({ option, values }) => [option, values])).toEqual(
      expect.arrayContaining(NAMES.map((name) => [name, {}])),
    );
    expect(made.code.changes.counts.promote).toBe(NAMES.length);
    expect(compareSides(now).items).toHaveLength(2 * NAMES.length + 1);
    expect(planRefresh({ baseline, now }).keep_options).toEqual(expect.arrayContaining([...NAMES]));
  });

  it("leaves and enters a baseline by its own entry", () => {
    const keep = { keep_tables: [...NAMES], keep_options: [...NAMES] };
    const facts = { source: full, target: full, tables: [], files: 0 };
    const after = baselineAfterRefresh({ source: empty, target: empty }, facts, keep);
    expect([after.source.tables, after.target.options]).toEqual([{}, {}]);
    const promoted = { tables: {}, options: {}, code: full.code };
    const moved = advanceBaseline({
      baseline: { source: empty, target: empty },
      now: { source: full, target: full },
      facts: {
        ...{ activated: true, rolled_back: false, release: "b".repeat(12), previous_release: "a".repeat(12) },
        ...{ health: [], promoted },
      },
    });
    expect(Object.keys(moved.target.options).sort()).toEqual([...NAMES].sort());
  });
});
