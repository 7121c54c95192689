/** What somebody could write to make the validation hang or crash: it ends, and says what is wrong. A hang fails by the test's deadline. */
import { expect, it, vi } from "vitest";
import { edited, report, sample } from "./repository.ts";

vi.setConfig({ testTimeout: 120_000 });

const base = sample({ packages: 2, versions: 3 });
const release = "document_types/document_0001/releases/1.1.0";
const [SCHEMA, MANIFEST, DOCDEF, PROMPT] = [
  `${release}/schemas/output.schema.json`,
  `${release}/package.yaml`,
  `${release}/docdefs/full.docdef.json`,
  `${release}/prompts/task.prompt.txt`,
];
const many = (count: number, one: (at: number) => string, by = ",") =>
  Array.from({ length: count }, (_, at) => one(at)).join(by);
const definitions = (count: number) => many(count, (at) => `"d${at}":{"$ref":"#/$defs/d${at + 1}"}`);

it.each([
  ["a long chain of references", SCHEMA, () => `{"$defs":{${definitions(10_000)}}}`, "schema-reference"],
  [
    "a long circle of references",
    SCHEMA,
    () => `{"$defs":{${definitions(10_000)},"d10000":{"$ref":"#/$defs/d0"}}}`,
    "schema-reference",
  ],
  [
    "many ways to itself",
    SCHEMA,
    () =>
      `{"anyOf":[${many(5_000, () => '{"$ref":"#/$defs/a"}')}],"$defs":{"a":{"anyOf":[${many(5_000, () => '{"$ref":"#"}')}]}}}`,
    "schema-reference",
  ],
  [
    "many wrong types",
    SCHEMA,
    () => `{"properties":{${many(10_000, (at) => `"p${at}":{"type":7}`)}}}`,
    "schema-valid",
  ],
  [
    "many patterns",
    SCHEMA,
    () => `{"properties":{${many(5_000, (at) => `"p${at}":{"pattern":"^(a${at}|b){1,9}(x+x+)+$"}`)}}}`,
    "schema-pattern",
  ],
  ["a large pattern", SCHEMA, () => `{"pattern":"${"(([a-z]?[0-9]?)*x)?".repeat(40)}"}`, "schema-pattern"],
  [
    "many pointers into a recursive schema",
    DOCDEF,
    () => `{"sections":[${many(5_000, () => `{"source_pointer":"/risks_1/0/text/${"a/".repeat(20)}"}`)}]}`,
    "source-pointer",
  ],
  [
    "many inputs",
    MANIFEST,
    (text: string) =>
      text.replace("required_inputs:\n", `required_inputs:\n${many(10_000, (at) => `  - x${at}\n`, "")}`),
    "required-input",
  ],
  [
    "deep YAML",
    MANIFEST,
    (text: string) => `${text}z:\n${many(1_000, (at) => `${" ".repeat(at + 1)}a:\n`, "")}`,
    "too-deep",
  ],
  ["flow that never ends", MANIFEST, (text: string) => `${text}z: ${"{a: [".repeat(5_000)}\n`, "too-deep"],
  [
    "many listed fields",
    PROMPT,
    (text: string) => `${text}\nRequired fields:\n${"- abc_def: x\n".repeat(20_000)}`,
    "prompt-output",
  ],
  [
    "an example that never ends",
    PROMPT,
    (text: string) => `${text}\nOutput:\n\`\`\`json\n${'{"a":'.repeat(100_000)}`,
    null,
  ],
])("%s", (_name, file, change, rule) => {
  const rules = report(edited(base, file, change)).findings.map((finding) => finding.rule);
  if (rule === null) expect(rules).toEqual([]);
  else expect(rules).toContain(rule);
});
