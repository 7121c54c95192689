import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { parse } from "yaml";
import { loadCatalog } from "../../../src/catalog-files.ts";
import { parseSiteConfig } from "../../../src/core/config/parse.ts";
import type { Fingerprint } from "../../../src/core/facts.ts";
import { judgeDrift } from "../../../src/core/wordpress/drift.ts";
import { makePlan } from "../../../src/core/wordpress/plan.ts";
import { planRefresh } from "../../../src/core/wordpress/refresh.ts";
import { compileRules } from "../../../src/core/wordpress/rules.ts";
import type { Plan, PlanInput } from "../../../src/core/wordpress/types.ts";
import { EXAMPLE } from "../config/example.ts";
import { files, fingerprint, manifest, options, part, someRows, table } from "./facts.ts";

const catalog = loadCatalog();
const parsed = parseSiteConfig(
  EXAMPLE.replace('promote: ["theme_mods_*"]', 'promote: ["theme_mods_*"], source_wins: [acme_banner]'),
  catalog,
);
if (!parsed.ok) throw new Error(JSON.stringify(parsed.errors));
const { config } = parsed;
const rules = compileRules(config, catalog);

interface Case {
  readonly before?: Partial<Fingerprint>;
  readonly source?: Partial<Fingerprint>;
  readonly target?: Partial<Fingerprint>;
  readonly held?: { readonly tables?: readonly string[]; readonly options?: readonly string[] };
  readonly mode?: "strict" | "live";
  readonly compared?: PlanInput["compared"];
}

const NOT_COMPARED: PlanInput["compared"] = { source: null, target: null };

/** Both sides begin as `before`; then each is what the case says. */
function input({ mode = "strict", compared = NOT_COMPARED, ...one }: Case): PlanInput {
  const { before = {}, source = {}, target = {}, held = {} } = one;
  const base = fingerprint(before);
  return {
    config,
    rules,
    manifest: manifest(held.tables, held.options),
    baseline: { source: base, target: base },
    now: { source: { ...base, ...source }, target: { ...base, ...target } },
    compared,
    mode,
  };
}
const plan = (one: Case): Plan => makePlan(input(one));
const actions = (made: Plan) =>
  Object.fromEntries(
    made.tables.filter(({ action }) => action !== "absent").map((one) => [one.table, one.action]),
  );
const codes = (sentences: readonly { readonly code: string }[]) => sentences.map(({ code }) => code);

const widgets = (rows: Record<string, string>) => ({ tables: { acme_widgets: table("config", rows) } });

