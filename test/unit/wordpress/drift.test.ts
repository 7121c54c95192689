import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Fingerprint } from "../../../src/core/facts.ts";
import type { DriftMode } from "../../../src/core/vocabulary.ts";
import { judgeDrift as judgeAll } from "../../../src/core/wordpress/drift.ts";
import type { Compared, DriftSettings } from "../../../src/core/wordpress/types.ts";
import { files, fingerprint, type Parts, packed, part, someRows, table } from "./facts.ts";

const ALLOWED: DriftSettings["policy"] = { allow_live_mode: true, append_only: [] };

const judgeDrift = (
  baseline: Fingerprint | null,
  now: Fingerprint,
  mode: DriftMode,
  { policy = ALLOWED, compared = null }: Partial<DriftSettings> & { compared?: Compared | null } = {},
) => judgeAll({ baseline, now, compared, settings: { mode, policy } });

const site = (
  posts: Record<string, string>,
  comments: Record<string, string> = {},
  uploads = {},
): Fingerprint =>
  fingerprint({
    tables: { posts: table("editorial", posts), comments: table("live", comments) },
    files: { "wp-content/uploads": files(uploads) },
  });

describe("judgeDrift", () => {
  it("is unknown without a baseline, and says what to type", () => {
    const verdict = judgeDrift(null, site({}), "strict");
    expect(verdict.status).toBe("unknown");
    expect(verdict.sentences[0]).toMatchObject({
      code: "no_baseline",
      remedy: expect.stringContaining("/refresh"),
    });
  });

  it("is clean where nothing changed", () => {
    const verdict = judgeDrift(site({ "1": "a" }), site({ "1": "a" }), "strict");
    expect(verdict).toMatchObject({ status: "clean", findings: [], sentences: [{ code: "clean" }] });
  });

  it("counts rows and names them", () => {
    const verdict = judgeDrift(
      site({ "1": "a", "2": "a", "3": "a" }),
      site({ "1": "b", "3": "a", "4": "a" }),
      "live",
    );
    expect(verdict.status).toBe("drifted");
    expect(verdict.findings).toEqual([
      {
        kind: "table",
        name: "posts",
        class: "editorial",
        before: 3,
        now: 3,
        added: 1,
        changed: 1,
        removed: 1,
        keys: [
          { change: "~", key: "1" },
          { change: "-", key: "2" },
          { change: "+", key: "4" },
        ],
        ranges: [],
        blocking: true,
        append_only: null,
        note: "posts: 1 row added, 1 row changed, 1 row removed",
      },
    ]);
    expect(verdict.sentences[0]?.text).toBe(
      "Protected data of the target changed since the baseline: posts: 1 row added, 1 row changed, 1 row removed.",
    );
  });

  it("names at most 1000 keys, and counts all", () => {
    const many = (value: string) =>
      Object.fromEntries(Array.from({ length: 1200 }, (_, index) => [String(index), value]));
    const added = judgeDrift(site({}), site(many("a")), "strict").findings[0];
    expect([added?.added, added?.keys.length]).toEqual([1200, 1000]);
    const changed = judgeDrift(site(many("a")), site(many("b")), "strict").findings[0];
    expect([changed?.changed, changed?.keys.length]).toEqual([1200, 1000]);
  });

  it("knows only totals of a large table", () => {
    const big = (rows: Record<string, string>) =>
      fingerprint({ tables: { posts: table("editorial", {}, { parts: { editorial: part(rows, false) } }) } });
    const [grown] = judgeDrift(big({ "1": "a" }), big({ "1": "a", "2": "a" }), "strict").findings;
    expect(grown).toMatchObject({ before: 1, now: 2, added: null, keys: [], note: "posts: 1 -> 2 rows" });
    const [edited] = judgeDrift(big({ "1": "a" }), big({ "1": "b" }), "strict").findings;
    expect(edited?.note).toBe("posts: 1 row as before, changed; how many of them is not known");
  });

  it("blocks on visitors' rows when strict, and names the mode that does not", () => {
    const verdict = judgeDrift(site({}, {}), site({}, { "1": "a" }), "strict");
    expect(verdict.status).toBe("drifted");
    expect(verdict.sentences.map(({ code }) => code)).toEqual(["drifted", "drifted_live_only"]);
    expect(verdict.sentences[1]?.remedy).toContain("drift: live");
  });

  it("reports visitors' rows without blocking when live", () => {
    const verdict = judgeDrift(site({}, {}), site({}, { "1": "a" }), "live");
    expect(verdict.status).toBe("clean");
    expect(verdict.findings).toMatchObject([{ name: "comments", blocking: false }]);
    expect(verdict.sentences).toMatchObject([{ code: "clean_live_changes" }]);
  });

  it("does not offer the live mode when editors' rows changed too", () => {
    const verdict = judgeDrift(site({}, {}), site({ "1": "a" }, { "1": "a" }), "strict");
    expect(verdict.sentences.map(({ code }) => code)).toEqual(["drifted"]);
  });

  it("blocks on uploads in both modes", () => {
    for (const mode of ["strict", "live"] as const) {
      const verdict = judgeDrift(
        site({}, {}, { "a.jpg": "1" }),
        site({}, {}, { "a.jpg": "2", "b.jpg": "1" }),
        mode,
      );
      expect(verdict.status).toBe("drifted");
      expect(verdict.findings).toMatchObject([
        { kind: "files", name: "wp-content/uploads", added: 1, changed: 1, removed: 0, blocking: true },
      ]);
    }
  });

  it.each([
    ["algorithm", { algorithm: "other" }, "algorithm_changed"],
    ["server", { server_version: "11.4.2-MariaDB" }, "server_changed"],
  ])("is unknown, never clean, after another %s", (_name, more, code) => {
    const verdict = judgeDrift(site({ "1": "a" }), { ...site({ "1": "a" }), ...more }, "strict");
    expect(verdict).toMatchObject({ status: "unknown", findings: [], sentences: [{ code }] });
  });

  it("is unknown where the structure of a protected table changed, drifted where rows of another changed too", () => {
    const before = site({ "1": "a" });
    const restructured = {
      ...before.tables,
      posts: table("editorial", { "1": "a" }, { ddl: "f".repeat(64) }),
    };
    const verdict = judgeDrift(before, { ...before, tables: restructured }, "strict");
    expect(verdict).toMatchObject({ status: "unknown", sentences: [{ code: "structure_changed" }] });
    const both = { ...restructured, comments: table("live", { "1": "a" }) };
    expect(judgeDrift(before, { ...before, tables: both }, "strict").status).toBe("drifted");
    expect(judgeDrift(before, { ...before, tables: both }, "live").status).toBe("unknown");
  });

  it("sees a table that is gone, and one that is new", () => {
    const before = site({ "1": "a" });
    const gone = judgeDrift(before, { ...before, tables: {} }, "live");
    expect(gone.findings[0]?.note).toBe("posts: 1 row removed; the table is gone");
    expect(judgeDrift({ ...before, tables: {} }, before, "live").status).toBe("drifted");
  });

  it("does not take a table for changed because it is classed differently now", () => {
    const as = (kind: "unclassified" | "editorial", rows: Record<string, string>) =>
      fingerprint({ tables: { acme: table(kind, rows) } });
    expect(judgeDrift(as("unclassified", { "1": "a" }), as("editorial", { "1": "a" }), "strict").status).toBe(
      "clean",
    );
    expect(judgeDrift(as("unclassified", { "1": "a" }), as("editorial", { "1": "b" }), "strict").status).toBe(
      "drifted",
    );
  });
});

