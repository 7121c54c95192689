import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { refreshSection } from "../../../src/core/rendering/plan.ts";
import { promotableDigest } from "../../../src/core/wordpress/promotable-digest.ts";
import { firstClone, planRefresh } from "../../../src/core/wordpress/refresh.ts";
import type { Baseline } from "../../../src/core/wordpress/types.ts";
import { files, fingerprint, options, table } from "./facts.ts";

const source = fingerprint({
  tables: {
    posts: table("editorial", {
      editorial: { "1": "a", "2": "b" },
      noise: { "9": "draft" },
      live: { "3": "c" },
    }),
    widgets: table("config", { "1": "w" }),
    keys: table("secret", { "1": "k" }),
    sessions: table("noise", { "1": "s" }),
    lookup: table("derived", { "1": "l" }),
    strange: table("unclassified", { "1": "u" }),
  },
  options: {
    ...options({ blogname: "Acme" }),
    ...options({ licence: "L" }, "secret"),
    ...options({ db_version: "1" }, "derived"),
  },
  files: { "wp-content/uploads": files({ "a.txt": "a" }) },
});
const baseline: Baseline = { source, target: source };
const edited = fingerprint({
  ...source,
  tables: { ...source.tables, widgets: table("config", { "1": "mine" }) },
  options: { ...source.options, ...options({ blogname: "Mine" }) },
});

describe("what the source must still be like when a refresh begins", () => {
  it("is everything that it overwrites; noise, derived data and the source's own do not count", () => {
    const { expected_source } = planRefresh({ baseline, now: { source, target: source } });
    expect(expected_source).toEqual({
      tables: {
        posts: {
          editorial: source.tables.posts?.parts.editorial?.digest,
          live: source.tables.posts?.parts.live?.digest,
        },
        widgets: { config: source.tables.widgets?.parts.config?.digest },
        strange: { unclassified: source.tables.strange?.parts.unclassified?.digest },
      },
      options: { blogname: source.options.blogname?.hash },
      files: { "wp-content/uploads": source.files["wp-content/uploads"]?.digest },
    });
  });
  it("is not what stays the source's", () => {
    const plan = planRefresh({ baseline, now: { source: edited, target: source } });
    expect(plan.keep_tables).toEqual(["widgets"]);
    expect(plan.expected_source?.tables).not.toHaveProperty("widgets");
    expect(plan.expected_source?.options).toEqual({});
  });
  it("is nothing for a first clone", () => {
    expect(firstClone.expected_source).toBeNull();
  });
});

describe("without a baseline", () => {
  const plan = planRefresh({ baseline: null, now: { source: edited, target: source } });
  it("all of it is replaced, and looked at again before", () => {
    expect(plan.keep_tables).toEqual([]);
    expect(Object.keys(plan.expected_source?.tables ?? {})).toEqual(["posts", "widgets", "strange"]);
  });
  it("all of it is listed, with how much it is", () => {
    const text = refreshSection(plan, "staging");
    expect(text).toContain("Replaced in staging:");
    expect(plan.overwritten.map(({ note }) => note)).toEqual([
      "posts: 4 rows",
      "widgets: 1 row",
      "strange: 1 row",
      "options: 1 row",
      "wp-content/uploads: 1 file",
    ]);
    for (const { note } of plan.overwritten) expect(text).toContain(note.replace("_", "\\_"));
  });
});

describe("what an approval is bound to", () => {
  const digest = promotableDigest(baseline);
  const sides = ["source", "target"] as const;
  const moved = (side: "source" | "target", more: Partial<typeof source>) =>
    promotableDigest({ ...baseline, [side]: fingerprint({ ...source, ...more }) });

  it.each(sides)("is not what a refresh alone brings (%s)", (side) => {
    const more = {
      taken_at: "2027-01-01T00:00:00Z",
      tables: {
        ...source.tables,
        posts: table("editorial", { "1": "new" }),
        keys: table("secret", { "1": "new" }),
      },
      options: { ...source.options, ...options({ licence: "new" }, "secret") },
      files: { "wp-content/uploads": files({ "b.txt": "b" }) },
      active_release: "0123456789ab",
      // The release and the target's active release, which an approval names, hold it.
      code: files({ "index.php": "2" }),
    };
    expect(moved(side, more)).toBe(digest);
  });
  it.each(sides)("is everything that could be promoted (%s)", (side) => {
    const changes = [
      { tables: { ...source.tables, widgets: table("config", { "1": "new" }) } },
      { tables: { ...source.tables, widgets: table("config", { "1": "w", "2": "w" }) } },
      { tables: { ...source.tables, more: table("config", { "1": "w" }) } },
      { options: { ...source.options, ...options({ blogname: "new" }) } },
      { options: { ...source.options, ...options({ more: "new" }) } },
    ];
    const digests = [digest, ...changes.map((more) => moved(side, more))];
    expect(new Set(digests).size).toBe(digests.length);
  });
  it("does not depend on the order in which a host tells things", () => {
    const names = fc.uniqueArray(fc.oneof(fc.string(), fc.constant("__proto__")), { maxLength: 8 });
    fc.assert(
      fc.property(names, (all) => {
        const pairs = all.map((name) => [name, { class: "config" as const, hash: name }] as const);
        const of = (list: typeof pairs) =>
          promotableDigest({ ...baseline, source: { ...source, options: Object.fromEntries(list) } });
        expect(of(pairs)).toBe(of([...pairs].reverse()));
      }),
    );
  });
});