describe("tables", () => {
  it("are kept, promoted or in conflict by who changed them", () => {
    const before = widgets({ "1": "a" });
    const held = { tables: ["acme_widgets"] };
    const action = (one: Case) => actions(plan({ before, held, ...one })).acme_widgets;
    expect(action({})).toBe("keep");
    expect(action({ source: widgets({ "1": "b" }) })).toBe("promote");
    expect(action({ target: widgets({ "1": "b" }) })).toBe("keep");
    expect(action({ source: widgets({ "1": "b" }), target: widgets({ "1": "c" }) })).toBe("conflict");
    expect(action({ source: widgets({ "1": "b" }), target: widgets({ "1": "b" }) })).toBe("keep");
    expect(action({ source: { tables: {} } })).toBe("keep");
  });

  it("that are new in the source are promoted, unless production made one too", () => {
    const held = { tables: ["acme_widgets"] };
    expect(actions(plan({ held, source: widgets({ "1": "a" }) })).acme_widgets).toBe("promote");
    const both = plan({ held, source: widgets({ "1": "a" }), target: widgets({ "1": "b" }) });
    expect(actions(both).acme_widgets).toBe("conflict");
    expect(codes(both.blocks)).toEqual(["table_conflict"]);
    expect(both.job.promote_tables).toEqual([]);
  });

  it("that hold protected rows are never replaced as a whole", () => {
    const mixed = (rows: Record<string, string>) => ({
      tables: { acme_widgets: table("config", { config: rows, live: { "9": "order" } }) },
    });
    const made = plan({
      before: mixed({ "1": "a" }),
      source: mixed({ "1": "b" }),
      held: { tables: ["acme_widgets"] },
    });
    expect(actions(made).acme_widgets).toBe("conflict");
    expect(made.blocks).toHaveLength(1);
  });

  it("that are protected, secret, derived or noise stay production's", () => {
    const all = {
      posts: table("editorial", { "1": "a" }),
      comments: table("live", { "1": "a" }),
      wc_webhooks: table("secret", { "1": "a" }),
      yoast_indexable: table("derived", { "1": "a" }),
      wflogs: table("noise", { "1": "a" }),
      options: table("config", { "1": "a" }),
    };
    const edited = Object.fromEntries(
      Object.entries(all).map(([name, { class: kind }]) => [name, table(kind, { "1": "b" })]),
    );
    const made = plan({
      before: { tables: all },
      source: { tables: edited },
      held: { tables: Object.keys(all) },
    });
    expect(actions(made)).toEqual({
      posts: "protect",
      comments: "protect",
      wc_webhooks: "keep",
      yoast_indexable: "keep",
      wflogs: "keep",
    });
    expect(made.job.promote_tables).toEqual([]);
    expect(made.blocks).toEqual([]);
  });

  it("that nothing classifies block in production, with the lines to add, and wait in the source", () => {
    const unknown = {
      acme_x: table("unclassified", { "1": "a" }),
      acme_y: table("unclassified", { "1": "a" }),
    };
    const made = plan({ source: { tables: unknown }, target: { tables: { acme_x: unknown.acme_x } } });
    expect(actions(made)).toEqual({ acme_x: "unclassified", acme_y: "unclassified" });
    expect(codes(made.blocks)).toEqual(["unclassified_tables"]);
    expect(made.blocks[0]).toEqual({
      code: "unclassified_tables",
      text: "Nothing says what `acme_x` in production is, so Belay cannot tell whether to protect or to promote.",
      remedy:
        "Say so under `promotion.tables` in .github/belay.yml: `protect` for editors' work, `live` for what visitors write, `promote` for configuration.",
      paste:
        'promotion:\n  tables: # protect: [...], or live: [...], or promote: [...]\n    protect: ["acme_x"]',
    });
    const pasted = EXAMPLE.replace(/^promotion:\n[\s\S]*?(?=^health)/m, `${made.blocks[0]?.paste}\n`);
    const again = parseSiteConfig(
      pasted.replace("\n  tables:", "\n  preset: content-protect\n  tables:"),
      catalog,
    );
    expect(again).toMatchObject({ ok: true, config: { promotion: { tables: { protect: ["acme_x"] } } } });
    expect(codes(made.warnings)).toContain("unclassified_in_source");
  });

  it("that are views need no class and are never moved", () => {
    const view = { acme_view: table("unclassified", {}, { engine: "VIEW", parts: {} }) };
    const made = plan({ source: { tables: view }, target: { tables: view } });
    expect(actions(made)).toEqual({ acme_view: "keep" });
    expect(made.blocks).toEqual([]);
  });

  it("that the preset names and nobody has are reported as absent", () => {
    const made = plan({});
    const absent = made.tables.filter(({ action }) => action === "absent").map((one) => one.table);
    expect(absent).toContain("woocommerce_orders");
    expect(made.summary.tables.absent).toBe(absent.length);
  });

  it("of which the source changed the structure alone are neither promoted nor silent", () => {
    const restructured = (ddl: string) => ({
      tables: { acme_widgets: table("config", { "1": "a" }, { ddl: ddl.repeat(64) }) },
    });
    const made = plan({ before: widgets({ "1": "a" }), source: restructured("e") });
    expect(made.tables.find((one) => one.table === "acme_widgets")).toMatchObject({
      action: "keep",
      why: "Only its structure changed in the source, and a release carries changed rows.",
    });
    expect(made.blocks).toEqual([]);
    expect(made.warnings.find(({ code }) => code === "structure_only")).toEqual({
      code: "structure_only",
      text: "The structure of `acme_widgets` changed in the source, and no row of it: a release carries changed rows, so production keeps the structure that it has.",
      remedy:
        "The plugin that owns the table must change it in production by itself when its code arrives; look at that after the promotion.",
    });
    const both = plan({
      before: widgets({ "1": "a" }),
      source: restructured("e"),
      target: restructured("e"),
    });
    expect(codes(both.warnings)).not.toContain("structure_only");
    const edited = plan({
      before: widgets({ "1": "a" }),
      source: restructured("e"),
      target: widgets({ "1": "b" }),
    });
    expect(actions(edited).acme_widgets).toBe("keep");
  });

  it("that the release lacks although the source changed them make it stale", () => {
    const made = plan({ before: widgets({ "1": "a" }), source: widgets({ "1": "b" }) });
    expect(codes(made.blocks)).toEqual(["release_stale"]);
    expect(made.job.promote_tables).toEqual([]);
  });
});

