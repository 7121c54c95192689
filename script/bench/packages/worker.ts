/** One validation, as the action does it. Arguments: folder, head, base (empty: everything). */
import { setFlagsFromString } from "node:v8";
import { baseAt, treeAt } from "../../../src/action/packages/tree.ts";
import { DEFAULT_CONFIGURATION } from "../../../src/core/packages/configuration.ts";
import { validate } from "../../../src/core/packages/validate.ts";

// As the action does.
setFlagsFromString("--heap-growing-percent=30");
const [folder = "", head = "", base = ""] = process.argv.slice(2);
const report = validate({
  head: treeAt(folder, head),
  base: base === "" ? null : baseAt(folder, base, head),
  configuration: DEFAULT_CONFIGURATION,
  guardrails: [
    {
      id: "no-score",
      pattern: "\\bconfidence score\\b",
      ignore_case: true,
      files: ["prompts/*"],
      sentence: "Scores are forbidden.",
      remedy: "Remove it.",
    },
  ],
  scope: base === "" ? "all" : "changed",
});
const peak_rss_mb = Math.round(process.resourceUsage().maxRSS / 1024);
for (const finding of report.findings.slice(0, 5)) console.error(JSON.stringify(finding));
console.log(JSON.stringify({ releases: report.checked.releases, errors: report.errors, peak_rss_mb }));
