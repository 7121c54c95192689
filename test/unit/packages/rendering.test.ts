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
