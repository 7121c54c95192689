/** The lists of the specification and of what is known of WordPress and its plugins, word for word: each name has its class. */
import { describe, expect, it } from "vitest";
import { loadCatalog } from "../../../src/catalog-files.ts";
import { parseSiteConfig } from "../../../src/core/config/parse.ts";
import { presetLists } from "../../../src/core/wordpress/catalog.ts";
import { compileRules, optionRule, tableRule } from "../../../src/core/wordpress/rules.ts";
import { EXAMPLE } from "../config/example.ts";

const catalog = loadCatalog();
const parsed = parseSiteConfig(EXAMPLE, catalog);
if (!parsed.ok) throw new Error(JSON.stringify(parsed.errors));
const rules = compileRules(parsed.config, catalog);
const words = (text: string) => text.trim().split(/\s+/);
const tablesOf = (names: string) =>
  Object.fromEntries(words(names).map((name) => [name, tableRule(rules, name)?.class ?? "unclassified"]));
const optionsOf = (names: string) =>
  Object.fromEntries(words(names).map((name) => [name, optionRule(rules, name, "wp_")?.class ?? "none"]));
const all = (names: string, kind: string) => Object.fromEntries(words(names).map((name) => [name, kind]));

describe("the presets hold what the specification protects", () => {
  const named = (preset: "content-protect" | "commerce-protect", list: string) =>
    presetLists(catalog, preset)
      .filter((entry) => entry.list === list && entry.preset === preset)
      .flatMap(({ tables }) => tables);
  const prefixed = (tables: readonly string[]) => tables.map((table) => `wp_${table}`);

  it("content-protect", () => {
    expect(prefixed(named("content-protect", "specification"))).toEqual(
      words(
        "wp_posts wp_postmeta wp_terms wp_term_taxonomy wp_term_relationships wp_comments wp_commentmeta",
      ),
    );
    expect(named("content-protect", "additions")).toEqual(words("termmeta users usermeta"));
    expect(catalog.presets["content-protect"].files).toEqual(["wp-content/uploads"]);
  });
  it("commerce-protect: all of content-protect, and the shop's tables", () => {
    expect(prefixed(named("commerce-protect", "specification"))).toEqual(
      words(
        "wp_woocommerce_orders wp_woocommerce_order_items wp_woocommerce_order_itemmeta wp_wc_customer_lookup wp_wc_order_stats",
      ),
    );
    expect(catalog.presets["commerce-protect"].implies).toEqual(["content-protect"]);
    expect(catalog.presets["commerce-protect"].files).toEqual(["wp-content/uploads"]);
  });
});

