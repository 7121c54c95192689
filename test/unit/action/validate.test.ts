/** `command: validate` as it ships: dist/index.js in a process of its own, in a repository of git. */
import { execFileSync, spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterAll, beforeAll, expect, it, vi } from "vitest";
import { sampleFiles } from "../../../script/bench/packages/sample.ts";

vi.setConfig({ testTimeout: 120_000, hookTimeout: 120_000 });

const place = mkdtempSync(path.join(tmpdir(), "belay-validate-"));
const repository = path.join(place, "repository");
const bundle = path.resolve(import.meta.dirname, "../../../dist/index.js");
const schema = "document_types/document_0001/releases/1.1.0/schemas/output.schema.json";

const git = (...args: string[]) =>
  execFileSync("git", ["-C", repository, "-c", "user.name=T", "-c", "user.email=t@example.com", ...args], {
    encoding: "utf8",
  }).trim();
function write(file: string, text: string): void {
  mkdirSync(path.dirname(path.join(repository, file)), { recursive: true });
  writeFileSync(path.join(repository, file), text);
}
function commit(): string {
  git("add", "-A");
  git("commit", "--quiet", "-m", "x");
  return git("rev-parse", "HEAD");
}
function run(inputs: Readonly<Record<string, string>>) {
  const env = Object.fromEntries(
    Object.entries({ command: "validate", ...inputs }).map(([name, value]) => [
      `INPUT_${name.toUpperCase()}`,
      value,
    ]),
  );
  const summary = path.join(place, "summary.md");
  const output = path.join(place, "output");
  for (const file of [summary, output]) writeFileSync(file, "");
  const clean = {
    PATH: process.env.PATH ?? "",
    HOME: place,
    GITHUB_WORKSPACE: repository,
    GITHUB_STEP_SUMMARY: summary,
    GITHUB_OUTPUT: output,
  };
  const { status, stdout } = spawnSync(process.execPath, [bundle], {
    cwd: place,
    env: { ...clean, ...env },
    encoding: "utf8",
  });
  return { status, stdout, summary: readFileSync(summary, "utf8"), output: readFileSync(output, "utf8") };
}

let base = "";
beforeAll(() => {
  mkdirSync(repository);
  git("init", "--quiet");
  for (const [file, text] of sampleFiles({ packages: 2, versions: 3 })) write(file, text);
  base = commit();
});
afterAll(() => rmSync(place, { recursive: true, force: true }));

it("passes a right repository", () => {
  const { status, output, summary } = run({});
  expect(status).toBe(0);
  expect(output).toContain("succeeded");
  expect(summary).toContain("10 releases valid");
});

it("fails an edited release on its line, in annotations, report and SARIF", () => {
  const text = readFileSync(path.join(repository, schema), "utf8");
  write(schema, text.replace('"minLength": 1', '"minLength": 2'));
  commit();
  const files = { "report-file": path.join(place, "report.json"), "sarif-file": path.join(place, "a.sarif") };
  const { status, stdout, output } = run({ base, ...files });
  expect(status).toBe(1);
  expect(output).toContain("PACKAGES_INVALID");
  expect(stdout).toMatch(new RegExp(`::error title=immutable,file=${schema},line=\\d+,col=1::`));
  const report = JSON.parse(readFileSync(files["report-file"], "utf8"));
  expect(report).toMatchObject({ valid: false, packages: [{ suggestion: { version: "2.0.0" } }] });
  const { runs } = JSON.parse(readFileSync(files["sarif-file"], "utf8"));
  expect(runs[0].results.map(({ ruleId }: { ruleId: string }) => ruleId)).toEqual([
    "version-bump",
    "immutable",
  ]);
});

it("reads what git holds, not what lies in the working tree", () => {
  const secret = path.join(place, "secret");
  writeFileSync(secret, "outside");
  rmSync(path.join(repository, schema));
  symlinkSync(secret, path.join(repository, schema));
  write("document_types/document_0000/releases/1.0.0/package.yaml", "[");
  expect(run({}).status).toBe(1);
  expect(run({}).stdout).not.toMatch(/outside|syntax/);
  git("checkout", "--quiet", "--", ".");
});

it("takes the configuration from the base, never from the change", () => {
  write(".github/belay-packages.yml", "version: 1\nroots: [elsewhere]\n");
  const relaxed = commit();
  expect(run({ base }).output).toContain("PACKAGES_INVALID");
  expect(run({ base: relaxed }).status).toBe(0);
  write(
    ".github/belay-packages.yml",
    'version: 1\nguardrails: [{id: g, pattern: "(a)\\\\1", sentence: x, remedy: y}]\n',
  );
  expect(run({ base: commit() }).output).toContain("PACKAGES_GUARDRAIL_INVALID");
  write(".github/belay-packages.yml", "version: 2\n");
  expect(run({ base: commit() }).output).toContain("PACKAGES_CONFIG_INVALID");
  expect(run({ base: "0".repeat(40) }).output).toContain("PACKAGES_COMMIT_MISSING");
});
