import { describe, expect, it } from "vitest";
import { loadCatalog } from "../../../src/catalog-files.ts";
import { parseSiteConfig } from "../../../src/core/config/parse.ts";
import { TableRule } from "../../../src/core/jobs.ts";
import { CatalogError, parseCatalog, protectedTables } from "../../../src/core/wordpress/catalog.ts";
import { compileRules, optionRule, tableRule } from "../../../src/core/wordpress/rules.ts";
import { EXAMPLE } from "../config/example.ts";

const catalog = loadCatalog();

function rulesFor(change: (text: string) => string = (text) => text) {
  const parsed = parseSiteConfig(change(EXAMPLE), catalog);
  if (!parsed.ok) throw new Error(JSON.stringify(parsed.errors));
  return compileRules(parsed.config, catalog);
}
const content = (text: string) => text.replace("commerce-protect", "content-protect");
const shown = (rules: ReturnType<typeof rulesFor>, table: string) => {
  const rule = tableRule(rules, table);
  return rule === null ? "unclassified" : `${rule.class} ${rule.origin}`;
};
const optionShown = (rules: ReturnType<typeof rulesFor>, option: string, prefix = "wp_") => {
  const rule = optionRule(rules, option, prefix);
  return rule === null ? "none" : `${rule.class} ${rule.origin}`;
};

describe("the presets", () => {
  const SPECIFIED = {
    content: ["posts", "postmeta", "terms", "term_taxonomy", "term_relationships", "comments", "commentmeta"],
    commerce: [
      "woocommerce_orders",
      "woocommerce_order_items",
      "woocommerce_order_itemmeta",
      "wc_customer_lookup",
      "wc_order_stats",
    ],
  };
  it("protect at least what the specification names", () => {
    expect(protectedTables(catalog, "content-protect")).toEqual(expect.arrayContaining(SPECIFIED.content));
    expect(protectedTables(catalog, "commerce-protect")).toEqual(
      expect.arrayContaining([...SPECIFIED.content, ...SPECIFIED.commerce]),
    );
    expect(protectedTables(catalog, "no-preset")).toEqual([]);
  });
  it("protect people and what belongs to content as well", () => {
    expect(protectedTables(catalog, "content-protect")).toEqual(
      expect.arrayContaining(["termmeta", "users", "usermeta"]),
    );
  });
});

describe("what a table is", () => {
  const rules = rulesFor();
  it.each([
    ["posts", "editorial preset:content-protect"],
    ["comments", "live preset:content-protect"],
    ["wc_order_stats", "live preset:commerce-protect"],
    ["wc_orders", "live preset:commerce-protect"],
    ["woocommerce_sessions", "noise catalog:woocommerce"],
    ["woocommerce_api_keys", "secret catalog:woocommerce"],
    ["woocommerce_tax_rates", "config catalog:woocommerce"],
    ["wc_product_meta_lookup", "derived catalog:woocommerce"],
    ["wc_something_new", "live catalog:woocommerce"],
    ["woocommerce_something_new", "live catalog:woocommerce"],
    ["actionscheduler_actions", "noise catalog:action-scheduler"],
    ["gf_entry", "live catalog:gravity-forms"],
    ["gf_form", "config catalog:gravity-forms"],
    ["edd_orders", "live catalog:easy-digital-downloads"],
    ["bp_activity", "live catalog:buddypress"],
    ["e_submissions_values", "live catalog:elementor"],
    ["fc_subscribers", "live catalog:fluent-forms"],
    ["wfconfig", "secret catalog:wordfence"],
    ["wfanything", "noise catalog:wordfence"],
    ["yoast_indexable", "derived catalog:yoast"],
    ["acme_widgets", "config site"],
    ["acme_bookings", "editorial site"],
    ["acme_unheard_of", "unclassified"],
  ])("%s is %s", (table, wanted) => {
    expect(shown(rules, table)).toBe(wanted);
  });

  it("depends on the preset: statistics of orders are derived where no shop is protected", () => {
    expect(shown(rulesFor(content), "wc_order_stats")).toBe("derived catalog:woocommerce");
    expect(shown(rulesFor(content), "wc_orders")).toBe("live catalog:woocommerce");
  });

  it("is decided by the preset first, then by the site, then by the catalog", () => {
    const site = rulesFor((text) =>
      content(text)
        .replace("protect: [acme_bookings]", 'protect: ["gf_*", acme_both, posts]')
        .replace("promote: [acme_widgets]", 'promote: [acme_both, yoast_indexable, "gf_form"]'),
    );
    expect(shown(site, "posts")).toBe("editorial preset:content-protect");
    expect(shown(site, "acme_both")).toBe("editorial site");
    expect(shown(site, "gf_form")).toBe("editorial site");
    expect(shown(site, "gf_entry")).toBe("live site");
    expect(shown(site, "gf_new")).toBe("editorial site");
    expect(shown(site, "yoast_indexable")).toBe("config site");
  });

  it("comes with its rows' rules, whoever classified it", () => {
    const posts = tableRule(rules, "posts");
    expect(posts?.ignore_columns).toEqual(["comment_count"]);
    expect(posts?.rows).toContainEqual({ class: "noise", match: { post_status: { in: ["auto-draft"] } } });
    expect(
      posts?.rows.some(
        ({ class: kind, match }) => kind === "live" && match.post_type?.in?.includes("shop_order"),
      ),
    ).toBe(true);
    const usermeta = tableRule(rules, "usermeta");
    expect(usermeta?.rows[0]?.match.meta_key?.in).toContain("session_tokens");
  });

  it("is never said by a rule that a job would refuse", () => {
    for (const rule of rules.table_rules) expect(TableRule.parse(rule)).toEqual(rule);
  });
});

