/** Updates of rows that plugins do in their own time: who is asked, and what people are told before and after the switch. */
import { describe, expect, it } from "vitest";
import { loadCatalog } from "../../../src/catalog-files.ts";
import { parseSiteConfig } from "../../../src/core/config/parse.ts";
import type { MigrationFacts, WaitingFacts } from "../../../src/core/facts.ts";
import { migrationSection } from "../../../src/core/rendering/migration.ts";
import { makePlan } from "../../../src/core/wordpress/plan.ts";
import { compileRules } from "../../../src/core/wordpress/rules.ts";
import { EXAMPLE } from "../config/example.ts";
import { fingerprint, manifest, options } from "./facts.ts";

const catalog = loadCatalog();
const OWN = `  data_updates:
    - {plugin: Acme, waits: Acme_Install::needs_update, version: acme_db_version, start: "Acme > Update"}
`;

function site(more = "") {
  const parsed = parseSiteConfig(EXAMPLE.replace("promotion:\n", `promotion:\n${more}`), catalog);
  if (!parsed.ok) throw new Error(JSON.stringify(parsed.errors));
  return { config: parsed.config, rules: compileRules(parsed.config, catalog) };
}

describe("plugins that are asked", () => {
  it("are the catalog's, with WooCommerce among them", () => {
    expect(site().rules.data_updates).toContainEqual({
      plugin: "WooCommerce",
      waits: "WC_Install::needs_db_update",
      version: "woocommerce_db_version",
      steps: "WC_Install::get_db_update_callbacks",
      jobs: ["woocommerce_run_update_callback", "woocommerce_update_db_to_current_version"],
      start: "WooCommerce > Status > Tools > Update database, or wp wc update",
    });
  });

  it("are the site's first, which may say the catalog's otherwise", () => {
    expect(site(OWN).rules.data_updates.map(({ plugin }) => plugin)).toEqual(["Acme", "WooCommerce"]);
    const again = OWN.replace("Acme_Install::needs_update", "WC_Install::needs_db_update");
    expect(site(again).rules.data_updates.map(({ start }) => start)).toEqual(["Acme > Update"]);
  });

  it.each(["system('id')", "a b", "Acme::", "::x", "Acme\\\\", "`id`", "$x"])("are no code: %s", (waits) => {
    const text = OWN.replace("Acme_Install::needs_update", JSON.stringify(waits));
    const parsed = parseSiteConfig(EXAMPLE.replace("promotion:\n", `promotion:\n${text}`), catalog);
    expect(parsed.ok ? [] : parsed.errors.map(({ path }) => path)).toEqual([
      "promotion.data_updates[0].waits",
    ]);
  });
});

describe("the plan", () => {
  const warned = (source: string, target: string | null) => {
    const { config, rules } = site();
    const at = (version: string | null) =>
      fingerprint({
        options: version === null ? {} : options({ woocommerce_db_version: version }, "derived"),
      });
    const now = { source: at(source), target: at(target) };
    const plan = makePlan({
      ...{ config, rules, manifest: manifest(), baseline: now, now },
      ...{ compared: { source: null, target: null }, mode: "strict" },
    });
    return plan.warnings.filter(({ code }) => code === "data_update_waits");
  };

  it("says where the source's rows are at another version than production's", () => {
    const [warning, ...more] = warned("9.2.0", "9.1.0");
    expect(more).toEqual([]);
    expect(warning?.text).toContain(
      "`WooCommerce` updates its rows in its own time, and `woocommerce_db_version`",
    );
    expect(warning?.remedy).toContain("`WooCommerce > Status > Tools > Update database, or wp wc update`");
  });

  it("says nothing where they are equal, or production has no shop", () => {
    expect([...warned("9.2.0", "9.2.0"), ...warned("9.2.0", null)]).toEqual([]);
  });
});

const update: NonNullable<WaitingFacts["updates"]>[number] = {
  plugin: "WooCommerce",
  state: "waits",
  version: "9.1.0",
  steps: ["9.2.0", "9.3.0"],
  planned: 0,
  detail: "",
  start: "WooCommerce > Status",
};

function words(waiting: WaitingFacts, { live = true, back = false } = {}): string {
  const nothing = { changes: [], trouble: [] };
  const facts: MigrationFacts = {
    needed: {
      wordpress: null,
      plugins: [{ plugin: "woocommerce/woocommerce.php", from: "9.1.0", to: "9.3.0" }],
    },
    predicted: live ? nothing : { ...nothing, ...waiting },
    done: live ? { ...nothing, rows: {}, surprises: [], seconds: 1, ...waiting } : null,
  };
  return migrationSection(facts, back);
}

describe("the comment", () => {
  it("says who has to start what waits", () => {
    expect(words({ updates: [update] })).toContain(
      "- ⏳ `WooCommerce`: the update of its rows from `9.1.0` to `9.2.0, 9.3.0` waits; somebody has to start it: `WooCommerce > Status`. Belay does not begin it.",
    );
    expect(words({ updates: [update] }, { live: false })).toContain("will wait; somebody has to start it");
  });

  it("says what begins by itself", () => {
    expect(words({ updates: [{ ...update, planned: 3 }] })).toContain(
      "waits; it is planned as 3 background jobs and begins by itself.",
    );
    expect(words({ jobs: { wc_tidy: 1 } })).toContain(
      "⏳ the upgrade has planned a background job: `wc_tidy` (1)",
    );
  });

  it("says who could not be asked", () => {
    const unknown = { ...update, state: "unknown", detail: "no tables" } as const;
    expect(words({ updates: [unknown] })).toContain(
      "`WooCommerce` could not be asked whether its rows wait for an update: no tables. Look at it in wp-admin.",
    );
  });

  it("says after a rollback only what stayed planned", () => {
    const told = words(
      { updates: [update, { ...update, plugin: "Acme", planned: 1 }], jobs: { tidy: 2 } },
      { back: true },
    );
    expect(told).not.toContain("WooCommerce`:");
    expect(told).toContain(
      "`Acme`: 1 background job of the new code stayed planned, and the code of before will meet it",
    );
    expect(told).toContain("`tidy`: 2 background jobs of the new code stayed planned");
  });
});
