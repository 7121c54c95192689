import { describe, expect, it } from "vitest";
import type { Facts } from "../../../src/core/facts.ts";
import {
  advanceBaseline,
  baselineAfterRefresh,
  baselineAfterRollback,
  comparisonWith,
  releaseBaseline,
} from "../../../src/core/wordpress/baseline.ts";
import { files, fingerprint, options, table } from "./facts.ts";

const t = (value: string) => table("config", { "1": value });
const side = (name: string) =>
  fingerprint({
    tables: { a: t(`${name} a`), b: t(`${name} b`), posts: table("editorial", { "1": name }) },
    options: options({ x: `${name} x`, y: `${name} y` }),
    code: files({ "i.php": name }),
    active_release: name,
  });
const baseline = { source: side("old source"), target: side("old target") };
const now = { source: side("source now"), target: side("target now") };

const promoted = (more: Partial<Facts["env_promote"]> = {}): Facts["env_promote"] => ({
  activated: true,
  rolled_back: false,
  release: "bbbbbbbbbbbb",
  previous_release: "aaaaaaaaaaaa",
  health: [],
  promoted: { tables: { a: t("promoted a") }, options: { x: null }, code: files({ "i.php": "new" }) },
  ...more,
});

describe("advanceBaseline", () => {
  const after = advanceBaseline({ baseline, now, facts: promoted() });
  it("takes the promoted items, the target's as measured there and the source's as released", () => {
    expect(after.target.tables.a).toEqual(t("promoted a"));
    expect(after.source.tables.a).toEqual(now.source.tables.a);
    expect(after.target.options).not.toHaveProperty("x");
    expect(after.source.options.x).toEqual(now.source.options.x);
  });

  it("takes protected tables as a declared upgrade left them, and promoted ones as they were promoted", () => {
    const migrated = { b: t("upgraded b"), a: t("upgraded a"), made: t("made") };
    const moved = advanceBaseline({ baseline, now, facts: { ...promoted(), migrated } });
    expect(moved.target.tables).toMatchObject({ b: t("upgraded b"), made: t("made"), a: t("promoted a") });
    expect(moved.source.tables).toEqual(after.source.tables);
    expect(advanceBaseline({ baseline, now, facts: { ...promoted(), migrated, rolled_back: true } })).toEqual(
      baseline,
    );
  });
  it("leaves everything else as it was, although it changed meanwhile", () => {
    expect(after.target.tables.b).toEqual(baseline.target.tables.b);
    expect(after.target.tables.posts).toEqual(baseline.target.tables.posts);
    expect(after.source.options.y).toEqual(baseline.source.options.y);
  });
  it("knows the new code", () => {
    expect(after.target).toMatchObject({ active_release: "bbbbbbbbbbbb", code: files({ "i.php": "new" }) });
    expect(after.source.code).toEqual(now.source.code);
  });
  it("settles what both sides hold alike", () => {
    const same = {
      source: { ...now.source, tables: { b: t("same") } },
      target: { ...now.target, tables: { b: t("same") } },
    };
    const settled = advanceBaseline({ baseline, now: same, facts: promoted() });
    expect([settled.source.tables.b, settled.target.tables.b]).toEqual([t("same"), t("same")]);
  });
  it("does nothing where nothing was activated or it was undone", () => {
    expect(advanceBaseline({ baseline, now, facts: promoted({ activated: false }) })).toBe(baseline);
    expect(advanceBaseline({ baseline, now, facts: promoted({ rolled_back: true }) })).toBe(baseline);
  });
});

describe("baselineAfterRollback", () => {
  const current = advanceBaseline({ baseline, now, facts: promoted() });
  const facts: Facts["release_rollback"] = {
    activated: true,
    release: "aaaaaaaaaaaa",
    previous_release: "bbbbbbbbbbbb",
    health: [],
    late_rows: {},
    promoted: { tables: { a: t("back") }, options: { x: null }, code: files({ "i.php": "old" }) },
  };
  it("gives each item that went back its entries from before the promotion", () => {
    const back = baselineAfterRollback({ current, before: baseline, facts });
    expect(back.source.tables).toEqual(baseline.source.tables);
    expect(back.target.tables).toEqual(baseline.target.tables);
    expect(back.target.options).toEqual(baseline.target.options);
    expect(back.target).toMatchObject({ active_release: "aaaaaaaaaaaa", code: files({ "i.php": "old" }) });
  });
  it("does nothing where nothing was switched", () => {
    expect(baselineAfterRollback({ current, before: baseline, facts: { ...facts, activated: false } })).toBe(
      current,
    );
  });
});

describe("baselineAfterRefresh", () => {
  it("is what was measured, and the old entries of what stayed the source's", () => {
    const after = baselineAfterRefresh(baseline, now, { keep_tables: ["a"], keep_options: ["x"] });
    expect(after.source.tables).toEqual({ ...now.source.tables, a: baseline.source.tables.a });
    expect(after.target.tables).toEqual({ ...now.target.tables, a: baseline.target.tables.a });
    expect(after.target.options).toEqual({ ...now.target.options, x: baseline.target.options.x });
  });
  it("is only what was measured the first time", () => {
    expect(baselineAfterRefresh(null, now, { keep_tables: [], keep_options: [] })).toEqual(now);
  });
  it("knows nothing of what was kept by a baseline that cannot be read any more", () => {
    const after = baselineAfterRefresh(null, now, { keep_tables: ["a"], keep_options: ["x"] });
    expect(Object.keys(after.source.tables)).toEqual(["b", "posts"]);
    expect(Object.keys(after.target.tables)).toEqual(["b", "posts"]);
    expect([after.source.options, after.target.options].map((all) => Object.keys(all))).toEqual([
      ["y"],
      ["y"],
    ]);
  });
});

describe("comparisonWith", () => {
  it("names what the bot has no list of, or may have none of by then", () => {
    const rows = (count: number) => ({ rows: count, digest: "ab".repeat(32) });
    const part = (count: number, listed: boolean) => ({
      ...table("config", {}),
      parts: { config: { ...rows(count), ...(listed && { row_hashes: { "1": "a" } }) } },
    });
    const measured = fingerprint({
      tables: { few: part(999, true), many: part(1000, true), large: part(5, false), none: part(0, false) },
      files: { "wp-content/uploads": files({ "a.jpg": "a" }), empty: files({}) },
    });
    const { baseline_index } = comparisonWith(measured);
    expect(Object.keys(baseline_index.tables)).toEqual(["many", "large"]);
    expect(Object.keys(baseline_index.files)).toEqual(["wp-content/uploads"]);
    expect(comparisonWith(null).baseline_index).toEqual({ tables: {}, files: {}, code: null });
  });
});

describe("releaseBaseline", () => {
  it("names promotable tables, every option row, and how the target defines all tables", () => {
    const wanted = releaseBaseline(baseline);
    const { tables } = baseline.target;
    expect(Object.keys(wanted.target_ddl)).toEqual(Object.keys(tables));
    expect(wanted.target_ddl.a).toBe(tables.a?.ddl);
    expect(Object.keys(wanted.baseline_tables)).toEqual(["a", "b"]);
    expect(wanted.baseline_tables.a).toBe(baseline.source.tables.a?.parts.config?.digest);
    expect(comparisonWith(baseline.source).baseline_options.x).toBe(baseline.source.options.x?.hash);
  });
});