describe("a policy", () => {
  const orders = (rows: Record<string, string>, hashes = true) =>
    fingerprint({ tables: { wc_orders: table("live", {}, { parts: { live: part(rows, hashes) } }) } });
  const policy = { allow_live_mode: true, append_only: ["wc_*"] };
  const judged = (before: Fingerprint, now: Fingerprint) => judgeDrift(before, now, "live", { policy });

  it("that forbids the mode live makes it strict, and says who can change that", () => {
    const forbidden = { policy: { ...ALLOWED, allow_live_mode: false } };
    const verdict = judgeDrift(site({}, {}), site({}, { "1": "a" }), "live", forbidden);
    expect(verdict).toMatchObject({ status: "drifted", mode: "strict", findings: [{ blocking: true }] });
    expect(verdict.sentences).toEqual([
      {
        code: "drifted",
        text: "Protected data of the target changed since the baseline: comments: 1 row added.",
        remedy: "Comment `/refresh` to bring production's data to the source, then try again.",
      },
      {
        code: "live_mode_forbidden",
        text: "The site's `drift: live` counts as `strict` here: the platform's policy forbids the mode `live`.",
        remedy:
          "Whoever may change `belay-policy.yml` in the owner's policy repository can allow it (`drift: {allow_live_mode: true}`).",
      },
    ]);
    const strict = judgeDrift(site({}, {}), site({}, { "1": "a" }), "strict", forbidden);
    expect(strict.sentences.map(({ code }) => code)).toEqual(["drifted"]);
  });

  it("that calls a table append-only lets rows come", () => {
    const verdict = judged(orders({ "1": "a" }), orders({ "1": "a", "2": "a" }));
    expect(verdict).toMatchObject({ status: "clean", findings: [{ blocking: false, append_only: null }] });
  });

  it.each([
    ["changed", { "1": "b" }, "1 row changed"],
    ["removed", { "2": "a" }, "1 row added, 1 row removed"],
  ] as const)("blocks where a row of the baseline was %s", (_what, now, words) => {
    const verdict = judged(orders({ "1": "a" }), orders(now));
    expect(verdict).toMatchObject({
      status: "drifted",
      findings: [{ blocking: true, append_only: "broken" }],
    });
    expect(verdict.sentences[1]).toEqual({
      code: "append_only_broken",
      text: `The policy calls \`wc_orders\` append-only: new rows may come, but rows of the baseline must stay as they are (${words}).`,
      remedy: "Comment `/refresh` to bring production's data to the source and record a new baseline.",
    });
  });

  it("blocks where nobody can tell, and says why", () => {
    const verdict = judged(orders({ "1": "a" }, false), orders({ "1": "a", "2": "a" }, false));
    expect(verdict.findings).toMatchObject([{ blocking: true, append_only: "unknown" }]);
    expect(verdict.sentences[1]?.text).toBe(
      "The policy calls `wc_orders` append-only, and nobody can tell whether rows of the baseline changed (1 -> 2 rows): the table is too large for single rows in the record, and the host has no index of this baseline.",
    );
    const told = {
      differences: {
        tables: { wc_orders: { live: { added: 1, changed: 0, removed: 0, keys: [] } } },
        files: {},
        code: null,
      },
      option_values: {},
    };
    const known = judgeDrift(orders({ "1": "a" }, false), orders({ "1": "a", "2": "a" }, false), "live", {
      policy,
      compared: told,
    });
    expect(known).toMatchObject({ status: "clean", findings: [{ added: 1, blocking: false }] });
  });

  it("lets rows come to a large table of which only chunks are known, as long as no old chunk differs", () => {
    const live = (rows: Record<string, string>) =>
      fingerprint({ tables: { wc_orders: table("live", {}, { parts: { live: packed(rows) } }) } });
    expect(judged(live({ "1": "a" }), live({ "1": "a", "2048": "a" })).status).toBe("clean");
    expect(judged(live({ "1": "a" }), live({ "1": "a", "2": "a" })).status).toBe("drifted");
  });

  it("never opens what strict shuts, and no pattern opens editors' rows", () => {
    expect(judgeDrift(orders({}), orders({ "1": "a" }), "strict", { policy }).status).toBe("drifted");
    const all = { policy: { allow_live_mode: true, append_only: ["*"] } };
    expect(judgeDrift(site({}), site({ "1": "a" }), "live", all).status).toBe("drifted");
  });
});

