/** The schemas inside a schema, told apart from names (a field may be called `pattern` or `$ref`) and from data (`const`, examples). */
import type { Node } from "../reading/node.ts";

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
  add(root, false, found);
  return found;
}

/** `names`: the keys are names of fields. Files are no deeper than `MAX_DEPTH`. */
function add(node: Node, names: boolean, found: Node[]): void {
  if (node.kind === "array") for (const item of node.items) add(item, false, found);
  if (node.kind !== "object") return;
  if (!names) found.push(node);
  for (const { key, value } of node.members) {
    if (value.kind !== "object" && value.kind !== "array") continue;
    if (names) add(value, false, found);
    else if (!DATA.has(key)) add(value, NAMED.has(key), found);
  }
}