describe("options", () => {
  const row = (name: string, value: string) => ({ options: options({ [name]: value }) });
  const decide = (name: string, one: Case) =>
    plan({ before: row(name, "a"), held: { options: [name] }, ...one });

  it("are merged row by row", () => {
    const action = (one: Case) => decide("blogname", one).options[0]?.action;
    expect(action({})).toBeUndefined();
    expect(action({ source: row("blogname", "b") })).toBe("promote");
    expect(action({ target: row("blogname", "b") })).toBe("keep");
    expect(action({ source: row("blogname", "b"), target: row("blogname", "b") })).toBe("keep");
    expect(action({ source: row("blogname", "b"), target: row("blogname", "c") })).toBe("conflict");
  });

  it("carry what production must still hold when they are replaced", () => {
    const made = decide("blogname", { source: row("blogname", "b") });
    expect(made.job.promote_options).toEqual(["blogname"]);
    expect(made.job.expected_options).toEqual({ blogname: options({ x: "a" }).x?.hash });
    const added = plan({ source: row("blogname", "b"), held: { options: ["blogname"] } });
    expect(added.job.expected_options).toEqual({ blogname: null });
  });

  it("are removed where the source removed them", () => {
    const made = decide("blogname", { source: { options: {} } });
    expect(made.options).toMatchObject([{ action: "promote", removes: true }]);
  });

  it("in conflict block, unless the site says that the source wins", () => {
    const sides = (name: string) => ({ source: row(name, "b"), target: row(name, "c") });
    expect(codes(decide("blogname", sides("blogname")).blocks)).toEqual(["option_conflict"]);
    const won = decide("acme_banner", sides("acme_banner"));
    expect(won.blocks).toEqual([]);
    expect(won.job.promote_options).toEqual(["acme_banner"]);
  });

  it("give lines to copy that name these rows and nothing else, whatever their names hold", () => {
    const name = "api_key], promote: ['*'] # `";
    const made = plan({
      before: row(name, "a"),
      source: row(name, "b"),
      target: row(name, "c"),
      held: { options: [name] },
    });
    const lines = [...made.blocks, ...made.warnings].flatMap(({ paste }) => paste ?? []);
    expect(lines.map((text) => parse(text))).toEqual([
      { promotion: { options: { keep: [name] } } },
      { promotion: { options: { keep: [name] } } },
    ]);
  });

  it("that are not configuration stay, whatever the release holds", () => {
    const secret = { options: options({ siteurl: "a" }, "secret") };
    const made = decide("siteurl", {
      before: secret,
      source: { options: options({ siteurl: "b" }, "secret") },
    });
    expect(made.options).toMatchObject([{ option: "siteurl", action: "keep" }]);
    expect(made.blocks).toEqual([]);
  });

  it("are flagged where nothing classifies them or their name hints at a secret", () => {
    const flags = (name: string) => decide(name, { source: row(name, "b") }).options[0]?.flags.length;
    expect(flags("blogname")).toBe(0);
    expect(flags("acme_setting")).toBe(1);
    expect(flags("acme_api_key")).toBe(2);
    expect(flags("theme_mods_acme")).toBe(0);
  });

  describe("show what both sides hold", () => {
    const told = (values: Record<string, string | null>) => ({
      differences: { tables: {}, files: {}, code: null },
      option_values: values,
    });
    const conflict = (name: string, source: Record<string, string | null>, target = source) =>
      decide(name, {
        source: row(name, "b"),
        target: row(name, "c"),
        compared: { source: told(source), target: told(target) },
      });

    it("in the plan and in the sentence that blocks", () => {
      const made = conflict("blogname", { blogname: "New | `shop`" }, { blogname: null });
      expect(made.options[0]?.values).toEqual({ source: "New | `shop`", target: null });
      expect(made.blocks[0]?.text).toBe(
        "Source and production both changed the option `blogname` (source: `` New | `shop` ``, production: removed) since the baseline.",
      );
    });
    it("shortened, and not at all where one side is not to be shown", () => {
      const long = conflict("blogname", { blogname: "x".repeat(300) }).blocks[0]?.text ?? "";
      expect(long).toContain(`source: \`${"x".repeat(30)}…${"x".repeat(29)}\``);
      expect(conflict("blogname", { blogname: "a" }, {}).blocks[0]?.text).toBe(
        "Source and production both changed the option `blogname` since the baseline.",
      );
    });
    it.each(["acme_api_key", "acme_setting"])("never of %s, whatever a host tells", (name) => {
      const made = conflict(name, { [name]: "s3cret" });
      expect(made.options[0]?.values).toEqual({});
      expect(JSON.stringify(made)).not.toContain("s3cret");
    });
    it("never of a row that is a secret", () => {
      const secret = (value: string) => ({ options: options({ siteurl: value }, "secret") });
      const made = decide("siteurl", {
        before: secret("a"),
        source: secret("b"),
        compared: { source: told({ siteurl: "s3cret" }), target: null },
      });
      expect(JSON.stringify(made)).not.toContain("s3cret");
    });
  });

  /** A source that made a page of its own: its ids may mean something else in production. */
  const worked = {
    tables: { posts: table("editorial", { "7": "new page" }), terms: table("editorial", { "7": "x" }) },
  };
  const refers = (source: string | null, target: string | null, own: Partial<Fingerprint> = worked) =>
    decide("page_on_front", {
      source: { ...row("page_on_front", "b"), ...own, references: { page_on_front: source } },
      target: { references: { page_on_front: target } },
    });

  it("that refer to protected rows are kept where both sides mean the same", () => {
    expect(refers("page:home", "page:home")).toMatchObject({ blocks: [], options: [{ action: "keep" }] });
  });

  it("that refer to something else, or to nothing that exists, block", () => {
    const made = [
      refers("page:new", "page:old"),
      refers(null, "page:old"),
      refers(null, null),
      refers(null, null, {}),
    ];
    for (const one of [...made, refers("page:home", null)]) {
      expect(codes(one.blocks)).toEqual(["reference_differs"]);
      expect(one.job.promote_options).toEqual([]);
    }
  });

  it("say what each side means by its ids", () => {
    const text = (source: string | null, target: string | null) => refers(source, target).blocks[0]?.text;
    expect(text("page:new", "page:old")).toBe(
      "The option `page_on_front` refers to content by id (the page `new` in the source, the page `old` in production). Ids mean something in their own environment only, so production would show something else, or nothing.",
    );
    expect(text(null, "none")).toContain(
      "(an id of something that is not there in the source, nothing in production)",
    );
    expect(text("page:a,page:b", null)).toContain("(the page `a` and the page `b` in the source, an id of");
  });

  it("that refer to a row of a large table which only production added to are promoted, by what the host tells", () => {
    const large = (rows: Record<string, string>) => ({
      tables: {
        posts: table("editorial", {}, { parts: { editorial: part(rows, false) } }),
      },
    });
    const told = {
      differences: {
        tables: { posts: { editorial: { added: 1, changed: 0, removed: 0, keys: [] } } },
        files: {},
        code: null,
      },
      option_values: {},
    };
    const one = (compared: PlanInput["compared"]) =>
      plan({
        before: { ...row("page_on_front", "a"), ...large({ "1": "a" }) },
        source: { ...row("page_on_front", "b"), references: { page_on_front: "page:about" } },
        target: { ...large({ "1": "a", "2": "a" }), references: { page_on_front: "page:home" } },
        held: { options: ["page_on_front"] },
        compared,
      });
    expect(codes(one(NOT_COMPARED).blocks)).toEqual(["reference_differs"]);
    expect(one({ source: null, target: told }).job.promote_options).toEqual(["page_on_front"]);
  });

  it("that refer to a row which both sides have since cloning are promoted", () => {
    expect(refers("page:about", "page:home", {}).job.promote_options).toEqual(["page_on_front"]);
    expect(refers("none", "page:home").job.promote_options).toEqual(["page_on_front"]);
    const menu = (own: Partial<Fingerprint>) =>
      decide("theme_mods_acme", {
        source: {
          ...row("theme_mods_acme", "b"),
          ...own,
          references: { "theme_mods_acme:nav_menu_locations.top": "nav_menu:main" },
        },
      });
    expect(menu({}).job.promote_options).toEqual(["theme_mods_acme"]);
    expect(codes(menu(worked).blocks)).toEqual(["reference_differs"]);
  });

  it("with references inside are promoted only where all of them mean the same", () => {
    const mods = (logo: string) =>
      decide("theme_mods_acme", {
        source: {
          ...row("theme_mods_acme", "b"),
          ...worked,
          references: { "theme_mods_acme:custom_logo": "attachment:logo" },
        },
        target: { references: { "theme_mods_acme:custom_logo": logo } },
      });
    expect(mods("attachment:logo").job.promote_options).toEqual(["theme_mods_acme"]);
    expect(codes(mods("attachment:other").blocks)).toEqual(["reference_differs"]);
  });

  it("that the release lacks make it stale", () => {
    expect(codes(decide("blogname", { source: row("blogname", "b"), held: {} }).blocks)).toEqual([
      "release_stale",
    ]);
  });
});

