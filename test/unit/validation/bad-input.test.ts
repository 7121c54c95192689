/** What a pull request may bring on purpose or by mistake: each is a finding on its line, and the thread that judges goes on. */
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { afterAll, beforeAll, expect, it, vi } from "vitest";
import { judgePool } from "../../../src/validation/pool.ts";
import { edited, type FileContent, sample } from "../packages/repository.ts";
import { asked } from "./asked.ts";

vi.setConfig({ testTimeout: 240_000 });

const ID = "document_0001";
const RELEASE = `document_types/${ID}/releases/1.1.0`;
const [MANIFEST, SCHEMA, DOCDEF] = [
  `${RELEASE}/package.yaml`,
  `${RELEASE}/schemas/output.schema.json`,
  `${RELEASE}/docdefs/full.docdef.json`,
];
const POINTERS = "_active/active_releases.json";
type Tree = Map<string, FileContent>;
const base = sample();

let requests = 0;
const elsewhere = createServer((_request, response) => {
  requests += 1;
  response.end('{"type": "object"}');
});
let remote = "";
const pool = judgePool({ threads: 1 });
beforeAll(async () => {
  await new Promise<void>((resolve) => elsewhere.listen(0, "127.0.0.1", resolve));
  remote = `http://127.0.0.1:${(elsewhere.address() as AddressInfo).port}/note.json`;
});
afterAll(async () => {
  await pool.close();
  elsewhere.close();
});

const edit = (file: string, from: string | RegExp, to: string | (() => string)) => () =>
  edited(base, file, (text) => text.replace(from, typeof to === "string" ? to : to()));
const add = (path: string, file: FileContent) => (): Tree => new Map(base).set(path, file);
const line = (text: string, part: string) => text.slice(0, text.indexOf(part)).split("\n").length;

/** Nine levels of nine aliases each: a thousand million words. */
const BOMB = Array.from({ length: 9 }, (_, level) => {
  const before = level === 0 ? "lol" : `*l${level - 1}`;
  return `l${level}: &l${level} [${Array.from({ length: 9 }, () => before).join(", ")}]\n`;
}).join("");

it.each<[string, string, () => Tree, string, string]>([
  ["a YAML bomb", "alias", edit(MANIFEST, /$/, BOMB), MANIFEST, "l1: &l1"],
  [
    "a cyclic $ref",
    "schema-reference",
    edit(SCHEMA, '"$defs": {', '"$defs": {"a": {"$ref": "#/$defs/b"}, "b": {"$ref": "#/$defs/a"},'),
    SCHEMA,
    '"a": {"$ref"',
  ],
  [
    "a remote $ref",
    "schema-reference",
    edit(SCHEMA, '"$ref": "#/$defs/note"', () => `"$ref": "${remote}"`),
    SCHEMA,
    '"$ref": "http:',
  ],
  [
    "a key twice in JSON",
    "duplicate-key",
    edit(SCHEMA, '"title":', '"title": "x",\n  "title":'),
    SCHEMA,
    '"title": "Document',
  ],
  [
    "a key twice in YAML",
    "duplicate-key",
    edit(MANIFEST, "scope: project\n", "scope: project\nscope: project\n"),
    MANIFEST,
    "scope: project\n\n",
  ],
  ["a byte order mark", "byte-order-mark", edit(SCHEMA, /^/, "\ufeff"), SCHEMA, "{"],
  ["carriage returns", "line-ends", edit(SCHEMA, /\n/g, "\r\n"), SCHEMA, "{"],
  [
    "a huge integer",
    "huge-integer",
    edit(SCHEMA, '"minLength": 1', `"minLength": ${"9".repeat(400)}`),
    SCHEMA,
    "9999",
  ],
  [
    "a huge integer in YAML",
    "huge-integer",
    edit(MANIFEST, /display_order: \d+/, "display_order: 12345678901234567890"),
    MANIFEST,
    "display_order",
  ],
  [
    "a number that is none",
    "version-bump",
    edit(MANIFEST, /production_mode: .*/, "production_mode: .inf"),
    MANIFEST,
    "version: 1",
  ],
  [
    "a symbolic link",
    "file-kind",
    add(`${RELEASE}/notes.md`, { content: "/etc/passwd", mode: "120000" }),
    `${RELEASE}/notes.md`,
    "",
  ],
  [
    "a submodule",
    "file-kind",
    add(`${RELEASE}/more`, { content: "x", mode: "160000" }),
    `${RELEASE}/more`,
    "",
  ],
  [
    "names that differ in case",
    "file-name",
    add(`${RELEASE}/Package.yaml`, { content: "x: 1\n" }),
    MANIFEST,
    "",
  ],
  [
    "a pointer to a missing version",
    "pointer-target",
    edit(POINTERS, `"${ID}": "1.1.0"`, `"${ID}": "7.0.0"`),
    POINTERS,
    `"${ID}"`,
  ],
  [
    "a package that requires itself",
    "requires-itself",
    edit(MANIFEST, "required_inputs:\n", `required_inputs:\n  - ${ID}\n`),
    MANIFEST,
    `  - ${ID}`,
  ],
  [
    "a pattern that backtracks",
    "schema-pattern",
    edit(SCHEMA, /"pattern": "[^"]*"/, '"pattern": "^(([a-z])+.)+[A-Z]([a-z])+$"'),
    SCHEMA,
    "(([a-z])+.)+",
  ],
  [
    "a pattern that backtracks as a key",
    "schema-pattern",
    edit(SCHEMA, '"$defs"', '"patternProperties": {"^(a|a)*$": {}}, "$defs"'),
    SCHEMA,
    "(a|a)*",
  ],
  [
    "JSON of a thousand levels",
    "too-deep",
    edit(DOCDEF, '"sections"', `"x": ${"[".repeat(1_000)}${"]".repeat(1_000)}, "sections"`),
    DOCDEF,
    '"x": [',
  ],
  ["JSON that ends early", "syntax", edit(SCHEMA, /\}\n$/, ""), SCHEMA, ""],
  [
    "bytes that are no text",
    "not-utf8",
    add(SCHEMA, { content: new Uint8Array([0x7b, 0xff, 0x7d]) }),
    SCHEMA,
    "",
  ],
])("%s", async (_name, rule, change, file, mark) => {
  const tree = change();
  const { question, fetch } = asked(tree);
  const judged = await pool.ask(question, fetch);
  const found = judged.ok && judged.answer.kind === "head" ? judged.answer.found : null;
  const told = found?.report.findings.filter((finding) => finding.rule === rule) ?? [];
  expect(told.map((finding) => finding.file)).toContain(file);
  const text = String(tree.get(file)?.content);
  if (mark !== "") expect(told.map((finding) => finding.line)).toContain(line(text, mark));
  expect(told.every(({ sentence, remedy }) => sentence !== "" && remedy !== "")).toBe(true);
  expect(requests).toBe(0);
});

it("and judges the right one after all of them with the same thread", async () => {
  const { question, fetch } = asked(base);
  expect(await pool.ask(question, fetch)).toMatchObject({ answer: { found: { report: { findings: [] } } } });
});
