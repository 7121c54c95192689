import { describe, expect, it } from "vitest";
import { packageId } from "../../../script/bench/packages/sample.ts";
import { edited, type FileContent, report, sample, shortly, textAt } from "./repository.ts";

const base = sample({ packages: 3, versions: 3 });
const folder = (version: string, index = 1) => `document_types/${packageId(index)}/releases/${version}`;
const POINTERS = "_active/active_releases.json";

/** A copy of a release under another version, with the version written everywhere. */
function copied(
  tree: ReadonlyMap<string, FileContent>,
  from: string,
  to: string,
  index = 1,
): Map<string, FileContent> {
  const next = new Map(tree);
  for (const [path, { content }] of tree) {
    if (!path.startsWith(`${folder(from, index)}/`)) continue;
    next.set(path.replace(folder(from, index), folder(to, index)), {
      content: String(content).replaceAll(from, to),
    });
  }
  return next;
}
const schema = (version: string) => `${folder(version)}/schemas/output.schema.json`;
const manifest = (version: string) => `${folder(version)}/package.yaml`;

describe("a released version", () => {
  it("is never edited: the finding stands on the line that differs, and says where to go", () => {
    const head = edited(base, schema("1.1.0"), (text) => text.replace('"minLength": 1', '"minLength": 2'));
    const found = report(head, { base });
    const line =
      textAt(head, schema("1.1.0"))
        .split("\n")
        .findIndex((one) => one.includes('"minLength": 2')) + 1;
    expect(shortly(found)).toContain(`${schema("1.1.0")}:${line}:1 immutable`);
    expect(found.packages).toMatchObject([
      {
        id: packageId(1),
        version: "1.1.0",
        change: "edited",
        needs: "major",
        suggestion: { version: "2.0.0", folder: folder("2.0.0") },
      },
    ]);
    expect(found.findings.find(({ rule }) => rule === "immutable")?.remedy).toContain(folder("2.0.0"));
  });

  it("is neither removed nor added to; older ones neither", () => {
    const gone = new Map([...base].filter(([path]) => !path.startsWith(`${folder("1.0.0")}/`)));
    expect(report(gone, { base }).findings.filter(({ rule }) => rule === "immutable")).toHaveLength(5);
    const more = new Map(base).set(`${folder("1.0.1")}/notes.txt`, { content: "x" });
    expect(shortly(report(more, { base }))).toEqual([`${folder("1.0.1")}/notes.txt:1:1 immutable`]);
  });

  it("is known by the records, too; what was never released may be edited", () => {
    const drafted = copied(base, "1.1.0", "1.2.0");
    const head = edited(drafted, `${folder("1.2.0")}/prompts/task.prompt.txt`, (text) =>
      text.replace("Write", "Now write"),
    );
    expect(report(head, { base: drafted }).findings).toEqual([]);
    const released = [{ kind: "document_types", id: packageId(1), version: "1.2.0" }];
    expect(report(head, { base: drafted, released }).findings.map(({ rule }) => rule)).toEqual(["immutable"]);
  });

  it("of a shared artifact is never changed once it is merged", () => {
    const head = edited(base, "prompts/roles/manager/releases/1.0.0/role.prompt.txt", () => "x\n");
    expect(report(head, { base }).findings.map(({ rule }) => rule)).toEqual(["immutable"]);
  });
});

describe("a new version", () => {
  it.each([
    ["1.1.1", (text: string) => text.replace('"title": "', '"title": "Some '), "patch", []],
    [
      "1.1.1",
      (text: string) => text.replace('"properties": {', '"properties": {"extra": {"type": "string"},'),
      "minor",
      ["version-bump"],
    ],
    [
      "1.2.0",
      (text: string) => text.replace('"properties": {', '"properties": {"extra": {"type": "string"},'),
      "minor",
      [],
    ],
    ["1.2.0", (text: string) => text.replace('"minLength": 1', '"maxLength": 9'), "major", ["version-bump"]],
    ["2.0.0", (text: string) => text.replace('"minLength": 1', '"maxLength": 9'), "major", []],
    [
      "1.2.0-rc.1",
      (text: string) => text.replace('"minLength": 1', '"maxLength": 9'),
      "major",
      ["version-bump"],
    ],
  ])("%s: the bump is at least what the change needs (%#)", (version, change, needs, rules) => {
    const head = edited(copied(base, "1.1.0", version), schema(version), change);
    const found = report(head, { base });
    expect(found.findings.map(({ rule }) => rule)).toEqual(rules);
    expect(found.packages).toMatchObject([{ version, change: "added", previous: "1.1.0", needs }]);
    if (rules.length > 0) expect(found.findings[0]).toMatchObject({ file: manifest(version), line: 4 });
  });

  it("would be activated, unless it is a pre-release, or earlier than the active one", () => {
    expect(report(copied(base, "1.1.0", "1.2.0"), { base }).pointers).toEqual([
      { root: "", kind: "document_types", id: packageId(1), from: "1.1.0", to: "1.2.0" },
    ]);
    expect(report(copied(base, "1.1.0", "1.2.0-rc.1"), { base }).pointers).toEqual([]);
    expect(report(copied(base, "1.0.1", "1.0.2"), { base }).pointers).toEqual([]);
  });

  it("is judged with the whole pointer file as it would be", () => {
    const head = edited(copied(base, "1.1.0", "1.2.0"), manifest("1.2.0"), (text) =>
      text.replace("required_inputs:\n", "required_inputs:\n  - stranger\n"),
    );
    expect(report(head, { base }).findings).toMatchObject([
      { rule: "required-input", file: manifest("1.2.0") },
    ]);
    const activate = [{ kind: "document_types", id: packageId(1), version: "8.0.0" }];
    expect(report(base, { base, activate }).findings).toMatchObject([
      { rule: "pointer-target", file: POINTERS },
    ]);
  });
});

it("a change that takes something from untouched packages is found on their lines", () => {
  const without = edited(base, POINTERS, (text) => text.replace(/ {2}"document_0000": "[^"]*",\n/, ""));
  const found = report(without, { base });
  expect(found.findings.length).toBeGreaterThan(0);
  for (const { rule, file } of found.findings) {
    expect(rule).toBe("required-input");
    expect(file).toContain("/releases/1.1.0/package.yaml");
  }
  const role = "prompts/roles/manager/releases/1.0.0/role.prompt.txt";
  const rules = report(new Map([...base].filter(([path]) => path !== role)), { base }).findings.map(
    ({ rule }) => rule,
  );
  expect(rules).toContain("reference");
  expect(rules).toContain("immutable");
});

it("guardrails block, on the line", () => {
  const guardrails = [
    {
      id: "no-secrets",
      pattern: "api[ _-]?keys?",
      ignore_case: true,
      files: ["prompts/*"],
      sentence: "Prompts do not ask for keys.",
      remedy: "Remove it.",
    },
  ];
  const file = `${folder("1.1.0")}/prompts/task.prompt.txt`;
  const head = edited(base, file, (text) => `${text}\nAsk for the API key.\n`);
  expect(report(base, { guardrails }).findings).toEqual([]);
  expect(report(head, { guardrails }).findings).toMatchObject([
    { rule: "guardrail/no-secrets", severity: "error", file, column: 13 },
  ]);
  expect(() =>
    report(base, {
      guardrails: [
        {
          ...(guardrails[0] ?? { id: "", ignore_case: true, files: [], sentence: "", remedy: "" }),
          pattern: "(a)\\1",
        },
      ],
    }),
  ).toThrow("no-secrets");
});
