import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { comparisonSection } from "../../../src/core/rendering/baseline.ts";
import { COMMENT_LIMIT } from "../../../src/core/rendering/cap.ts";
import { type Comparison, compareSides } from "../../../src/core/wordpress/comparison.ts";
import { dangers, HOSTILE } from "../core/dangers.ts";
import { files, fingerprint, options, part, type Rows, someRows, table } from "./facts.ts";

const production = fingerprint({
  tables: {
    posts: table("editorial", { "1": "a", "2": "b", "3": "c" }),
    comments: table("live", { "1": "a" }),
    acme_widgets: table("config", { "1": "a" }),
  },
  options: { ...options({ blogname: "Shop", acme_banner: "1" }), ...options({ siteurl: "p" }, "secret") },
  files: { "wp-content/uploads": files({ "a.jpg": "1" }) },
  code: files({ "a.php": "1" }),
});

describe("two sides compared", () => {
  it("that are the same differ in nothing", () => {
    expect(compareSides({ source: production, target: production })).toMatchObject({
      items: [],
      options: [],
      equal: { tables: 3, options: 2 },
    });
  });

  it("tell tables, rows, options, files and code, from the source's side", () => {
    const staging = {
      ...production,
      tables: {
        ...production.tables,
        posts: table("editorial", { "1": "a", "2": "staging", "4": "c" }),
        acme_widgets: table("config", { "1": "a" }, { ddl: "e".repeat(64) }),
      },
      options: { ...options({ blogname: "Staging" }), ...options({ siteurl: "s" }, "secret") },
      files: { "wp-content/uploads": files({ "a.jpg": "1", "b.jpg": "1" }) },
      code: files({ "a.php": "2" }),
    };
    const { items, options: rows } = compareSides({ source: staging, target: production });
    expect(items).toMatchObject([
      { kind: "table", name: "acme_widgets", class: "config", structure: true, added: 0 },
      {
        kind: "table",
        name: "posts",
        class: "editorial",
        added: 1,
        changed: 1,
        removed: 1,
        structure: false,
      },
      { kind: "files", name: "wp-content/uploads", added: 1, changed: 0, removed: 0 },
      { kind: "code", name: "code", changed: 1 },
    ]);
    expect(rows).toEqual([
      { option: "acme_banner", side: "target" },
      { option: "blogname", side: "both" },
    ]);
  });

  it("are shown with what visitors write, which is no part of what is accepted", () => {
    const busy = (rows: Rows) => ({
      ...production,
      tables: { ...production.tables, comments: table("live", rows) },
    });
    const one = compareSides({ source: production, target: busy({ "1": "a", "2": "b" }) });
    const two = compareSides({ source: production, target: busy({ "1": "a", "2": "b", "3": "c" }) });
    expect(one.items).toMatchObject([{ name: "comments", class: "live", removed: 1 }]);
    expect(two.items).toMatchObject([{ removed: 2 }]);
    expect(one.digest).toBe(two.digest);
  });

  it("count rows that are too many to be compared one by one", () => {
    const large = (value: string) => ({
      ...production,
      tables: { acme_widgets: table("config", {}, { parts: { config: part({ "1": value }, false) } }) },
    });
    const digest = (value: string) => compareSides({ source: large(value), target: large("a") }).digest;
    expect(digest("b")).not.toBe(digest("c"));
  });
});

describe("what is accepted", () => {
  const side = fc.record({
    widgets: someRows,
    posts: someRows,
    names: someRows,
    uploads: someRows,
    code: someRows,
    structure: fc.constantFrom("e", "f"),
  });
  type Side = { [K in "widgets" | "posts" | "names" | "uploads" | "code"]: Record<string, string> } & {
    structure: string;
  };
  const measured = ({ widgets, posts, names, uploads, code, structure }: Side) =>
    fingerprint({
      tables: {
        acme_widgets: table("config", widgets, { ddl: structure.repeat(64) }),
        posts: table("editorial", posts),
      },
      options: options(names),
      files: { uploads: files(uploads) },
      code: files(code),
    });
  const key = (value: unknown) =>
    JSON.stringify(value, (_name, one) => (isPlain(one) ? Object.entries(one).sort() : one));
  const isPlain = (one: unknown): one is object =>
    typeof one === "object" && one !== null && !Array.isArray(one);
  /** What differs, as one would write it down by hand: both values of every part that is not the same. */
  const difference = (a: Side, b: Side) =>
    (["widgets", "posts", "names", "uploads", "code", "structure"] as const).filter(
      (name) => key(a[name]) !== key(b[name]),
    );

  it("has another name as soon as either side differs otherwise, and the same where nothing that counts changed", () => {
    fc.assert(
      fc.property(side, side, side, (source, target, other) => {
        const digest = (now: Side) =>
          compareSides({ source: measured(now), target: measured(target) }).digest;
        const changed = difference(source, other);
        const counts = changed.some(
          (name) => difference(source, target).includes(name) || difference(other, target).includes(name),
        );
        if (changed.length === 0) expect(digest(other)).toBe(digest(source));
        if (counts) expect(digest(other)).not.toBe(digest(source));
      }),
    );
  });
});

