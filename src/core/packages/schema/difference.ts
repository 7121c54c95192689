/**
 * What changed between two schemas, field by field, and which bump each change needs: major where a document that was right could be wrong now,
 * or where a reader could miss what it had; minor where something was added or allowed; patch for words.
 */
import { child, items, member, members, type Node, textOf, valueText } from "../reading/node.ts";
import type { Bump } from "../semver.ts";
import { limitChange } from "./limits.ts";
import { resolveReference } from "./reference.ts";

export interface SchemaChange {
  readonly bump: Bump;
  /** The field in dots, lists as `[]`; empty for the document itself. */
  readonly field: string;
  /** Completes "`field` ...". */
  readonly what: string;
  /** Where it stands in the new schema; of something removed what it stood in. */
  readonly at: Node;
}

interface Side {
  readonly text: string;
  readonly root: Node;
  /** A value that only says which version this is may follow the version. */
  readonly version: string;
}
export interface Sides {
  readonly old: Side;
  readonly next: Side;
}

/** All changes in the order of the new schema's keys. */
export function schemaChanges(sides: Sides): readonly SchemaChange[] {
  return compare(sides, { field: "", old: sides.old.root, next: sides.next.root });
}

interface Pair {
  readonly field: string;
  readonly old: Node;
  readonly next: Node;
}

const sourceOf = (side: Side, node: Node) => side.text.slice(node.start, node.end);

function compare(sides: Sides, pair: Pair): readonly SchemaChange[] {
  const { old, next } = pair;
  if (sourceOf(sides.old, old) === sourceOf(sides.next, next)) return [];
  if (old.kind !== "object" || next.kind !== "object")
    return same(old, next) ? [] : [unclear(pair, "is described differently")];
  const keys = [...new Set([...next.members, ...old.members].map(({ key }) => key))];
  return keys.flatMap((key) => keyword(sides, pair, key));
}

const same = (a: Node | undefined, b: Node | undefined): boolean =>
  a === undefined || b === undefined ? a === b : valueText(a) === valueText(b);

const unclear = ({ field, next }: Pair, what: string): SchemaChange => ({
  bump: "major",
  field,
  what,
  at: next,
});

/** Keywords that name or explain the schema. */
const WORDS = new Set([
  "title",
  "description",
  "examples",
  "$comment",
  "deprecated",
  "readOnly",
  "writeOnly",
]);
const IDENTITY = new Set(["$id", "id", "version", "$anchor"]);

function keyword(sides: Sides, pair: Pair, key: string): readonly SchemaChange[] {
  const old = child(pair.old, key);
  const next = child(pair.next, key);
  const at = next ?? pair.next;
  if (key === "properties") return properties(sides, pair);
  if (key === "required") return required(pair);
  if (old !== undefined && next !== undefined && sourceOf(sides.old, old) === sourceOf(sides.next, next))
    return [];
  if (same(old, next) || IDENTITY.has(key)) return [];
  const change = (bump: Bump, what: string): SchemaChange[] => [{ bump, field: pair.field, what, at }];
  if (WORDS.has(key) || key.startsWith("x-")) return change("patch", `has another \`${key}\``);
  if (key === "default") return change("minor", "has another default");
  const inner = schemaKeyword(sides, pair, { key, old, next });
  if (inner !== null) return inner;
  if (isStamp(sides, old, next)) return [];
  return limitChange(key, old, next).flatMap(({ bump, what }) => change(bump, what));
}

/** A constant that was the old version and is the new one. */
function isStamp({ old, next }: Sides, before: Node | undefined, after: Node | undefined): boolean {
  return textOf(before) === old.version && textOf(after) === next.version;
}

interface Key {
  readonly key: string;
  readonly old: Node | undefined;
  readonly next: Node | undefined;
}

/** Keywords whose values are schemas; null for any other. */
function schemaKeyword(sides: Sides, pair: Pair, { key, old, next }: Key): readonly SchemaChange[] | null {
  const { field } = pair;
  const both = old !== undefined && next !== undefined;
  switch (key) {
    case "$ref":
      return reference(sides, pair);
    case "items":
    case "contains":
    case "additionalItems":
      if (both && old.kind !== "array" && next.kind !== "array")
        return compare(sides, { field: `${field}[]`, old, next });
      return both ? pairwise(sides, { field: `${field}[]`, old, next }) : null;
    case "prefixItems":
    case "allOf":
      return both ? pairwise(sides, { field, old, next }) : null;
    case "anyOf":
    case "oneOf":
      return both ? alternatives(sides, { field, old, next }) : null;
    case "additionalProperties":
    case "unevaluatedProperties":
      return both && old.kind === "object" && next.kind === "object"
        ? compare(sides, { field: `${field}{}`, old, next })
        : null;
    case "definitions":
    case "$defs":
    case "patternProperties":
      return named(sides, pair, key);
    default:
      return null;
  }
}

