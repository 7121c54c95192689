/** A repository of configuration packages that is right in every respect: for tests, and large for the measurement. */

/** The simple parts of a number's digits: the same sample for the same seed. */
export function randomOf(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}

export interface SampleOptions {
  readonly packages: number;
  readonly versions: number;
  readonly seed?: number;
  readonly root?: string;
  readonly grouped?: boolean;
}

const LEVELS = ["descriptive", "prescriptive", "constructive", "elaborative"] as const;
const WORDS = [
  "summary",
  "risks",
  "unknowns",
  "scope",
  "decisions",
  "constraints",
  "owners",
  "milestones",
  "metrics",
  "budget",
];

export const packageId = (index: number): string => `document_${String(index).padStart(4, "0")}`;
/** 1.0.0, 1.1.0, 1.1.1, 1.2.0, 1.2.1, ...: every second version only changes words. */
export const versionAt = (index: number): string =>
  index % 2 === 0 ? `1.${index / 2}.0` : `1.${(index - 1) / 2}.1`;

/** Path -> content, file by file. */
export function* sampleFiles(options: SampleOptions): Generator<readonly [string, string]> {
  const prefix = options.root === undefined || options.root === "" ? "" : `${options.root}/`;
  const random = randomOf(options.seed ?? 1);
  yield [`${prefix}prompts/roles/architect/releases/1.0.0/role.prompt.txt`, "You are an architect.\n"];
  yield [`${prefix}prompts/roles/manager/releases/1.0.0/role.prompt.txt`, "You are a manager.\n"];
  yield [`${prefix}prompts/templates/generator/releases/1.0.0/template.txt`, "{{role}}\n{{task}}\n"];
  yield [`${prefix}components/Block/releases/1.0.0/component.json`, '{"id": "component:Block:1.0.0"}\n'];
  for (let index = 0; index < options.packages; index++) {
    const level = LEVELS[Math.floor(random() * LEVELS.length)] ?? "descriptive";
    const inputs =
      index === 0
        ? []
        : [...new Set([packageId(Math.floor(random() * index)), packageId(Math.floor(random() * index))])];
    for (let version = 0; version < options.versions; version++) {
      const folder = `${prefix}document_types/${packageId(index)}/releases/${versionAt(version)}`;
      for (const [name, text] of releaseFiles({ index, version, level, inputs }))
        yield [`${folder}/${name}`, text];
    }
  }
  yield [`${prefix}_active/active_releases.json`, pointers(options)];
}

function pointers({ packages, versions, grouped }: SampleOptions): string {
  const active = Object.fromEntries(
    Array.from({ length: packages }, (_, index) => [packageId(index), versionAt(versions - 1)]),
  );
  const file =
    grouped === true
      ? {
          $schema: "../schemas/active.json",
          document_types: active,
          roles: { architect: "1.0.0", manager: "1.0.0" },
        }
      : active;
  return `${JSON.stringify(file, null, 2)}\n`;
}

interface ReleaseOptions {
  readonly index: number;
  readonly version: number;
  readonly level: (typeof LEVELS)[number];
  readonly inputs: readonly string[];
}

/** The fields that a version has: one more with each minor version. */
const fieldCount = ({ index, version }: ReleaseOptions): number => 6 + (index % 4) + Math.floor(version / 2);

function releaseFiles(options: ReleaseOptions): readonly (readonly [string, string])[] {
  return [
    ["package.yaml", manifest(options)],
    ["schemas/output.schema.json", schema(options)],
    ["docdefs/full.docdef.json", docdef(options)],
    ["prompts/task.prompt.txt", prompt(options)],
    ["prompts/pgc_context.prompt.txt", `Ask about ${packageId(options.index)} first.\n`],
  ];
}

const fieldName = (at: number): string =>
  `${WORDS[at % WORDS.length] ?? "field"}_${Math.floor(at / WORDS.length) + 1}`;

