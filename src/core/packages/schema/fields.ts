/** Which fields a schema declares: whether a pointer into a document leads to one, and what the fields are called. */
import { child, items, members, type Node, textOf } from "../reading/node.ts";
import { resolveReference } from "./reference.ts";

/** Keywords that hold alternatives or additions to the schema around them. */
const ALSO = ["allOf", "anyOf", "oneOf"] as const;
const ONE_MORE = ["then", "else"] as const;

/** More alternatives in one place than people write: further ones are not looked at, so a field that only they have is not found. */
const MOST = 500;

const known = new WeakMap<Node, readonly Node[]>();

/** The schema itself and everything that it is put together from: references and alternatives, each once. */
export function facets(root: Node, schema: Node): readonly Node[] {
  const before = known.get(schema);
  if (before !== undefined) return before;
  const found = collect(root, schema);
  known.set(schema, found);
  return found;
}

function collect(root: Node, schema: Node): readonly Node[] {
  const seen = new Set<Node>();
  const waiting: Node[] = [schema];
  for (let node = waiting.pop(); node !== undefined && seen.size < MOST; node = waiting.pop()) {
    if (seen.has(node)) continue;
    seen.add(node);
    const reference = textOf(child(node, "$ref"));
    const target = reference === undefined ? null : resolveReference(root, reference);
    if (target?.kind === "found") waiting.push(target.node);
    for (const key of ALSO) waiting.push(...items(child(node, key)));
    for (const key of ONE_MORE) {
      const more = child(node, key);
      if (more !== undefined) waiting.push(more);
    }
  }
  return [...seen];
}

/** The schemas of what one step of a pointer leads to: a property, or a list's item. */
function step(root: Node, schema: Node, part: string): readonly Node[] {
  return facets(root, schema).flatMap((facet) => {
    const found: Node[] = [];
    const property = child(child(facet, "properties"), part);
    if (property !== undefined) found.push(property);
    if (/^(?:[0-9]+|\*|-|)$/.test(part)) found.push(...itemSchemas(facet));
    if (property === undefined) found.push(...namedByPattern(facet));
    return found;
  });
}

/** Schemas of a list's items. */
export function itemSchemas(facet: Node): readonly Node[] {
  const list = child(facet, "items");
  const each = list === undefined ? [] : list.kind === "array" ? list.items : [list];
  return [...each, ...items(child(facet, "prefixItems"))].filter(({ kind }) => kind === "object");
}

/** Properties whose names the schema leaves open but whose values it describes. Patterns are not run: any name may match. */
function namedByPattern(facet: Node): readonly Node[] {
  const open = child(facet, "additionalProperties");
  const named = members(child(facet, "patternProperties")).map(({ value }) => value);
  return open?.kind === "object" && open.members.length > 0 ? [...named, open] : named;
}

/** The schemas that the parts lead to from any of `from`; nothing where no field is declared there. */
export function resolveField(root: Node, from: readonly Node[], parts: readonly string[]): readonly Node[] {
  let at = from;
  for (const part of parts) {
    at = [...new Set(at.flatMap((schema) => step(root, schema, part)))].slice(0, MOST);
    if (at.length === 0) return [];
  }
  return at;
}

/** As `resolveField`, where lists are stepped into without being named: `risks.impact` as well as `risks[].impact`. */
export function resolveThroughLists(
  root: Node,
  from: readonly Node[],
  parts: readonly string[],
): readonly Node[] {
  let at = from;
  for (const part of parts) {
    const inside = [...at, ...at.flatMap((schema) => facets(root, schema).flatMap(itemSchemas))];
    at = [...new Set(inside.flatMap((schema) => step(root, schema, part)))].slice(0, MOST);
    if (at.length === 0) return [];
  }
  return at;
}

/** The names of all properties, at any depth. */
export function fieldNames(root: Node): ReadonlySet<string> {
  const names = new Set<string>();
  const waiting: Node[] = [root];
  for (let node = waiting.pop(); node !== undefined; node = waiting.pop()) {
    if (node.kind === "array") waiting.push(...node.items);
    for (const { key, value } of members(node)) {
      if (key === "properties") for (const property of members(value)) names.add(property.key);
      waiting.push(value);
    }
  }
  return names;
}
