/** What new code will make of production's tables, foreseen by the source's: shown, and blocked where nobody has agreed. */
import { describe, expect, it } from "vitest";
import { parse } from "yaml";
import { loadCatalog } from "../../../src/catalog-files.ts";
import { parseSiteConfig } from "../../../src/core/config/parse.ts";
import type { SchemaChange } from "../../../src/core/facts.ts";
import { planSection } from "../../../src/core/rendering/plan.ts";
import { makePlan } from "../../../src/core/wordpress/plan.ts";
import { compileRules } from "../../../src/core/wordpress/rules.ts";
import type { Plan, PlanInput } from "../../../src/core/wordpress/types.ts";
import { EXAMPLE } from "../config/example.ts";
import { fingerprint, manifest, table } from "./facts.ts";

const catalog = loadCatalog();
const PLUGIN = "acme/acme.php";

function settings(destructive: readonly string[]) {
  const parsed = parseSiteConfig(EXAMPLE, catalog);
  if (!parsed.ok) throw new Error(JSON.stringify(parsed.errors));
  const { config } = parsed;
  const migrations = { destructive, unpredicted: false };
  return { ...config, promotion: { ...config.promotion, migrations } };
}

const added: SchemaChange = {
  table: "posts",
  what: "column_added",
  name: "more",
  effect: "additive",
  detail: "int(11)",
};
const removed: SchemaChange = {
  table: "comments",
  what: "column_removed",
  name: "note",
  effect: "destructive",
  detail: "varchar(20)",
};

interface Case {
  readonly changes?: readonly SchemaChange[];
  readonly destructive?: readonly string[];
  /** Versions of the plugin in production and in the release; missing: it is not there. */
  readonly from?: string;
  readonly to?: string;
  readonly told?: readonly string[];
  readonly db_version?: string;
}

function input({ changes = [], destructive = [], told = [], ...one }: Case): PlanInput {
  const config = settings(destructive);
  const tables = (ddl: string) => ({
    posts: table("editorial", { "1": "a" }, { ddl: ddl.repeat(64) }),
    comments: table("live", { "1": "a" }, { ddl: ddl.repeat(64) }),
    acme_widgets: table("config", { "1": ddl }, { ddl: ddl.repeat(64) }),
  });
  const base = fingerprint({ tables: tables("a") });
  const { from, to, db_version = base.wordpress.db_version } = one;
  const wordpress = { version: "6.9", db_version };
  return {
    config,
    rules: compileRules(config, catalog),
    manifest: { ...manifest(["acme_widgets"]), plugins: to === undefined ? {} : { [PLUGIN]: to } },
    baseline: { source: base, target: base },
    now: { source: { ...base, tables: tables("b"), wordpress }, target: base },
    compared: { source: null, target: null },
    mode: "strict",
    seen: { told, changes, plugins: from === undefined ? {} : { [PLUGIN]: from } },
  };
}
const plan = (one: Case): Plan => makePlan(input(one));
const block = (made: Plan) => made.blocks.find(({ code }) => code === "migration_destructive");
const shown = (made: Plan) => planSection(made, { room: 60_000, operation: "an-id" });

describe("the upgrade that the source shows", () => {
  it("is told with the versions that differ, and blocks nothing where it only adds", () => {
    const made = plan({ changes: [added], from: "1", to: "2", told: ["posts", "comments"] });
    expect(made.upgrade).toEqual({
      wordpress: null,
      plugins: [{ plugin: PLUGIN, from: "1", to: "2" }],
      changes: [{ ...added, agreed: true }],
      unknown: [],
    });
    expect(made.blocks).toEqual([]);
    expect(shown(made)).toContain("as the source shows it: 1 change</summary>");
    expect(shown(made)).toContain("- acme/acme.php 1 to 2");
    expect(shown(made)).toContain("- `posts`: + column `more` (additive): int(11)");
  });

  it("that takes something away blocks, with the lines to paste", () => {
    const made = plan({ changes: [added, removed], from: "1", to: "2", destructive: ["acme_log"] });
    const found = block(made);
    expect(found?.list).toEqual(["`comments`: - column `note` (destructive): varchar(20)"]);
    expect(parse(found?.paste ?? "")).toEqual({
      promotion: { migrations: { destructive: ["acme_log", "comments"] } },
    });
    expect(shown(made)).toContain(
      "- ⚠️ `comments`: - column `note` (destructive): varchar(20) (nobody has agreed to it)",
    );
    expect(shown(made)).toContain("2 changes, 1 destructive</summary>");
  });

  it("blocks no more once the pasted lines are there, also where a pattern names the table", () => {
    for (const destructive of [["comments"], ["comm*"]]) {
      const made = plan({ changes: [removed], from: "1", to: "2", destructive });
      expect(block(made)).toBeUndefined();
      expect(shown(made)).toContain("varchar(20) (agreed to)");
    }
    expect(block(plan({ changes: [removed], from: "1", to: "2", destructive: ["post*"] }))).toBeDefined();
  });

  it("is due for a new plugin and a newer database, not where no version differs", () => {
    expect(block(plan({ changes: [removed], to: "1" }))).toBeDefined();
    expect(block(plan({ changes: [removed], db_version: "60000" }))).toBeDefined();
    for (const versions of [{}, { from: "1", to: "1" }, { from: "1" }]) {
      const made = plan({ changes: [removed], ...versions });
      expect(block(made)).toBeUndefined();
      expect(shown(made)).not.toContain("The upgrade of tables");
      expect(made.warnings.map(({ code }) => code)).toContain("structure_differs");
    }
  });

  it("is nothing that a promoted table needs, and says where nobody told how a table differs", () => {
    const promoted = { ...removed, table: "acme_widgets" };
    const made = plan({ changes: [promoted, { ...removed, table: "options" }], to: "1", told: ["posts"] });
    expect(made.upgrade?.changes.map(({ table }) => table)).toEqual(["options"]);
    expect(made.upgrade?.unknown).toEqual(["comments"]);
    expect(shown(made)).toContain("- `comments`: defined otherwise in the source");
  });

  it("is null where the hosts told nothing", () => {
    const { seen: _, ...silent } = input({ to: "1" });
    expect(makePlan(silent).upgrade).toBeNull();
  });

  it("fits, however much it is", () => {
    const changes = Array.from({ length: 5_000 }, (_, at) => ({ ...removed, name: `column_${at}` }));
    const made = plan({ changes, to: "1" });
    expect(shown(made).length).toBeLessThanOrEqual(60_000);
    expect(block(made)?.list).toHaveLength(21);
  });
});