describe("the plan as a whole", () => {
  it("says what stays behind in the source", () => {
    const before = {
      tables: { posts: table("editorial", { "1": "a" }) },
      files: { "wp-content/uploads": files({}) },
    };
    const source = {
      tables: { posts: table("editorial", { "1": "b", "2": "a" }) },
      files: { "wp-content/uploads": files({ "a.jpg": "1" }) },
    };
    const made = plan({ before, source });
    expect(made.left_behind.map(({ note }) => note)).toEqual([
      "posts (editors' rows): 1 row added, 1 row changed",
      "wp-content/uploads: 1 file added",
    ]);
    expect(codes(made.warnings)).toEqual(["left_behind", "nothing_to_promote"]);
  });

  it("expects protected parts by the mode, and promoted tables whole", () => {
    const before = {
      tables: {
        posts: table("editorial", { editorial: { "1": "a" }, live: { "2": "a" }, noise: { "3": "a" } }),
        ...widgets({ "1": "a" }).tables,
      },
    };
    const source = { tables: { ...before.tables, ...widgets({ "1": "b" }).tables } };
    const expected = (mode: "strict" | "live") =>
      Object.entries(
        plan({ before, source, held: { tables: ["acme_widgets"] }, mode }).job.expected_tables,
      ).map(([name, parts]) => `${name} ${Object.keys(parts).join("+")}`);
    expect(expected("strict").sort()).toEqual(["acme_widgets config", "posts editorial+live"]);
    expect(expected("live").sort()).toEqual(["acme_widgets config", "posts editorial"]);
  });

  it("expects a part without rows to stay so, and nothing of views", () => {
    const tables = {
      posts: table("editorial", { editorial: { "1": "a" } }),
      viewed: { ...table("editorial", {}), engine: "VIEW", parts: {} },
    };
    const { expected_tables } = plan({ before: { tables } }).job;
    expect(Object.keys(expected_tables)).toEqual(["posts"]);
    expect(expected_tables.posts?.live).toBe(
      "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
    );
  });

  it("blocks where measurements cannot be compared", () => {
    const made = plan({ source: { algorithm: "other" }, target: { server_version: "11" } });
    expect(codes(made.blocks)).toEqual(["algorithm_changed", "server_changed"]);
  });

  it("blocks on an older version of WordPress's database, and says what a newer one means", () => {
    const wordpress = (db_version: string) => ({ wordpress: { version: "x", db_version } });
    const newer = plan({ source: wordpress("60000") });
    expect(codes(newer.blocks)).toEqual([]);
    expect(newer.warnings.find(({ code }) => code === "wordpress_newer")?.text).toContain(
      "agreed to for no table, and one that cannot be predicted stops the promotion",
    );
    expect(codes(plan({ source: wordpress("50000") }).blocks)).toEqual(["wordpress_older"]);
    expect(codes(plan({}).warnings)).not.toContain("wordpress_newer");
  });

  it("lets the host judge the policy's append-only tables once more: by rows where they are few, by digest elsewhere", () => {
    const large = (value: string) =>
      table("live", {}, { parts: { live: part({ "1": value, "2": "b" }, false) } });
    const before = {
      tables: {
        wc_orders: table("live", { "1": "a" }),
        wc_large: large("a"),
        comments: table("live", { "1": "a" }),
        wc_products: table("editorial", { "1": "a" }),
        wc_empty: table("live", {}),
      },
    };
    const target = {
      tables: { ...before.tables, wc_orders: table("live", { "1": "a", "2": "b" }), wc_large: large("b") },
    };
    const asked = { ...input({ before, target, mode: "live" }), append_only: ["wc_*"] };
    const digest = (tables: Fingerprint["tables"], name: string) => tables[name]?.parts.live?.digest;
    expect(makePlan(asked).job.append_only_tables).toEqual({
      wc_orders: {
        baseline: digest(before.tables, "wc_orders"),
        seen: digest(target.tables, "wc_orders"),
        rows: before.tables.wc_orders.parts.live?.row_hashes,
      },
      wc_large: {
        baseline: digest(before.tables, "wc_large"),
        seen: digest(target.tables, "wc_large"),
        rows: null,
      },
      wc_empty: {
        baseline: digest(before.tables, "wc_empty"),
        seen: digest(before.tables, "wc_empty"),
        rows: {},
      },
    });
    expect(makePlan({ ...asked, mode: "strict" }).job.append_only_tables).toEqual({});
  });

  it("names protected tables that have another structure in the source, and says where nobody looks", () => {
    const posts = (ddl: string) => ({ tables: { posts: table("editorial", {}, { ddl: ddl.repeat(64) }) } });
    const found = (one: Case) => plan(one).warnings.find(({ code }) => code === "structure_differs");
    expect(found({ before: posts("a"), source: posts("b") })?.text).toContain(
      "`posts` has another structure",
    );
    expect(found({ before: posts("a") })).toBeUndefined();
    expect(found({ before: posts("a"), source: { tables: {} } })).toBeUndefined();
    const blind = { ...config, promotion: { ...config.promotion, candidate: false } };
    expect(codes(makePlan({ ...input({}), config: blind }).warnings)).toContain("candidate_off");
    expect(codes(plan({}).warnings)).not.toContain("candidate_off");
  });

  it("says that another site's tables are left out, on either side and in a drift check", () => {
    const others = [
      { prefix: "wp_shop_", tables: 12 },
      { prefix: "wp_blog_", tables: 1 },
    ];
    const made = plan({ target: { other_sites: others }, source: { other_sites: others.slice(1) } });
    expect(made.warnings.filter(({ code }) => code === "other_site").map(({ text }) => text)).toEqual([
      "The database of production also holds 13 tables of other sites (prefix `wp_shop_`, `wp_blog_`): Belay neither looks at them nor touches them, and they are in no plan, drift check or release.",
      "The database of the source also holds 1 table of another site (prefix `wp_blog_`): Belay neither looks at them nor touches them, and they are in no plan, drift check or release.",
    ]);
    expect(codes(plan({}).warnings)).not.toContain("other_site");
    const settings = { mode: "strict", policy: { allow_live_mode: true, append_only: [] } } as const;
    const baseline = fingerprint();
    const now = { ...baseline, other_sites: others };
    const { status, sentences } = judgeDrift({ baseline, now, compared: null, settings });
    expect([status, codes(sentences)]).toEqual(["clean", ["clean", "other_site"]]);
  });

  it("promotes a table exactly if the source alone changed it", () => {
    const same = (a: object, b: object) =>
      JSON.stringify(Object.entries(a).sort()) === JSON.stringify(Object.entries(b).sort());
    fc.assert(
      fc.property(someRows, someRows, someRows, (base, source, target) => {
        const made = plan({
          before: widgets(base),
          source: widgets(source),
          target: widgets(target),
          held: { tables: ["acme_widgets"] },
        });
        const wanted =
          same(source, base) || same(source, target) ? "keep" : same(target, base) ? "promote" : "conflict";
        expect(actions(made).acme_widgets).toBe(wanted);
        expect(made.blocks.length > 0).toBe(wanted === "conflict");
      }),
    );
  });
});

