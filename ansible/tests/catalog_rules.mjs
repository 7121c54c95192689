// Prints what the bot gives a refresh of a shop: the rules of the shipped catalog, and what a copy gets. Argument: personal_data.
import { loadCatalog } from "../../src/catalog-files.ts";
import { parseSiteConfig } from "../../src/core/config/parse.ts";
import { compileRules } from "../../src/core/wordpress/rules.ts";

const environment = (type, branch) =>
  `{type: ${type}, branch: ${branch}, url: "https://${branch}.example", host: web, root: /srv/${branch}, database: {name: ${branch}, prefix: wp_}`;
const text = `version: 1
site: shop
path: [staging, live]
environments:
  staging: ${environment("staging", "staging")}, cloned_from: live}
  live: ${environment("production", "live")}}
promotion: {preset: commerce-protect}
refresh: {personal_data: ${process.argv[2]}}
health: [{path: /, contains: Shop}]
`;
const catalog = loadCatalog();
const parsed = parseSiteConfig(text, catalog);
if (!parsed.ok) throw new Error(JSON.stringify(parsed.errors));
process.stdout.write(JSON.stringify(compileRules(parsed.config, catalog)));
