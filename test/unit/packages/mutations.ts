/**
 * Operators that change a right repository: each breaks one rule, on a line that it tells, or none. They are the measure of the rules:
 * whatever is broken must be found, where it is, and nothing else may be found.
 */
import { packageId, versionAt } from "../../../script/bench/packages/sample.ts";
import type { Guardrail } from "../../../src/core/packages/configuration.ts";
import { type FileContent, textAt } from "./repository.ts";

export interface Place {
  /** With a slash at its end, or empty. */
  readonly root: string;
  readonly packages: number;
  readonly versions: number;
  readonly random: () => number;
}

export interface Mutated {
  readonly tree: Map<string, FileContent>;
  readonly file: string;
  readonly line: number;
  /** What the change builds on; absent: everything is judged as it stands. */
  readonly base?: Map<string, FileContent>;
}

export interface Mutation {
  readonly name: string;
  /** Null: it breaks nothing. */
  readonly rule: string | null;
  /** Rules that are broken with it, because one fact breaks both. What breaks something may always need a larger bump, too. */
  readonly also?: readonly string[];
  readonly apply: (tree: Map<string, FileContent>, place: Place) => Mutated;
}

const pick = (random: () => number, count: number): number => Math.floor(random() * count);

/** The last release, a minor one, of a package that is not the first. */
function someRelease({ root, packages, versions, random }: Place): string {
  const version = versionAt(versions - 1);
  return `${root}document_types/${packageId(1 + pick(random, packages - 1))}/releases/${version}`;
}

const active = ({ root, versions }: Place, index: number): string =>
  `${root}document_types/${packageId(index)}/releases/${versionAt(versions - 1)}`;

const lineOf = (text: string, offset: number): number => text.slice(0, offset).split("\n").length;

/** Replaces the first match; the finding is expected on the line of `mark`, or where the replacement begins. */
function edit(
  tree: Map<string, FileContent>,
  file: string,
  from: string | RegExp,
  to: string,
  mark?: string,
): Mutated {
  const text = textAt(tree, file);
  const found = typeof from === "string" ? text.indexOf(from) : text.search(from);
  if (found < 0) throw new Error(`${file} has no ${String(from)}`);
  const next = text.replace(from, to);
  const at = mark === undefined ? found : next.indexOf(mark, Math.max(0, found - 2));
  return { tree: new Map(tree).set(file, { content: next }), file, line: lineOf(next, at) };
}

interface Editing {
  readonly name: string;
  readonly rule: string | null;
  readonly also?: readonly string[];
  readonly file: string;
  readonly from: string | RegExp;
  readonly to: string;
  readonly mark?: string;
}

const editing = ({ name, rule, also, file, from, to, mark }: Editing): Mutation => ({
  name,
  rule,
  ...(also === undefined ? {} : { also }),
  apply: (tree, place) => edit(tree, `${someRelease(place)}/${file}`, from, to, mark),
});

const MANIFEST = "package.yaml";
const SCHEMA = "schemas/output.schema.json";
const DOCDEF = "docdefs/full.docdef.json";
const PROMPT = "prompts/task.prompt.txt";

/** What the policy forbids in every operator's repository. */
export const GUARDRAILS: readonly Guardrail[] = [
  {
    id: "no-secrets",
    pattern: "sk-[a-z]{8}",
    ignore_case: false,
    files: ["*"],
    sentence: "This is a secret.",
    remedy: "Take it out.",
  },
];

