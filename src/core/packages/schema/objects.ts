/** The schemas inside a schema, told apart from names (a field may be called `pattern` or `$ref`) and from data (`const`, examples). */
import { members, type Node } from "../reading/node.ts";

const DATA = new Set(["const", "enum", "default", "examples"]);
/** Keywords whose keys are names of fields or definitions. */
const NAMED = new Set([
  "properties",
  "patternProperties",
  "$defs",
  "definitions",
  "dependentSchemas",
  "dependencies",
]);

/** Every object that stands where a schema may stand, in no particular order. */
export function schemaObjects(root: Node): readonly Node[] {
  const before = known.get(root);
  if (before !== undefined) return before;
  const found = collect(root);
  known.set(root, found);
  return found;
}

const known = new WeakMap<Node, readonly Node[]>();

function collect(root: Node): readonly Node[] {
  const found: Node[] = [];
  const waiting: { readonly node: Node; readonly names: boolean }[] = [{ node: root, names: false }];
  for (let one = waiting.pop(); one !== undefined; one = waiting.pop()) {
    const { node, names } = one;
    if (node.kind === "array") for (const item of node.items) waiting.push({ node: item, names: false });
    if (node.kind === "object" && !names) found.push(node);
    for (const { key, value } of members(node)) {
      if (names) waiting.push({ node: value, names: false });
      else if (!DATA.has(key)) waiting.push({ node: value, names: NAMED.has(key) });
    }
  }
  return found;
}
