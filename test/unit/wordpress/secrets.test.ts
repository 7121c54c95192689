/** No value of a payment provider's, a mailer's or a licence's option is ever shown, whatever a host tells of it. */
import fc from "fast-check";
import { expect, it } from "vitest";
import { loadCatalog } from "../../../src/catalog-files.ts";
import { parseSiteConfig } from "../../../src/core/config/parse.ts";
import { planSection } from "../../../src/core/rendering/plan.ts";
import { compareSides } from "../../../src/core/wordpress/comparison.ts";
import { makePlan } from "../../../src/core/wordpress/plan.ts";
import { compileRules, optionRule } from "../../../src/core/wordpress/rules.ts";
import { EXAMPLE } from "../config/example.ts";
import { fingerprint, manifest, options } from "./facts.ts";

const catalog = loadCatalog();
const parsed = parseSiteConfig(EXAMPLE, catalog);
if (!parsed.ok) throw new Error(JSON.stringify(parsed.errors));
const site = { config: parsed.config, rules: compileRules(parsed.config, catalog) };

/** How gateways and their neighbours name their rows; `*` is the gateway. */
const SHAPES = [
  ...["woocommerce_*_settings", "woocommerce_*_api_key", "woocommerce_gateway_*_settings", "wc_*_settings"],
  ...[
    "wc_*_secret",
    "*_settings",
    "*_api_secret",
    "*_live_mode",
    "*_license_key",
    "*_webhook_url",
    "*_access_token",
  ],
  ...[
    "edd_*_license_key",
    "edds_*",
    "pmpro_*_secretkey",
    "gf_*_settings",
    "mepr_*_password",
    "wpforms_*_key",
  ],
] as const;
const KNOWN = [
  "stripe",
  "paypal",
  "ppcp-gateway",
  "mollie",
  "klarna_payments",
  "square_credit_card",
  "braintree",
];
const gateway = fc.oneof(fc.constantFrom(...KNOWN), fc.stringMatching(/^[a-z][a-z0-9]{2,9}(_[a-z]{2,6})?$/));
const option = fc
  .tuple(fc.constantFrom(...SHAPES), gateway)
  .map(([shape, name]) => shape.replace("*", () => name));

/** Longer than anything that is written into sentences, and in no name. */
const SECRET = "SK-LIVE-5f2c9a-THE-VALUE";

function planOf(names: readonly string[]) {
  const at = (value: string) =>
    fingerprint({ options: options(Object.fromEntries(names.map((one) => [one, value]))) });
  const told = {
    differences: { tables: {}, files: {}, code: null },
    option_values: Object.fromEntries(names.map((name) => [name, SECRET])),
  };
  const [before, source, target] = [at("1"), at("2"), at("3")];
  return makePlan({
    ...site,
    manifest: manifest([], names),
    baseline: { source: before, target: before },
    now: { source, target },
    compared: { source: told, target: told },
    mode: "strict",
  });
}

it("neither in the plan nor in what is shown of it", () => {
  fc.assert(
    fc.property(fc.uniqueArray(option, { minLength: 1, maxLength: 12 }), (names) => {
      const made = planOf(names);
      expect(made.options).toHaveLength(names.length);
      expect(JSON.stringify(made)).not.toContain(SECRET);
      expect(planSection(made, { room: 60_000, operation: "an-id" })).not.toContain(SECRET);
      const [one, two] = ["a", "b"].map((value) =>
        fingerprint({ options: options(Object.fromEntries(names.map((name) => [name, value]))) }),
      );
      if (one !== undefined && two !== undefined)
        expect(JSON.stringify(compareSides({ source: one, target: two }))).not.toContain(SECRET);
    }),
    { numRuns: 300 },
  );
});

it("but of plain configuration both are shown: the test above can fail", () => {
  expect(JSON.stringify(planOf(["blogname"]))).toContain(SECRET);
});

it.each([
  "woocommerce_stripe_settings",
  "woocommerce_ppcp-gateway_settings",
  "woocommerce_newpay_settings",
  "woocommerce_acmepay_gateway_settings",
  "wp_mail_smtp",
  "wpcf7_recaptcha",
  "edd_settings",
  "mailchimp_woocommerce_settings",
])("production's own %s stays: it is never promoted by the catalog alone", (name) => {
  const rule = optionRule(site.rules, name, "wp_");
  expect([rule?.class, rule?.origin === "unknown"]).not.toEqual(["config", false]);
});

it.each([
  "woocommerce_customer_processing_order_settings",
  "woocommerce_new_order_settings",
  "woocommerce_flat_rate_3_settings",
  "woocommerce_cod_settings",
  "woocommerce_currency",
])("%s holds no credentials and travels", (name) => {
  expect(optionRule(site.rules, name, "wp_")).toMatchObject({
    class: "config",
    origin: "catalog:woocommerce",
  });
});