const EDITS: readonly Mutation[] = [
  editing({
    name: "an id of another package",
    rule: "manifest-identity",
    file: MANIFEST,
    from: /doc_type_id: .*/,
    to: "doc_type_id: stranger",
  }),
  editing({
    name: "another version in the manifest",
    rule: "same-version",
    file: MANIFEST,
    from: /version: \d.*/,
    to: "version: 9.9.9",
  }),
  editing({
    name: "another version in the schema",
    rule: "same-version",
    file: SCHEMA,
    from: /("\$id": "schema:\w+:)[^"]*/,
    to: "$19.9.9",
  }),
  editing({
    name: "another version in the docdef",
    rule: "same-version",
    file: DOCDEF,
    from: /(:full:)[^"]*/,
    to: "$19.9.9",
  }),
  editing({
    name: "a list that is a text",
    rule: "manifest-field",
    file: MANIFEST,
    from: "optional_inputs: []",
    to: "optional_inputs: none",
  }),
  editing({
    name: "an unknown authority level",
    rule: "authority",
    file: MANIFEST,
    from: /authority_level: .*/,
    to: "authority_level: absolute",
  }),
  editing({
    name: "an unknown creation mode",
    rule: "authority",
    file: MANIFEST,
    from: "creation_mode: llm_generated",
    to: "creation_mode: dreamt",
  }),
  editing({
    name: "an artifact that is not there",
    rule: "artifact-path",
    file: MANIFEST,
    from: "qa_prompt: null",
    to: "qa_prompt: prompts/qa.prompt.txt",
  }),
  editing({
    name: "an artifact outside",
    rule: "artifact-path",
    file: MANIFEST,
    from: "qa_prompt: null",
    to: "qa_prompt: ../../../../secret.txt",
  }),
  editing({
    name: "an absolute artifact",
    rule: "artifact-path",
    file: MANIFEST,
    from: "qa_prompt: null",
    to: "qa_prompt: /etc/passwd",
  }),
  editing({
    name: "a role that is not there",
    rule: "reference",
    file: MANIFEST,
    from: /prompt:role:\w+:1\.0\.0/,
    to: "prompt:role:wizard:1.0.0",
  }),
  editing({
    name: "a role at a version that is not there",
    rule: "reference",
    file: MANIFEST,
    from: /(prompt:role:\w+):1\.0\.0/,
    to: "$1:2.0.0",
  }),
  editing({
    name: "a reference without a form",
    rule: "reference",
    file: MANIFEST,
    from: /prompt:template:generator:1\.0\.0/,
    to: "generator",
  }),
  editing({
    name: "a component that is not there",
    rule: "reference",
    file: DOCDEF,
    from: "component:Block:1.0.0",
    to: "component:Brick:1.0.0",
  }),
  editing({
    name: "a bind of no field",
    rule: "bind",
    file: MANIFEST,
    from: /- summary_1/,
    to: "- nothing_1",
  }),
  editing({
    name: "a source pointer to no field",
    rule: "source-pointer",
    file: DOCDEF,
    from: '"/summary_1"',
    to: '"/nothing_1"',
  }),
  editing({
    name: "a source pointer to no field of an item",
    rule: "source-pointer",
    file: DOCDEF,
    from: '"/text"',
    to: '"/nothing"',
  }),
  editing({
    name: "a repetition over no field",
    rule: "source-pointer",
    file: DOCDEF,
    from: '"repeat_over": "/risks_1"',
    to: '"repeat_over": "/nothing"',
  }),
  editing({
    name: "a context of no field",
    rule: "source-pointer",
    file: DOCDEF,
    from: '"item": "/id"',
    to: '"item": "/nothing"',
  }),
  editing({
    name: "a pointer that is none",
    rule: "source-pointer",
    file: DOCDEF,
    from: '"/summary_1"',
    to: '"summary_1"',
  }),
  editing({
    name: "a listed field that is not in the schema",
    rule: "prompt-output",
    file: PROMPT,
    from: "- summary_1 (one text)",
    to: "- nothing_1 (one text)",
  }),
  editing({
    name: "a named field that is not in the schema",
    rule: "prompt-output",
    file: PROMPT,
    from: "must contain the `unknowns_1` field",
    to: "must contain the `nothing_1` field",
  }),
  editing({
    name: "a prompt for another version's schema",
    rule: "prompt-output",
    file: PROMPT,
    from: /(schema:\w+:)[0-9.]+[0-9]/,
    to: "$18.0.0",
  }),
  editing({
    name: "a type that is none",
    rule: "schema-valid",
    file: SCHEMA,
    from: '"type": "string"',
    to: '"type": "text"',
  }),
  editing({
    name: "required that is no list",
    rule: "schema-valid",
    file: SCHEMA,
    from: /"required": \[[^\]]*\]/,
    to: '"required": "all"',
  }),
  editing({
    name: "a draft that is not judged",
    rule: "schema-valid",
    file: SCHEMA,
    from: /"\$schema": "[^"]*"/,
    to: '"$schema": "http://json-schema.org/draft-04/schema#"',
  }),
  editing({
    name: "a remote reference",
    rule: "schema-reference",
    file: SCHEMA,
    from: '"$ref": "#/$defs/note"',
    to: '"$ref": "https://example.com/note.json"',
  }),
  editing({
    name: "a reference to nothing",
    rule: "schema-reference",
    file: SCHEMA,
    from: '"$ref": "#/$defs/note"',
    to: '"$ref": "#/$defs/nothing"',
  }),
  editing({
    name: "a pattern that backtracks",
    rule: "schema-pattern",
    file: SCHEMA,
    from: /"pattern": "[^"]*"/,
    to: '"pattern": "^(a+)+$"',
  }),
  editing({
    name: "a pattern that is none",
    rule: "schema-pattern",
    file: SCHEMA,
    from: /"pattern": "[^"]*"/,
    to: '"pattern": "(("',
  }),
  editing({
    name: "JSON that ends early",
    rule: "syntax",
    also: ["bind", "source-pointer", "version-bump", "schema-valid"],
    file: DOCDEF,
    from: "]\n}\n",
    to: "]\n",
  }),
  editing({
    name: "a key twice in JSON",
    rule: "duplicate-key",
    file: SCHEMA,
    from: '"title":',
    to: '"title": "x", "title":',
  }),
  editing({
    name: "a key twice in YAML",
    rule: "duplicate-key",
    file: MANIFEST,
    from: "scope: project\n",
    to: "scope: project\nscope: project\n",
    mark: "scope: project\n\n",
  }),
  editing({
    name: "an alias",
    rule: "alias",
    also: ["manifest-field"],
    file: MANIFEST,
    from: "  icon: search\n",
    to: "  icon: &a search\n  other: *a\n",
    mark: "*a",
  }),
  editing({
    name: "too many levels",
    rule: "too-deep",
    also: ["source-pointer", "version-bump"],
    file: DOCDEF,
    from: '"sections"',
    to: `"deep": ${"[".repeat(70)}${"]".repeat(70)}, "sections"`,
  }),
  editing({
    name: "a secret",
    rule: "guardrail/no-secrets",
    file: PROMPT,
    from: "Required sections:",
    to: "Use sk-abcdefgh.\n\nRequired sections:",
  }),
  editing({
    name: "a huge integer",
    rule: "huge-integer",
    file: DOCDEF,
    from: '"sections"',
    to: '"order": 123456789012345678901, "sections"',
  }),
];

