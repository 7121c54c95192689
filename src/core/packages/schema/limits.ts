/** What a change of one limit means for documents that kept to it: a tighter one can make them wrong, a wider one cannot. */
import { items, type Node, textOf, valueText } from "../reading/node.ts";
import type { Bump } from "../semver.ts";

export interface LimitChange {
  readonly bump: Bump;
  readonly what: string;
}

const LEAST = ["minimum", "exclusiveMinimum", "minLength", "minItems", "minProperties", "minContains"];
const MOST = ["maximum", "exclusiveMaximum", "maxLength", "maxItems", "maxProperties", "maxContains"];
const EXACT = [
  "pattern",
  "format",
  "multipleOf",
  "const",
  "contentEncoding",
  "contentMediaType",
  "dependentRequired",
];
const FLAGS = [
  "additionalProperties",
  "unevaluatedProperties",
  "unevaluatedItems",
  "additionalItems",
  "items",
];

const shown = (node: Node | undefined): string => {
  if (node === undefined) return "nothing";
  const text = valueText(node);
  return `\`${text.length > 60 ? `${text.slice(0, 59)}…` : text}\``;
};

/** The change of a keyword that is no schema; `old` and `next` differ, and either may be missing. */
export function limitChange(
  key: string,
  old: Node | undefined,
  next: Node | undefined,
): readonly LimitChange[] {
  const turned = `\`${key}\` went from ${shown(old)} to ${shown(next)}`;
  if (key === "type")
    return [{ bump: "major", what: `changed its type from ${shown(old)} to ${shown(next)}` }];
  if (key === "enum") return values(old, next);
  if (key === "uniqueItems")
    return [{ bump: opens(next) && next !== undefined ? "major" : "minor", what: turned }];
  if (LEAST.includes(key)) return [{ bump: loosened(next, old, "least") ? "minor" : "major", what: turned }];
  if (MOST.includes(key)) return [{ bump: loosened(next, old, "most") ? "minor" : "major", what: turned }];
  if (FLAGS.includes(key)) return [{ bump: opens(next) ? "minor" : "major", what: turned }];
  if (EXACT.includes(key)) return [{ bump: next === undefined ? "minor" : "major", what: turned }];
  if (KNOWN.has(key)) return [{ bump: "major", what: `\`${key}\` changed` }];
  return [{ bump: "patch", what: `\`${key}\` changed, which is no keyword of JSON Schema` }];
}

/** Keywords that join conditions: nobody can tell in general what a change lets through. */
const KNOWN = new Set([
  "$schema",
  "$ref",
  "$dynamicRef",
  "$dynamicAnchor",
  "$vocabulary",
  "allOf",
  "anyOf",
  "oneOf",
  "not",
  "if",
  "then",
  "else",
  "contains",
  "prefixItems",
  "propertyNames",
  "dependentSchemas",
  "dependencies",
  "patternProperties",
]);

/** Whether the new bound is gone, or lets through whatever the old one did. */
function loosened(next: Node | undefined, old: Node | undefined, side: "least" | "most"): boolean {
  if (next === undefined) return true;
  if (old === undefined || next.kind !== "number" || old.kind !== "number") return false;
  return side === "least" ? next.value < old.value : next.value > old.value;
}

/** Whether a flag, or its absence, allows everything. */
const opens = (node: Node | undefined): boolean =>
  node === undefined || (node.kind === "boolean" && node.value);

function values(old: Node | undefined, next: Node | undefined): readonly LimitChange[] {
  if (old === undefined) return [{ bump: "major", what: "allows only some values now" }];
  if (next === undefined) return [{ bump: "minor", what: "allows any value now" }];
  const texts = (node: Node) => items(node).map((item) => textOf(item) ?? valueText(item));
  const before = texts(old);
  const after = texts(next);
  const gone = before.filter((value) => !after.includes(value));
  const more = after.filter((value) => !before.includes(value));
  const list = (all: readonly string[]) =>
    all
      .slice(0, 5)
      .map((value) => `\`${value}\``)
      .join(", ");
  return [
    ...(gone.length > 0 ? [{ bump: "major" as const, what: `no longer allows ${list(gone)}` }] : []),
    ...(more.length > 0 ? [{ bump: "minor" as const, what: `allows ${list(more)} too` }] : []),
  ];
}
