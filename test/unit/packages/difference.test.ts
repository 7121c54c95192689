import fc from "fast-check";
import { expect, it } from "vitest";
import { readJson } from "../../../src/core/packages/reading/json.ts";
import { schemaChanges } from "../../../src/core/packages/schema/difference.ts";
import {
  bumpBetween,
  compareVersions,
  largestBump,
  nextVersion,
  parseVersion,
} from "../../../src/core/packages/semver.ts";
import { advancePackage, PACKAGE_STATES } from "../../../src/core/packages/states.ts";

function changes(old: object, next: object): readonly string[] {
  const side = (value: object, version: string) => {
    const text = JSON.stringify(value);
    const { root } = readJson(text);
    if (root === null) throw new Error("not read");
    return { text, root, version };
  };
  return schemaChanges({ old: side(old, "1.0.0"), next: side(next, "1.1.0") }).map(
    ({ bump, field, what }) => `${bump} ${field}: ${what}`,
  );
}
const object = (properties: object, required: readonly string[] = []) => ({
  type: "object",
  properties,
  required,
});
const text = { type: "string" };

it.each([
  [object({ a: text }), object({ a: text, b: text }), ["minor b: was added"]],
  [object({ a: text }), object({ a: text, b: text }, ["b"]), ["major b: was added and is required"]],
  [object({ a: text, b: { type: "number" } }), object({ a: text }), ["major b: was removed"]],
  [object({ a: text }), object({ b: text }), ["major a: was renamed to `b`"]],
  [
    object({ a: text }),
    object({ a: { type: "number" } }),
    ['major a: changed its type from `"string"` to `"number"`'],
  ],
  [object({ a: text }), object({ a: text }, ["a"]), ["major a: is required now"]],
  [object({ a: text }, ["a"]), object({ a: text }), ["minor a: is no longer required"]],
  [
    object({ a: { enum: ["x", "y"] } }),
    object({ a: { enum: ["y", "z"] } }),
    ["major a: no longer allows `x`", "minor a: allows `z` too"],
  ],
  [
    object({ a: { minLength: 1 } }),
    object({ a: { minLength: 2 } }),
    ["major a: `minLength` went from `1` to `2`"],
  ],
  [object({ a: { minLength: 2 } }), object({ a: {} }), ["minor a: `minLength` went from `2` to nothing"]],
  [
    object({ a: { maxLength: 2 } }),
    object({ a: { maxLength: 3 } }),
    ["minor a: `maxLength` went from `2` to `3`"],
  ],
  [
    object({ a: { pattern: "a" } }),
    object({ a: { pattern: "b" } }),
    ['major a: `pattern` went from `"a"` to `"b"`'],
  ],
  [
    object({}),
    { ...object({}), additionalProperties: false },
    ["major : `additionalProperties` went from nothing to `false`"],
  ],
  [
    object({ a: { items: object({ x: text }) } }),
    object({ a: { items: object({}) } }),
    ["major a[].x: was removed"],
  ],
  [
    object({ a: { ...text, description: "x" } }),
    object({ a: { ...text, description: "y" } }),
    ["patch a: has another `description`"],
  ],
  [object({ a: { const: "1.0.0" } }), object({ a: { const: "1.1.0" } }), []],
  [
    object({ a: { anyOf: [text] } }),
    object({ a: { anyOf: [text, { type: "null" }] } }),
    ["minor a: has one more alternative"],
  ],
  [
    { ...object({ a: { $ref: "#/$defs/n" } }), $defs: { n: text } },
    { ...object({ a: { $ref: "#/$defs/m" } }), $defs: { m: text } },
    [],
  ],
  [
    { ...object({ a: { $ref: "#/$defs/n" } }), $defs: { n: text } },
    { ...object({ a: { $ref: "#/$defs/n" } }), $defs: { n: { type: "null" } } },
    ['major #/$defs/n: changed its type from `"string"` to `"null"`'],
  ],
  [{ $id: "schema:a:1.0.0", ...object({}) }, { $id: "schema:a:1.1.0", ...object({}) }, []],
])("tells what changed, field by field (%#)", (old, next, expected) => {
  expect(changes(old, next)).toEqual(expected);
});

it("finds no change in the same schema printed in another way", () => {
  fc.assert(
    fc.property(fc.jsonValue(), (value) => {
      const one = JSON.stringify(value);
      const other = JSON.stringify(value, null, 3);
      const [a, b] = [readJson(one).root, readJson(other).root];
      if (a === null || b === null) throw new Error("not read");
      expect(
        schemaChanges({
          old: { text: one, root: a, version: "1.0.0" },
          next: { text: other, root: b, version: "1.0.1" },
        }),
      ).toEqual([]);
    }),
  );
});

const version = (given: string) =>
  parseVersion(given) ?? { major: -1, minor: 0, patch: 0, pre: [], text: given };

it("orders versions as semver.org does", () => {
  const order = [
    "1.0.0-alpha",
    "1.0.0-alpha.1",
    "1.0.0-alpha.beta",
    "1.0.0-beta",
    "1.0.0-beta.2",
    "1.0.0-beta.11",
    "1.0.0-rc.1",
    "1.0.0",
    "1.0.1",
    "1.1.0",
    "2.0.0",
  ];
  for (const [at, one] of order.entries())
    for (const [other, two] of order.entries())
      expect(Math.sign(compareVersions(version(one), version(two)))).toBe(Math.sign(at - other));
});

it.each(["1.0", "01.0.0", "1.0.0-", "1.0.0-01", "v1.0.0", "1.0.0+build", "", "1.0.0 ", "1.0.0-a..b"])(
  "takes %j for no version",
  (given) => {
    expect(parseVersion(given)).toBeNull();
  },
);

it("the next version gives the bump that it was asked for", () => {
  const bump = fc.constantFrom("major" as const, "minor" as const, "patch" as const);
  fc.assert(
    fc.property(fc.nat(99), fc.nat(99), fc.nat(99), bump, (a, b, c, wanted) => {
      const from = version(`${a}.${b}.${c}`);
      const next = version(nextVersion(from, wanted));
      expect(bumpBetween(from, next)).toBe(wanted);
      expect(compareVersions(from, next)).toBeLessThan(0);
    }),
  );
  expect(largestBump(["patch", "major", "minor"])).toBe("major");
});

it("a release becomes active only after it was staged, and a push takes the staging back", () => {
  const reach = (from: (typeof PACKAGE_STATES)[number], ...events: Parameters<typeof advancePackage>[1][]) =>
    events.reduce<string>((state, event) => {
      const step = advancePackage(PACKAGE_STATES.find((one) => one === state) ?? "draft", event);
      return step.ok ? step.state : `refused: ${step.remedy}`;
    }, from);
  expect(reach("draft", "committed", "staged", "activated", "superseded", "activated")).toBe("released");
  expect(reach("committed", "staged", "pushed")).toBe("committed");
  expect(reach("committed", "activated")).toContain("/stage");
  expect(reach("vetoed", "activated")).toContain("veto");
  expect(reach("released", "vetoed")).toContain("/rollback");
  expect(advancePackage("vetoed", "veto_lifted", "superseded")).toEqual({ ok: true, state: "superseded" });
});