const OTHERS: readonly Mutation[] = [
  {
    name: "a file that is too large",
    rule: "too-large",
    also: ["source-pointer", "version-bump"],
    apply: (tree, place) => ({
      ...edit(tree, `${someRelease(place)}/${DOCDEF}`, /^/, " ".repeat(1024 * 1024)),
      line: 1,
    }),
  },
  {
    name: "no authority level",
    rule: "manifest-field",
    apply: (tree, place) => {
      const found = edit(tree, `${someRelease(place)}/${MANIFEST}`, /authority_level: .*\n/, "");
      return { ...found, line: 2 };
    },
  },
  {
    name: "a level that needs a PGC context, without one",
    rule: "pgc-context",
    apply: (tree, place) => {
      const file = `${someRelease(place)}/${MANIFEST}`;
      const without = edit(tree, file, / {2}pgc_context: .*\n/, "").tree;
      return edit(without, file, /authority_level: .*/, "authority_level: prescriptive");
    },
  },
  {
    name: "a folder that is no version",
    rule: "folder-version",
    apply: (tree, place) => {
      const file = `${place.root}document_types/${packageId(0)}/releases/latest/package.yaml`;
      return {
        tree: new Map(tree).set(file, { content: textAt(tree, `${active(place, 0)}/${MANIFEST}`) }),
        file,
        line: 1,
      };
    },
  },
  {
    name: "no manifest",
    rule: "required-file",
    also: ["reference"],
    apply: (tree, place) => {
      const file = `${someRelease(place)}/${MANIFEST}`;
      const next = new Map(tree);
      next.delete(file);
      return { tree: next, file, line: 1 };
    },
  },
  {
    name: "a symbolic link",
    rule: "file-kind",
    apply: (tree, place) => {
      const file = `${someRelease(place)}/notes.txt`;
      return { tree: new Map(tree).set(file, { content: "/etc/passwd", mode: "120000" }), file, line: 1 };
    },
  },
  {
    name: "names that differ in case",
    rule: "file-name",
    apply: (tree, place) => {
      const file = `${someRelease(place)}/prompts/TASK.prompt.txt`;
      return { tree: new Map(tree).set(file, { content: "x\n" }), file, line: 1 };
    },
  },
  {
    name: "a name that is not UTF-8",
    rule: "file-name",
    apply: (tree, place) => {
      const file = `${someRelease(place)}/n\ufffdtes.txt`;
      return { tree: new Map(tree).set(file, { content: "x\n" }), file, line: 1 };
    },
  },
  {
    name: "a prompt that is not UTF-8",
    rule: "not-utf8",
    apply: (tree, place) => {
      const file = `${someRelease(place)}/${PROMPT}`;
      return {
        tree: new Map(tree).set(file, { content: new Uint8Array([0x61, 0xff, 0x0a]) }),
        file,
        line: 1,
      };
    },
  },
  {
    name: "a byte order mark",
    rule: "byte-order-mark",
    apply: (tree, place) => edit(tree, `${someRelease(place)}/${DOCDEF}`, /^/, "\ufeff"),
  },
  {
    name: "carriage returns",
    rule: "line-ends",
    apply: (tree, place) => edit(tree, `${someRelease(place)}/${DOCDEF}`, "\n", "\r\n"),
  },
  {
    name: "a definition that is itself",
    rule: "schema-reference",
    apply: (tree, place) =>
      edit(
        tree,
        `${someRelease(place)}/${SCHEMA}`,
        '"$defs": {',
        '"$defs": {"loop": {"$ref": "#/$defs/loop"},',
      ),
  },
  {
    name: "a pointer to a missing version",
    rule: "pointer-target",
    apply: (tree, place) => pointer(tree, place, '"7.7.7"'),
  },
  {
    name: "a pointer that is no version",
    rule: "pointer-file",
    also: ["required-input"],
    apply: (tree, place) => pointer(tree, place, '"latest"'),
  },
  {
    name: "a pointer to a pre-release",
    rule: "pointer-preview",
    also: ["pointer-target"],
    apply: (tree, place) => pointer(tree, place, '"1.0.0-rc.1"'),
  },
  {
    name: "a package that requires itself",
    rule: "requires-itself",
    apply: (tree, place) => requires(tree, place, 1),
  },
  {
    name: "a required input that is not active",
    rule: "required-input",
    apply: (tree, place) =>
      edit(
        tree,
        `${active(place, 1)}/${MANIFEST}`,
        /required_inputs:\n/,
        "required_inputs:\n  - stranger\n",
        "stranger",
      ),
  },
  {
    name: "two packages that require each other",
    rule: "requires-itself",
    apply: (tree, place) => {
      const found = edit(
        tree,
        `${active(place, 0)}/${MANIFEST}`,
        "required_inputs: []",
        `required_inputs: [${packageId(1)}]`,
      );
      const needed = textAt(tree, `${active(place, 1)}/${MANIFEST}`);
      const file = `${active(place, 1)}/${MANIFEST}`;
      return { ...found, file, line: lineOf(needed, needed.indexOf(`- ${packageId(0)}`)) };
    },
  },
];