describe("what an option is", () => {
  const rules = rulesFor();
  it.each([
    ["siteurl", "secret catalog:core"],
    ["blog_public", "secret catalog:core"],
    ["wp_user_roles", "secret catalog:core"],
    ["_transient_timeout_x", "noise catalog:core"],
    ["cron", "noise catalog:core"],
    ["db_version", "derived catalog:core"],
    ["rewrite_rules", "derived catalog:core"],
    ["woocommerce_db_version", "derived catalog:woocommerce"],
    ["woocommerce_custom_orders_table_enabled", "derived catalog:woocommerce"],
    ["woocommerce_stripe_settings", "secret catalog:woocommerce"],
    ["woocommerce_currency", "config catalog:woocommerce"],
    ["wc_subscriptions_siteurl", "secret catalog:woocommerce"],
    ["jetpack_options", "secret catalog:jetpack"],
    ["active_plugins", "config catalog:core"],
    ["stylesheet", "config catalog:core"],
    ["blogname", "config catalog:core"],
    ["theme_mods_acme", "config site"],
    ["acme_licence_key", "secret site"],
    ["acme_setting", "config unknown"],
  ])("%s is %s", (option, wanted) => {
    expect(optionShown(rules, option)).toBe(wanted);
  });

  it("knows the roles by the environment's own prefix", () => {
    expect(optionShown(rules, "xyz_user_roles", "xyz_")).toBe("secret catalog:core");
    expect(optionShown(rules, "wp_user_roles", "xyz_")).toBe("config unknown");
  });

  it("lets no site promote an address", () => {
    const site = rulesFor((text) =>
      text.replace('promote: ["theme_mods_*"]', 'promote: ["siteu*", "jetpack_options"]'),
    );
    expect(optionShown(site, "siteurl")).toBe("secret catalog:core");
    expect(optionShown(site, "jetpack_options")).toBe("config site");
  });

  it("prefers what the site keeps to what it promotes", () => {
    const site = rulesFor((text) => text.replace('keep: ["acme_licence_*"]', 'keep: ["theme_mods_*"]'));
    expect(optionShown(site, "theme_mods_acme")).toBe("secret site");
  });
});

describe("paths", () => {
  it("protect uploads and share credentials whatever the site says", () => {
    const rules = rulesFor((text) =>
      text.replace("protect: [wp-content/uploads]", "protect: [wp-content/forms]"),
    );
    expect(rules.protected_paths).toEqual(["wp-content/uploads", "wp-content/forms"]);
    expect(rules.shared_paths).toEqual(
      expect.arrayContaining([
        "wp-config.php",
        ".env",
        "wp-content/uploads",
        "wp-content/forms",
        "robots.txt",
      ]),
    );
    expect(rules.volatile_paths).toEqual(
      expect.arrayContaining(["wp-content/uploads/wc-logs", "wp-content/uploads/elementor/css"]),
    );
  });
  it("are promoted with the code where the site asks for it, credentials never", () => {
    const rules = rulesFor((text) =>
      text.replace("files: {", "files: {promote: [wp-content/object-cache.php, wp-config.php], "),
    );
    expect(rules.shared_paths).not.toContain("wp-content/object-cache.php");
    expect(rules.shared_paths).toContain("wp-config.php");
  });
});

describe("the files of the catalog", () => {
  const preset = (name: string) => ({
    name: `presets/${name}.yml`,
    text: `{preset: ${name}, lists: [{list: specification, class: live, tables: [posts]}]}`,
  });
  const presets = [preset("content-protect"), preset("commerce-protect")];
  it.each([
    ["plugin: X\ntabels: []", "tabels"],
    ["plugin: X\ntables: [{tables: [x], class: unclassified}]", "class"],
    ["plugin: [", "x.yml"],
    ["plugin: X\nvolatile: [../etc]", "volatile"],
  ])("are refused where they are wrong: %j", (text, named) => {
    const parse = () => parseCatalog([...presets, { name: "x.yml", text }]);
    expect(parse).toThrow(CatalogError);
    expect(parse).toThrow(named);
  });
  it("are refused without a preset", () => {
    expect(() => parseCatalog(presets.slice(1))).toThrow(CatalogError);
  });
});
