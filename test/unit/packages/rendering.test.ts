import { marked } from "marked";
import { expect, it } from "vitest";
import { annotationBatches } from "../../../src/core/packages/rendering/annotations.ts";
import { sarifOf } from "../../../src/core/packages/rendering/sarif.ts";
import { renderReport, reportTitle } from "../../../src/core/packages/rendering/summary.ts";
import type { Finding, ValidationReport } from "../../../src/core/packages/types.ts";

const EVIL = "a`b | <img src=x> @everyone [x](https://evil.example) \u202e";
const finding = (line: number): Finding => ({
  file: `docs/${EVIL}.json`,
  line,
  column: 3,
  rule: "syntax",
  severity: line % 2 === 0 ? "error" : "warning",
  sentence: `The key \`${EVIL}\` is wrong.`,
  remedy: "Remove it.",
});
const report = (count: number): ValidationReport => ({
  schema: 1,
  valid: false,
  errors: Math.floor(count / 2),
  warnings: Math.ceil(count / 2),
  findings: Array.from({ length: count }, (_, at) => finding(at + 1)),
  packages: [
    {
      root: "",
      kind: "document_types",
      id: EVIL,
      version: "1.1.0",
      folder: "x",
      change: "added",
      previous: "1.0.0",
      needs: "major",
      gives: "minor",
      reasons: [{ bump: "major", sentence: `\`${EVIL}\` was removed`, file: "x", line: 1 }],
      suggestion: { version: "2.0.0", folder: "document_types/a/releases/2.0.0" },
    },
  ],
  pointers: [{ root: "", kind: "document_types", id: EVIL, from: null, to: "1.1.0" }],
  checked: { releases: 1, files: 5 },
});

it("annotates every finding, fifty in a request, inside GitHub's limits", () => {
  const batches = annotationBatches(report(121).findings);
  expect(batches.map(({ length }) => length)).toEqual([50, 50, 21]);
  expect(batches[2]?.[20]).toMatchObject({
    start_line: 121,
    end_line: 121,
    start_column: 3,
    annotation_level: "warning",
    title: "syntax",
  });
  expect(batches[0]?.[0]?.message).not.toMatch(/[\u202e`]/);
});

it("says everything in Markdown, and nothing in it is live", async () => {
  const text = renderReport(report(130), 65_535);
  expect(text).toContain("**65 errors in 1 release**");
  expect(text).toContain("And 30 more");
  expect(text).toContain("create `document_types/a/releases/2.0.0` with `version: 2.0.0`");
  const html = await marked.parse(text);
  expect(html).not.toMatch(/<img|href|[^\u200b`]@everyone(?![^<]*<\/code>)/);
  expect(html.match(/<tr>/g)).toHaveLength(1 + 100 + 1 + 1);
  expect(renderReport(report(130), 2_000).length).toBeLessThanOrEqual(2_000);
  expect(reportTitle({ ...report(0), errors: 0, warnings: 1 })).toBe("1 release valid, 1 warning");
});

const sarifFinding = (more: Partial<Finding>): ValidationReport => ({
  ...report(0),
  findings: [{ ...finding(2), ...more }],
});
const resultOf = (more: Partial<Finding>) => sarifOf(sarifFinding(more)).runs[0]?.results[0];

it("writes SARIF as its specification wants it: version, rules, levels, places", () => {
  const log = sarifOf(sarifFinding({ rule: "guardrail/no-secrets", line: 1, column: 1 }));
  expect(log).toMatchObject({
    $schema: "https://json.schemastore.org/sarif-2.1.0.json",
    version: "2.1.0",
    runs: [{ columnKind: "utf16CodeUnits", tool: { driver: { name: "Belay" } } }],
  });
  const rules = log.runs[0]?.tool.driver.rules ?? [];
  expect(new Set(rules.map(({ id }) => id)).size).toBe(rules.length);
  for (const { id, name, shortDescription, fullDescription, help } of rules) {
    expect(name).toMatch(/^([A-Z][a-z0-9]*)+$/);
    expect(name).not.toBe(id);
    for (const { text } of [shortDescription, fullDescription, help]) expect(text).toMatch(/^[A-Z].+\.$/);
  }
  expect(rules.at(-1)).toMatchObject({ id: "guardrail/no-secrets", name: "GuardrailNoSecrets" });
  const [result] = log.runs[0]?.results ?? [];
  expect(result).toMatchObject({
    ruleId: "guardrail/no-secrets",
    ruleIndex: rules.length - 1,
    level: "error",
  });
  expect(result?.locations[0]?.physicalLocation.region).toEqual({ startLine: 1, startColumn: 1 });
});

it.each([
  ["a b/100%/\u00fcber.json", "a%20b/100%25/%C3%BCber.json"],
  ["c:/x?y#z.json", "c%3A/x%3Fy%23z.json"],
  ["a\\b/\ud83d\ude00.json", "a%5Cb/%F0%9F%98%80.json"],
  ["half \ud83d.json", "half%20%EF%BF%BD.json"],
])("writes the path %j as a URI that leads to it", (file, uri) => {
  const found = resultOf({ file })?.locations[0]?.physicalLocation.artifactLocation.uri ?? "";
  expect(found).toBe(uri);
  const base = "https://repository.example/";
  expect(decodeURIComponent(new URL(found, base).pathname)).toBe(`/${file.toWellFormed()}`);
});

it("writes messages in which nothing is an argument or a link", () => {
  const said = resultOf({ sentence: "`a{2}` and {0}: [here](https://evil.example)", remedy: "Go." })?.message
    .text;
  expect(said).toBe("`a{{2}}` and {{0}}: [here] (https://evil.example) Go.");
});

it("writes SARIF whose results name rules that are there", () => {
  const { runs, version } = sarifOf(report(3));
  expect(version).toBe("2.1.0");
  const [run] = runs;
  for (const result of run?.results ?? []) {
    expect(run?.tool.driver.rules[result.ruleIndex]?.id).toBe(result.ruleId);
    expect(result.locations[0]?.physicalLocation.artifactLocation.uri).not.toMatch(/[ <>`|]/);
  }
  const prints = run?.results.map(({ partialFingerprints }) => partialFingerprints["belay/v1"]);
  expect(new Set(prints).size).toBe(1);
});