function manifest(options: ReleaseOptions): string {
  const { index, version, level, inputs } = options;
  const id = packageId(index);
  const list = inputs.length === 0 ? " []\n" : `\n${inputs.map((input) => `  - ${input}\n`).join("")}`;
  const binds = Array.from(
    { length: 3 },
    (_, at) =>
      `    - id: section.${at}\n      label: Section ${at}\n      binds:\n        - ${fieldName(at)}\n`,
  );
  return `# Manifest of ${id}
doc_type_id: ${id}
display_name: "Document ${index}"
version: ${versionAt(version)}
description: >
  A document that the measurement needs.
  Nobody else does.

authority_level: ${level}
creation_mode: llm_generated
production_mode: generate
scope: project

required_inputs:${list}optional_inputs: []

role_prompt_ref: "prompt:role:${index % 2 === 0 ? "architect" : "manager"}:1.0.0"
template_ref: "prompt:template:generator:1.0.0"
schema_ref: "schema:${id}:${versionAt(version)}"

artifacts:
  task_prompt: prompts/task.prompt.txt
  qa_prompt: null
  pgc_context: prompts/pgc_context.prompt.txt
  schema: schemas/output.schema.json
  full_docdef: docdefs/full.docdef.json

information_architecture:
  version: 1
  sections:
${binds.join("")}
ui:
  icon: search
  display_order: ${index % 50}
`;
}

function field(at: number): object {
  if (at % 3 === 0) return { type: "string", minLength: 1, description: `What ${fieldName(at)} is about.` };
  if (at % 3 === 1) {
    return {
      type: "array",
      description: `Everything about ${fieldName(at)}.`,
      items: {
        type: "object",
        additionalProperties: false,
        required: ["id", "text"],
        properties: {
          id: { type: "string", pattern: `^${"ABCDEFGHIJ"[at % 10] ?? "A"}-\\d{1,4}$` },
          text: { type: "string", minLength: 3 },
          level: { type: "string", enum: ["low", "medium", "high"] },
        },
      },
    };
  }
  return { $ref: "#/$defs/note" };
}

function schema(options: ReleaseOptions): string {
  const { index, version } = options;
  const drafts = ["https://json-schema.org/draft/2020-12/schema", "http://json-schema.org/draft-07/schema#"];
  const names = Array.from({ length: fieldCount(options) }, (_, at) => at);
  const value = {
    $schema: drafts[index % 2],
    $id: `schema:${packageId(index)}:${versionAt(version)}`,
    title: `Document ${index}`,
    type: "object",
    additionalProperties: false,
    required: [fieldName(0), fieldName(1)],
    properties: Object.fromEntries(names.map((at) => [fieldName(at), field(at)])),
    $defs: {
      note: {
        type: "object",
        required: ["text"],
        properties: { text: { type: "string" }, more: { type: "array", items: { $ref: "#/$defs/note" } } },
      },
    },
  };
  return `${JSON.stringify(value, null, 2)}\n`;
}

function docdef(options: ReleaseOptions): string {
  const { index, version } = options;
  const value = {
    document_def_id: `docdef:${packageId(index)}:full:${versionAt(version)}`,
    sections: [
      {
        section_id: "first",
        component_id: "component:Block:1.0.0",
        shape: "single",
        source_pointer: `/${fieldName(0)}`,
      },
      {
        section_id: "list",
        component_id: "component:Block:1.0.0",
        shape: "nested_list",
        repeat_over: `/${fieldName(1)}`,
        source_pointer: "/text",
        context: { item: "/id" },
      },
    ],
  };
  return `${JSON.stringify(value, null, 2)}\n`;
}

function prompt(options: ReleaseOptions): string {
  const { index, version } = options;
  return `Write document ${index}${version % 2 === 0 ? "." : ", with care."}

Follow schema:${packageId(index)}:${versionAt(version)}.

Required sections:
- ${fieldName(0)} (one text)
- ${fieldName(1)} - a list

Do not output a \`score\` field.
The output must contain the \`${fieldName(2)}\` field.
`;
}