function pointer(
  tree: Map<string, FileContent>,
  { root, packages, random, versions }: Place,
  to: string,
): Mutated {
  const id = packageId(pick(random, packages));
  return edit(
    tree,
    `${root}_active/active_releases.json`,
    `"${id}": "${versionAt(versions - 1)}"`,
    `"${id}": ${to}`,
  );
}

function requires(tree: Map<string, FileContent>, place: Place, index: number): Mutated {
  return edit(
    tree,
    `${active(place, index)}/${MANIFEST}`,
    /required_inputs:\n/,
    `required_inputs:\n  - ${packageId(index)}\n`,
    `  - ${packageId(index)}`,
  );
}

const HARMLESS: readonly Mutation[] = [
  editing({
    name: "a comment",
    rule: null,
    file: MANIFEST,
    from: "scope: project",
    to: "scope: project # as before",
  }),
  editing({
    name: "another title",
    rule: null,
    file: SCHEMA,
    from: /"title": "[^"]*"/,
    to: '"title": "Another"',
  }),
  editing({
    name: "a longer description",
    rule: null,
    file: MANIFEST,
    from: "Nobody else does.",
    to: "Nobody else does, or so we think.",
  }),
  editing({ name: "JSON on one line", rule: null, file: DOCDEF, from: /\n\s*/g, to: " " }),
  editing({ name: "quotes", rule: null, file: MANIFEST, from: "scope: project", to: "scope: 'project'" }),
  editing({
    name: "flow style",
    rule: null,
    file: MANIFEST,
    from: /ui:\n {2}icon: search\n {2}display_order: \d+\n/,
    to: 'ui: {icon: "search", display_order: 3}\n',
  }),
  editing({
    name: "another word in a prompt",
    rule: null,
    file: PROMPT,
    from: "Write document",
    to: "Please write document",
  }),
  editing({
    name: "a forbidden field in a prompt",
    rule: null,
    file: PROMPT,
    from: "`score`",
    to: "`grade`",
  }),
  editing({
    name: "a pattern that is safe",
    rule: null,
    file: SCHEMA,
    from: '"description": "What',
    to: '"description": "(a+)+$ What',
  }),
  editing({
    name: "a path with a dot",
    rule: null,
    file: MANIFEST,
    from: "task_prompt: prompts/",
    to: "task_prompt: ./prompts/",
  }),
  editing({
    name: "a pointer with an index",
    rule: null,
    file: DOCDEF,
    from: '"/summary_1"',
    to: '"/risks_1/0/text"',
  }),
  editing({ name: "the whole document", rule: null, file: DOCDEF, from: '"/summary_1"', to: '"/"' }),
  editing({
    name: "a bind into a list",
    rule: null,
    file: MANIFEST,
    from: "- summary_1",
    to: "- {path: risks_1, fields: [{path: id}, {path: text}]}",
  }),
  {
    name: "a file beside",
    rule: null,
    apply: (tree, place) => {
      const file = `${someRelease(place)}/notes.md`;
      return {
        tree: new Map(tree).set(file, { content: "schema:nothing:1.0.0 and `nothing` field\n" }),
        file,
        line: 1,
      };
    },
  },
  {
    name: "a file outside",
    rule: null,
    apply: (tree, { root }) => {
      const file = `${root}document_types/README.md`;
      return {
        tree: new Map(tree)
          .set(file, { content: "# Read me\n" })
          .set("LINK", { content: "x", mode: "120000" }),
        file,
        line: 1,
      };
    },
  },
];