describe("a table with rows of several classes", () => {
  const posts = (parts: Parts) => fingerprint({ tables: { posts: table("editorial", parts) } });
  it("has lost a post although an automatic draft appeared in its place", () => {
    const verdict = judgeDrift(
      posts({ editorial: { "1": "a" } }),
      posts({ noise: { "2": "draft" } }),
      "live",
    );
    expect(verdict).toMatchObject({ status: "drifted", findings: [{ removed: 1, added: 0 }] });
  });
  it("does not drift by noise, derived rows, secrets or configuration", () => {
    const before = posts({ editorial: { "1": "a" } });
    const now = posts({
      editorial: { "1": "a" },
      noise: { "2": "x" },
      derived: { "3": "x" },
      secret: { "4": "x" },
    });
    expect(judgeDrift(before, now, "strict").status).toBe("clean");
  });
});

describe("judgeDrift against a naive comparison", () => {
  const CLASSES = ["editorial", "live", "noise", "derived", "secret", "config"] as const;
  const someParts = fc.record({
    editorial: someRows,
    live: someRows,
    noise: someRows,
    derived: someRows,
    secret: someRows,
    config: someRows,
  });
  const side = fc.record({
    tables: fc.dictionary(fc.constantFrom("t1", "t2", "t3"), someParts, { maxKeys: 3 }),
    uploads: someRows,
  });
  type Side = {
    readonly tables: Record<string, Record<(typeof CLASSES)[number], Record<string, string>>>;
    readonly uploads: Record<string, string>;
  };

  const measured = ({ tables, uploads }: Side, hashes: boolean): Fingerprint =>
    fingerprint({
      tables: Object.fromEntries(
        Object.entries(tables).map(([name, parts]) => [
          name,
          table(
            "editorial",
            {},
            {
              parts: Object.fromEntries(CLASSES.map((kind) => [kind, part(parts[kind], hashes)])),
            },
          ),
        ]),
      ),
      files: { uploads: files(uploads, hashes) },
    });
  const sorted = (rows: Record<string, string> | undefined) =>
    JSON.stringify(Object.entries(rows ?? {}).sort());

  it("finds drift exactly where a protected row or file differs", () => {
    fc.assert(
      fc.property(
        side,
        side,
        fc.constantFrom("strict", "live"),
        fc.boolean(),
        (before, now, mode, hashes) => {
          const judged = mode === "strict" ? (["editorial", "live"] as const) : (["editorial"] as const);
          const names = ["t1", "t2", "t3"];
          const differs =
            sorted(before.uploads) !== sorted(now.uploads) ||
            names.some((name) =>
              judged.some((kind) => sorted(before.tables[name]?.[kind]) !== sorted(now.tables[name]?.[kind])),
            );
          fc.pre(!names.some((name) => isRenamed(before.tables[name], now.tables[name])));
          const { status } = judgeDrift(measured(before, hashes), measured(now, hashes), mode);
          expect(status).toBe(differs ? "drifted" : "clean");
        },
      ),
    );
  });

  /** The same rows under another class's name are no change of the data: tested above. */
  const isRenamed = (before: Side["tables"][string] | undefined, now: Side["tables"][string] | undefined) => {
    const [was, is] = [before, now].map((parts) =>
      CLASSES.filter((kind) => Object.keys(parts?.[kind] ?? {}).length > 0),
    );
    const [a, b] = [was?.[0], is?.[0]];
    if (was?.length !== 1 || is?.length !== 1 || a === undefined || b === undefined) return false;
    return a !== b && sorted(before?.[a]) === sorted(now?.[b]);
  };
});
