/** Packages that are no document types: kinds, required files and rules are configuration, read as a repository writes it. */
import { expect, it } from "vitest";
import { PACKAGES_FILE, parseSettings } from "../../../src/core/packages/settings.ts";
import { edited, type FileContent, report, shortly, treeOf } from "./repository.ts";

const SETTINGS = `version: 1
roots: [rules]
pointers: active.json
flat_kind: policies
kinds:
  - name: policies
    folder: policies
    manifest: policy.json
    id_field: policy_id
    required_files: [policy.json, text/rules.md]
    required_fields: [policy_id, version, owner]
    schema_artifacts: [shape]
    breaking_fields: [owner]
    references: [{form: "policy:{id}:{version}"}]
    without_rules: [schema-pattern]
  - {name: words, folder: words, pointed: false}
`;
const parsed = parseSettings(new TextEncoder().encode(SETTINGS));
if (!parsed.ok) throw new Error(`${PACKAGES_FILE}: ${parsed.what}`);
const { configuration } = parsed.settings;

const release = (version: string): [string, string][] => [
  [
    `rules/policies/access/releases/${version}/policy.json`,
    `{\n  "policy_id": "access",\n  "version": "${version}",\n  "owner": "it",\n  "artifacts": {"shape": "shape.json"}\n}\n`,
  ],
  [`rules/policies/access/releases/${version}/text/rules.md`, "Be careful.\n"],
  [`rules/policies/access/releases/${version}/shape.json`, '{"type": "string", "pattern": "(a+)+$"}\n'],
];
const base = treeOf([
  ...release("1.0.0"),
  ["rules/words/terms/releases/1.0.0/terms.txt", "a word\n"],
  ["rules/active.json", '{"access": "1.0.0"}\n'],
]);
const manifest = "rules/policies/access/releases/1.0.0/policy.json";
const found = (tree: Map<string, FileContent>, against?: Map<string, FileContent>) =>
  report(tree, { configuration, ...(against && { base: against }) });

it("judges a right repository by its own words; a rule that does not count for the kind is not asked", () => {
  expect(shortly(found(base))).toEqual([]);
});

it.each([
  ["the id of the folder", (text: string) => text.replace('"access"', '"other"'), 2, "manifest-identity"],
  [
    "a key that this kind needs",
    (text: string) => text.replace('  "owner": "it",\n', ""),
    1,
    "manifest-field",
  ],
  ["the folder's version", (text: string) => text.replace('"1.0.0"', '"1.0.1"'), 3, "same-version"],
])("asks for %s", (_name, change, line, rule) => {
  const { findings } = found(edited(base, manifest, change));
  expect(findings.map((one) => `${one.file}:${one.line} ${one.rule}`)).toEqual([
    `${manifest}:${line} ${rule}`,
  ]);
});

it("asks for the files of its kind", () => {
  const tree = new Map(base);
  tree.delete("rules/policies/access/releases/1.0.0/text/rules.md");
  expect(shortly(found(tree))).toEqual([
    "rules/policies/access/releases/1.0.0/text/rules.md:1:1 required-file",
  ]);
});

it("a kind's breaking key needs a major version, and its pointer would be moved", () => {
  const next = edited(
    new Map([...base, ...treeOf(release("1.1.0"))]),
    manifest.replace("1.0.0", "1.1.0"),
    (text) => text.replace('"it"', '"legal"'),
  );
  const told = found(next, base);
  expect(told.findings.map(({ rule }) => rule)).toEqual(["version-bump"]);
  expect(told.packages).toMatchObject([{ root: "rules", kind: "policies", id: "access", needs: "major" }]);
  expect(told.pointers).toEqual([
    { root: "rules", kind: "policies", id: "access", from: "1.0.0", to: "1.1.0" },
  ]);
});

it("what stands in no pointer file is immutable as soon as it is merged", () => {
  const file = "rules/words/terms/releases/1.0.0/terms.txt";
  expect(
    shortly(
      found(
        edited(base, file, () => "another word\n"),
        base,
      ),
    ),
  ).toEqual([`${file}:1:1 immutable`]);
});