/** The same, as a change of what the branch held before. */
const against = ({ name, rule, also, apply }: Mutation): Mutation => ({
  name,
  rule,
  ...(also === undefined ? {} : { also }),
  apply: (tree, place) => ({ ...apply(tree, place), base: tree }),
});

/** The last version of a package once more, under the next number. */
function nextVersion(
  tree: Map<string, FileContent>,
  place: Place,
  to: string,
): { readonly tree: Map<string, FileContent>; readonly folder: string } {
  const from = someRelease(place);
  const version = versionAt(place.versions - 1);
  const folder = `${from.slice(0, -version.length)}${to}`;
  const copies = [...tree]
    .filter(([path]) => path.startsWith(`${from}/`))
    .map(([path]): [string, FileContent] => [
      `${folder}${path.slice(from.length)}`,
      { content: textAt(tree, path).replaceAll(version, to) },
    ]);
  return { tree: new Map([...tree, ...copies]), folder };
}

const nextPatch = ({ versions }: Place): string =>
  versionAt(versions - 1).replace(/\d+$/, (last) => `${Number(last) + 1}`);

const CHANGES: readonly Mutation[] = [
  editing({
    name: "a word in a released version",
    rule: "immutable",
    file: PROMPT,
    from: "Write document",
    to: "Please write document",
  }),
  {
    name: "a file more in a released version",
    rule: "immutable",
    apply: (tree, place) => {
      const file = `${someRelease(place)}/notes.md`;
      return { tree: new Map(tree).set(file, { content: "# Notes\n" }), file, line: 1 };
    },
  },
  {
    name: "a file less in an earlier version",
    rule: "immutable",
    apply: (tree, place) => {
      const file = `${place.root}document_types/${packageId(0)}/releases/${versionAt(0)}/prompts/pgc_context.prompt.txt`;
      const next = new Map(tree);
      next.delete(file);
      return { tree: next, file, line: 1 };
    },
    also: ["artifact-path", "pgc-context"],
  },
  {
    name: "a new version",
    rule: null,
    apply: (tree, place) => {
      const { tree: next, folder } = nextVersion(tree, place, nextPatch(place));
      return { tree: next, file: `${folder}/${MANIFEST}`, line: 1 };
    },
  },
  {
    name: "a new pre-release",
    rule: null,
    apply: (tree, place) => {
      const { tree: next, folder } = nextVersion(tree, place, `${nextPatch(place)}-rc.1`);
      return { tree: next, file: `${folder}/${MANIFEST}`, line: 1 };
    },
  },
  {
    name: "a new version whose number says too little",
    rule: "version-bump",
    apply: (tree, place) => {
      const { tree: next, folder } = nextVersion(tree, place, nextPatch(place));
      const file = `${folder}/${MANIFEST}`;
      const found = edit(next, file, "production_mode: generate", "production_mode: review");
      const text = textAt(found.tree, file);
      return { ...found, line: lineOf(text, text.indexOf("\nversion:") + 1) };
    },
  },
];

export const MUTATIONS: readonly Mutation[] = [...EDITS, ...OTHERS, ...CHANGES.map(against), ...HARMLESS];