describe("planRefresh", () => {
  const sides = (one: Case) => {
    const { baseline, now } = input(one);
    return { baseline, now };
  };
  it("keeps what only the source changed and refuses what both changed", () => {
    const before = {
      tables: {
        a: table("config", { "1": "a" }),
        b: table("config", { "1": "a" }),
        c: table("config", { "1": "a" }),
      },
    };
    const edited = (names: readonly string[], value: string) => ({
      tables: Object.fromEntries(
        Object.keys(before.tables).map((name) => [
          name,
          table("config", { "1": names.includes(name) ? value : "a" }),
        ]),
      ),
    });
    const refresh = planRefresh(
      sides({ before, source: edited(["a", "c"], "s"), target: edited(["b", "c"], "t") }),
    );
    expect(refresh.keep_tables).toEqual(["a"]);
    expect(refresh.conflicts).toMatchObject([
      { code: "refresh_conflict", text: expect.stringContaining("`c`") },
    ]);
  });
  it("keeps option rows that only the source changed, never those of another class", () => {
    const before = { options: { ...options({ blogname: "a" }), ...options({ siteurl: "a" }, "secret") } };
    const source = { options: { ...options({ blogname: "b" }), ...options({ siteurl: "b" }, "secret") } };
    expect(planRefresh(sides({ before, source }))).toMatchObject({
      keep_options: ["blogname"],
      conflicts: [],
    });
  });
  it("says what it overwrites", () => {
    const before = { tables: { posts: table("editorial", { "1": "a" }) } };
    const refresh = planRefresh(
      sides({ before, source: { tables: { posts: table("editorial", { "1": "b" }) } } }),
    );
    const note = "posts (editors' rows): 1 row changed";
    expect(refresh.overwritten).toMatchObject([{ name: "posts", changed: 1, note }]);
    expect(codes(refresh.sentences)).toEqual(["overwrites"]);
    expect(codes(planRefresh(sides({ before })).sentences)).toEqual(["overwrites_nothing"]);
  });
  it("replaces everything without a baseline, and after another algorithm", () => {
    const { baseline, now } = sides({ source: widgets({ "1": "b" }) });
    expect(planRefresh({ baseline: null, now })).toMatchObject({
      keep_tables: [],
      sentences: [{ code: "overwrites_all" }],
    });
    const other = { ...now, source: { ...now.source, algorithm: "other" } };
    expect(codes(planRefresh({ baseline, now: other }).sentences)).toEqual(["overwrites_all"]);
  });
});