describe("tables", () => {
  it("of WordPress", () => {
    const editorial = "posts links postmeta terms term_taxonomy term_relationships termmeta";
    expect(tablesOf(editorial)).toEqual(all(editorial, "editorial"));
    expect(tablesOf("comments commentmeta users usermeta")).toEqual(
      all("comments commentmeta users usermeta", "live"),
    );
  });
  it.each([
    [
      "live",
      `wc_orders wc_orders_meta wc_order_addresses wc_order_operational_data woocommerce_order_items
       woocommerce_order_itemmeta woocommerce_payment_tokens woocommerce_payment_tokenmeta
       woocommerce_downloadable_product_permissions wc_download_log wc_order_fulfillments wc_order_fulfillment_meta
       wc_stock_notifications wc_stock_notificationmeta wc_reserved_stock wc_product_inventory
       wc_locations wc_pos_cash_sessions wc_pos_cash_movements wc_pos_cash_drawer_events wc_order_stats wc_customer_lookup`,
    ],
    ["secret", "woocommerce_api_keys wc_webhooks"],
    [
      "config",
      `woocommerce_attribute_taxonomies woocommerce_tax_rates woocommerce_tax_rate_locations woocommerce_shipping_zones
       woocommerce_shipping_zone_locations woocommerce_shipping_zone_methods wc_tax_rate_classes wc_product_download_directories`,
    ],
    [
      "derived",
      `wc_product_meta_lookup wc_product_attributes_lookup wc_category_lookup wc_order_product_lookup
       wc_order_tax_lookup wc_order_coupon_lookup`,
    ],
    [
      "noise",
      `woocommerce_sessions woocommerce_log wc_rate_limits wc_admin_notes wc_admin_note_actions
       actionscheduler_actions actionscheduler_claims actionscheduler_groups actionscheduler_logs`,
    ],
  ])("of WooCommerce and its scheduler: %s", (kind, names) => {
    expect(tablesOf(names)).toEqual(all(names, kind));
  });
  it.each([
    [
      "live",
      `gf_entry gf_entry_meta gf_entry_notes gf_draft_submissions gf_form_view wpforms_entries wpforms_entry_fields
       wpforms_payments edd_orders edd_customers bp_activity bp_messages_messages mepr_transactions
       learndash_user_activity learndash_user_activity_meta learndash_pro_quiz_statistic learndash_pro_quiz_statistic_ref
       e_submissions e_submissions_values fluentform_submissions fc_subscribers pmpro_memberships_users mailpoet_subscribers`,
    ],
    ["config", "gf_form gf_form_meta gf_form_revisions gf_addon_feed"],
    ["secret", "gf_rest_api_keys wfconfig wfls_2fa_secrets mailpoet_settings"],
    ["noise", "wpforms_tasks_meta wfhits wfblocks7 wfanything_new mailpoet_sending_queues redirection_logs"],
    ["derived", "yoast_indexable yoast_seo_links yoast_primary_term"],
    ["editorial", "redirection_items rank_math_redirections mailpoet_newsletters"],
  ])("of other plugins: %s", (kind, names) => {
    expect(tablesOf(names)).toEqual(all(names, kind));
  });
});

describe("options", () => {
  it.each([
    [
      "secret",
      `siteurl home admin_email blog_public upload_path upload_url_path auth_key auth_salt secure_auth_key secure_auth_salt
       logged_in_key logged_in_salt nonce_key nonce_salt recovery_keys recovery_mode_auth_key wp_user_roles
       wc_subscriptions_siteurl jetpack_options woocommerce_stripe_settings woocommerce-ppcp-settings
       woocommerce_square_credit_card_settings wp_mail_smtp elementor_pro_license_key rg_gforms_key`,
    ],
    [
      "derived",
      `rewrite_rules db_version woocommerce_db_version woocommerce_custom_orders_table_enabled
       woocommerce_custom_orders_table_data_sync_enabled gf_db_version _bp_db_version mepr_db_version`,
    ],
    ["noise", "cron _transient_x _transient_timeout_x _site_transient_update_plugins"],
    ["config", "active_plugins template stylesheet"],
  ])("%s", (kind, names) => {
    expect(optionsOf(names)).toEqual(all(names, kind));
  });
  it("refer to content by ids that are resolved on both sides", () => {
    expect(rules.reference_options).toMatchObject({
      page_on_front: "post",
      page_for_posts: "post",
      site_icon: "post",
      woocommerce_shop_page_id: "post",
      woocommerce_cart_page_id: "post",
      woocommerce_checkout_page_id: "post",
      woocommerce_myaccount_page_id: "post",
      woocommerce_terms_page_id: "post",
    });
  });
});

describe("files", () => {
  it("are protected, volatile, or each environment's own", () => {
    expect(rules.protected_paths).toContain("wp-content/uploads");
    expect(rules.volatile_paths).toEqual(
      expect.arrayContaining([
        "wp-content/uploads/elementor/css",
        "wp-content/uploads/cache",
        "wp-content/uploads/wc-logs",
      ]),
    );
    expect(rules.shared_paths).toEqual(
      expect.arrayContaining([
        "wp-config.php",
        ".env",
        "robots.txt",
        "wp-content/object-cache.php",
        "wp-content/advanced-cache.php",
      ]),
    );
  });
});