describe("the comment of a comparison", () => {
  const names = { source: "staging", target: "production" };
  const staging = {
    ...production,
    tables: { ...production.tables, posts: table("editorial", { "1": "a", "2": "x", "3": "c", "4": "d" }) },
    options: options({ blogname: "Staging", acme_banner: "1" }),
  };
  const comparison = compareSides({ source: staging, target: production });

  it("says how the two differ, what that means, and what is lost", () => {
    const text = comparisonSection(comparison, { ...names, replaces: true, recorded: false });
    expect(
      text,
    ).toBe(`How staging and production differ. The same on both sides: 2 tables, 1 promotable option.

| table or path | class | staging | production | only in staging | only in production | different |
|---|---|--:|--:|--:|--:|--:|
| \`posts\` | editorial | 4 | 3 | 1 | 0 | 1 |

<details><summary>Differing options: 1</summary>

- \`blogname\`: different

</details>

A copy differs by nature where addresses, the table prefix or the path stand in a value: cloning rewrites them, and such rows count as different here. Rows that visitors write (class \`live\`) are shown and are no part of what is accepted.

Accepting this as the baseline means:
- What differs now counts as unchanged from then on: tables and options in which staging differs are not promoted until they change again there. The code tree is promoted as a whole in any case.
- Drift is judged from then on: what production changed before is not seen any more.
- The baseline that is on record is replaced, with what it knows: work in staging that waits for its promotion, and changes of production since the last refresh or promotion. To keep them, comment \`/refresh\` instead.

<details><summary>Rows by key and files by path</summary>

- \`posts\` (editorial): \`2\` different, \`4\` only in staging

</details>`);
  });

  it("says nothing of what would be lost where nothing would, or all is done", () => {
    expect(comparisonSection(comparison, { ...names, replaces: false, recorded: false })).not.toContain(
      "replaced",
    );
    expect(comparisonSection(comparison, { ...names, replaces: true, recorded: true })).not.toContain(
      "Accepting",
    );
    const same = compareSides({ source: production, target: production });
    expect(comparisonSection(same, { ...names, replaces: false, recorded: true })).toBe(
      "staging and production do not differ. The same on both sides: 3 tables, 2 promotable options.",
    );
  });

  it.each(HOSTILE)("holds no danger when everything from outside is %j", (value) => {
    const hostile: Comparison = {
      ...comparison,
      items: comparison.items.map((one) => ({ ...one, name: value, keys: [{ change: "~", key: value }] })),
      options: [{ option: value, side: "both" }],
    };
    const text = comparisonSection(hostile, {
      source: value,
      target: value,
      replaces: true,
      recorded: false,
    });
    expect(dangers(text)).toEqual([]);
  });

  it("is short enough for a comment, however much differs", () => {
    const names_of = (kind: string) =>
      Array.from({ length: 2000 }, (_, at) => `${kind}_${"x".repeat(50)}_${at}`);
    const rows = Object.fromEntries(names_of("option").map((name) => [name, "a"]));
    const text_keys = Object.fromEntries(
      Array.from({ length: 50 }, (_, at) => [`key-${"k".repeat(150)}-${at}`, "a"]),
    );
    const tables = Object.fromEntries(names_of("table").map((name) => [name, table("editorial", text_keys)]));
    const source = { ...production, options: options(rows), tables: { ...production.tables, ...tables } };
    const many = compareSides({ source, target: production });
    const text = comparisonSection(many, { ...names, replaces: true, recorded: false });
    expect(text).toContain("- and 1902 more");
    expect(text).toContain("\n\nand 1850 more");
    expect(text.indexOf("Accepting this as the baseline means")).toBeLessThan(COMMENT_LIMIT - 20_000);
    expect(text.length).toBeLessThan(2 * COMMENT_LIMIT);
  });
});