function pairwise(sides: Sides, pair: Pair): readonly SchemaChange[] {
  const old = items(pair.old);
  const next = items(pair.next);
  if (old.length !== next.length) return [unclear(pair, "is put together from other parts")];
  return next.flatMap((node, at) => compare(sides, { field: pair.field, old: old[at] ?? node, next: node }));
}

/** A further alternative allows more; anything else is compared one by one. */
function alternatives(sides: Sides, pair: Pair): readonly SchemaChange[] {
  const old = items(pair.old);
  const next = items(pair.next);
  const kept = old.every((node, at) => same(node, next[at]));
  if (kept && next.length > old.length) {
    return [
      {
        bump: "minor",
        field: pair.field,
        what: "has one more alternative",
        at: next[old.length] ?? pair.next,
      },
    ];
  }
  return pairwise(sides, pair);
}

function named(sides: Sides, pair: Pair, key: string): readonly SchemaChange[] {
  const prefix = key === "patternProperties" ? pair.field : `#/${key}`;
  const changes = members(child(pair.next, key)).flatMap((one) => {
    const old = child(child(pair.old, key), one.key);
    const field = `${prefix}/${one.key}`;
    if (old !== undefined) return compare(sides, { field, old, next: one.value });
    return key === "patternProperties"
      ? [unclear({ ...pair, field }, "describes names that were free before")]
      : [];
  });
  const gone = key === "patternProperties" ? members(child(pair.old, key)) : [];
  return [
    ...changes,
    ...gone
      .filter((one) => child(child(pair.next, key), one.key) === undefined)
      .map((one) => unclear({ ...pair, field: `${prefix}/${one.key}` }, "is gone")),
  ];
}

/** Another reference is the same field only if both lead to the same text. */
function reference({ old, next }: Sides, pair: Pair): readonly SchemaChange[] {
  const target = (side: Side, node: Node) => {
    const text = textOf(child(node, "$ref"));
    const found = text === undefined ? null : resolveReference(side.root, text);
    return found?.kind === "found" ? found.node : undefined;
  };
  const before = target(old, pair.old);
  const after = target(next, pair.next);
  return before !== undefined && same(before, after) ? [] : [unclear(pair, "refers to another definition")];
}

/** Beyond this many fields nobody renames: each is told on its own. */
const MANY = 50;

function properties(sides: Sides, pair: Pair): readonly SchemaChange[] {
  const old = members(child(pair.old, "properties"));
  const next = members(child(pair.next, "properties"));
  const inside = child(pair.next, "properties") ?? pair.next;
  const added = next.filter(({ key }) => member(child(pair.old, "properties"), key) === undefined);
  const gone = old.filter(({ key }) => member(child(pair.next, "properties"), key) === undefined);
  const path = (key: string) => (pair.field === "" ? key : `${pair.field}.${key}`);
  const demanded = requiredNames(pair.next);
  const kept = next.flatMap((one) => {
    const before = member(child(pair.old, "properties"), one.key);
    return before === undefined
      ? []
      : compare(sides, { field: path(one.key), old: before.value, next: one.value });
  });
  const few = gone.length <= MANY && added.length <= MANY;
  const removed = gone.map(({ key, value }): SchemaChange => {
    const heir = few ? added.find((one) => same(one.value, value)) : undefined;
    const what = heir === undefined ? "was removed" : `was renamed to \`${heir.key}\``;
    return { bump: "major", field: path(key), what, at: heir?.value ?? inside };
  });
  const fresh = added
    .filter(({ value }) => !few || !gone.some((one) => same(one.value, value)))
    .map(
      ({ key, value }): SchemaChange =>
        demanded.has(key)
          ? { bump: "major", field: path(key), what: "was added and is required", at: value }
          : { bump: "minor", field: path(key), what: "was added", at: value },
    );
  return [...kept, ...removed, ...fresh];
}

const requiredNames = (schema: Node): ReadonlySet<string> =>
  new Set(items(child(schema, "required")).flatMap((item) => textOf(item) ?? []));

/** Only fields that both sides know: what was added or removed has been told already. */
function required(pair: Pair): readonly SchemaChange[] {
  const old = requiredNames(pair.old);
  const next = requiredNames(pair.next);
  const known = (schema: Node, key: string) => member(child(schema, "properties"), key) !== undefined;
  const path = (key: string) => (pair.field === "" ? key : `${pair.field}.${key}`);
  const more = items(child(pair.next, "required")).flatMap((item): SchemaChange[] => {
    const key = textOf(item) ?? "";
    if (old.has(key) || (known(pair.next, key) && !known(pair.old, key))) return [];
    return [{ bump: "major", field: path(key), what: "is required now", at: item }];
  });
  const less = [...old].filter((key) => !next.has(key) && !(known(pair.old, key) && !known(pair.next, key)));
  const at = child(pair.next, "required") ?? pair.next;
  return [
    ...more,
    ...less.map(
      (key): SchemaChange => ({ bump: "minor", field: path(key), what: "is no longer required", at }),
    ),
  ];
}
