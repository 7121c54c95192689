import { describe, expect, it } from "vitest";
import { loadCatalog } from "../../../src/catalog-files.ts";
import { parseSiteConfig } from "../../../src/core/config/parse.ts";
import { Mask } from "../../../src/core/jobs.ts";
import { compileRules, tableRule } from "../../../src/core/wordpress/rules.ts";
import { EXAMPLE } from "../config/example.ts";

const catalog = loadCatalog();
function rulesFor(refresh: string, change: (text: string) => string = (text) => text) {
  const parsed = parseSiteConfig(`${change(EXAMPLE)}refresh: ${refresh}\n`, catalog);
  if (!parsed.ok) throw new Error(JSON.stringify(parsed.errors));
  return compileRules(parsed.config, catalog);
}
const content = (text: string) => text.replace("commerce-protect", "content-protect");
const maskedTables = (rules: ReturnType<typeof rulesFor>) =>
  new Set(rules.copy.masks.map(({ table }) => table));

describe("what a copy gets", () => {
  it("is everything, unless the site says otherwise", () => {
    const { copy } = rulesFor("{}");
    expect(copy).toMatchObject({ leave_out_tables: [], leave_out_files: [], masks: [] });
    expect(copy.clone_options).toEqual([
      "siteurl",
      "home",
      "admin_email",
      "blog_public",
      "upload_path",
      "upload_url_path",
      "{prefix}user_roles",
    ]);
  });
  it("is made-up text where personal data is masked", () => {
    const rules = rulesFor("{personal_data: mask}");
    const masked = maskedTables(rules);
    for (const name of [
      "users",
      "usermeta",
      "comments",
      "wc_orders",
      "wc_order_addresses",
      "gf_entry_meta",
      "postmeta",
    ])
      expect(masked).toContain(name);
    expect(rules.copy.leave_out_tables).toEqual([]);
    for (const mask of rules.copy.masks) expect(Mask.parse(mask)).toEqual(mask);
  });
  it("is no visitors' rows where they are left out; people and rows among editors' work are masked", () => {
    const rules = rulesFor("{personal_data: leave_out, leave_out: {tables: [acme_bookings]}}");
    const left = rules.copy.leave_out_tables;
    for (const name of [
      "acme_bookings",
      "comments",
      "commentmeta",
      "wc_orders",
      "woocommerce_order_items",
      "wc_customer_lookup",
      "gf_entry",
      "edd_*",
      "fc_*",
    ])
      expect(left).toContain(name);
    for (const name of [
      "users",
      "usermeta",
      "posts",
      "postmeta",
      "options",
      "wc_*",
      "woocommerce_*",
      "wpforms_tasks_meta",
    ])
      expect(left).not.toContain(name);
    expect([...maskedTables(rules)].sort()).toEqual(["postmeta", "posts", "usermeta", "users"]);
  });
  it("never lacks a promotable table, and never has one in another form", () => {
    for (const change of [content, (text: string) => text]) {
      const rules = rulesFor("{personal_data: leave_out}", (text) =>
        change(text).replace("promote: [acme_widgets]", "promote: [acme_widgets, gf_entry_meta]"),
      );
      expect(maskedTables(rules)).not.toContain("gf_entry_meta");
      const promotable = catalog.files.flatMap(({ tables }) => tables.flatMap((entry) => entry.tables));
      for (const name of promotable.filter((one) => tableRule(rules, one)?.class === "config"))
        expect(rules.copy.leave_out_tables).not.toContain(name);
    }
  });
  it("has each personal column in the catalog under a table that the catalog knows", () => {
    const rules = rulesFor("{}");
    for (const { name, personal } of catalog.files)
      for (const entry of personal)
        expect(tableRule(rules, entry.table), `${name}: ${entry.table}`).not.toBeNull();
  });
});
