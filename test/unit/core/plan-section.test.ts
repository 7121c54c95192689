/** The plan as it stands in the comment: every table, who classed it, and what happens to it. */
import { expect, it } from "vitest";
import { loadCatalog } from "../../../src/catalog-files.ts";
import { parseSiteConfig } from "../../../src/core/config/parse.ts";
import { planSection } from "../../../src/core/rendering/plan.ts";
import { makePlan } from "../../../src/core/wordpress/plan.ts";
import { compileRules } from "../../../src/core/wordpress/rules.ts";
import { EXAMPLE } from "../config/example.ts";
import { files, fingerprint, manifest, options, table } from "../wordpress/facts.ts";

const catalog = loadCatalog();
const parsed = parseSiteConfig(EXAMPLE, catalog);
if (!parsed.ok) throw new Error(JSON.stringify(parsed.errors));

const posts = table("editorial", { "1": "a" }, { origin: "preset:content-protect" });
const rates = table("config", { "1": "a" }, { origin: "catalog:woocommerce" });
const base = fingerprint({
  tables: { posts, acme_widgets: table("config", { "1": "a" }), woocommerce_tax_rates: rates },
  options: options({ blogname: "a", acme_banner: "1" }),
  code: files({ "a.php": "1", "b.php": "1" }),
});
const unknown = { origin: "unknown" };
const nothing = { tables: {}, files: {}, code: null };
const section = planSection(
  makePlan({
    config: parsed.config,
    rules: compileRules(parsed.config, catalog),
    manifest: manifest(["acme_widgets"], ["blogname", "acme_banner"]),
    baseline: { source: base, target: base },
    now: {
      source: {
        ...base,
        tables: {
          ...base.tables,
          acme_widgets: table("config", { "1": "b", "2": "b" }),
          acme_new: table("unclassified", { "1": "a" }, unknown),
        },
        options: options({ blogname: "b", acme_banner: "2" }),
        code: files({ "a.php": "2", "b.php": "1" }),
      },
      target: {
        ...base,
        tables: { ...base.tables, acme_log: table("unclassified", { "1": "a" }, unknown) },
        options: options({ blogname: "c", acme_banner: "1" }),
        code: files({ "a.php": "1", "b.php": "2" }),
        code_edits: [{ path: "b.php", change: "changed" }],
      },
    },
    compared: {
      source: { differences: nothing, option_values: { blogname: "New | shop" } },
      target: { differences: nothing, option_values: { blogname: "Old shop" } },
    },
    mode: "strict",
  }),
  { room: 65_000, operation: "an-id" },
);

const HEAD = `| table | class | action | class given by | rows: source → target | why |
|---|---|---|---|---|---|`;

it.each([
  [
    "what is in the way, with the lines to paste",
    `In the way:
- Production's code was changed there since its release \`aaaaaaaaaaaa\`, by hand or by an automatic update: \`b.php\` (changed in production only).`,
  ],
  [
    "the lines to paste, as they must stand in the file",
    `for configuration.

\`\`\`yaml
promotion:
  tables: # protect: [...], or live: [...], or promote: [...]
    protect: ["acme_log"]
\`\`\`
`,
  ],
  [
    "every file of the code with who changed it",
    `<details><summary>Code: 2 files (1 keep, 1 promote)</summary>

| file | action | who changed it |
|---|---|---|
| \`b.php\` | **keep** | changed in production only: production's stays, nothing is promoted over it |
| \`a.php\` | **promote** | changed in the source |`,
  ],
  [
    "both values of an option where they may be shown",
    `| option | class | action | source has now | target has now | why |
|---|---|---|---|---|---|
| \`acme_banner\` | config | **promote** |  |  | Only the source changed it since the baseline. Look at it: nothing classifies it. |
| \`blogname\` | config | **conflict** | \`New \\| shop\` | \`Old shop\` | Source and production both changed it since the baseline. |`,
  ],
  [
    "unclassified tables, of either side",
    `<details><summary>unclassified: 2 tables (nothing says what they are)</summary>

${HEAD}
| \`acme_log\` | unclassified | **unclassified** | nothing | absent → 1 | No preset, no catalog entry and no line of the site's configuration knows it. |
| \`acme_new\` | unclassified | **unclassified** | nothing | 1 → absent |`,
  ],
  [
    "tables that are promoted, and where their class is written",
    `<details><summary>promote: 1 table (replaced by the source's)</summary>

${HEAD}
| \`acme_widgets\` | config | **promote** | \`.github/belay.yml\` | 2 → 1 | Only the source changed it since the baseline. |`,
  ],
  [
    "tables that the preset names and nobody has",
    "| `woocommerce_orders` | live | **absent** | preset `commerce-protect` | absent → absent | The preset protects it; neither side has it. |",
  ],
  [
    "protected tables",
    "| `posts` | editorial | **protect** | preset `content-protect` | 1 → 1 | Editors' work: production's is never overwritten. |",
  ],
  [
    "tables that stay as they are",
    "| `woocommerce_tax_rates` | config | **keep** | catalog `woocommerce` | 1 → 1 | Neither side changed it since the baseline. |",
  ],
])("shows %s", (_what, text) => {
  expect(section).toContain(text);
});
