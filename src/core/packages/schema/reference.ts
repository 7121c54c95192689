/** `$ref` inside one schema. A reference to anything outside is never followed and never fetched. */
import { child, items, type Node, textOf } from "../reading/node.ts";
import { schemaObjects } from "./objects.ts";

export type Reference =
  | { readonly kind: "found"; readonly node: Node }
  /** Names another document. */
  | { readonly kind: "remote" }
  | { readonly kind: "missing" };

/** The node that a reference names: `#`, `#/a/b` or `#anchor`; also with the schema's own `$id` before the `#`. */
export function resolveReference(root: Node, reference: string): Reference {
  const hash = reference.indexOf("#");
  const document = hash < 0 ? reference : reference.slice(0, hash);
  if (document !== "" && document !== textOf(child(root, "$id"))?.replace(/#$/, ""))
    return { kind: "remote" };
  const fragment = hash < 0 ? "" : decoded(reference.slice(hash + 1));
  const node =
    fragment === "" ? root : fragment.startsWith("/") ? atPointer(root, fragment) : atAnchor(root, fragment);
  return node === undefined ? { kind: "missing" } : { kind: "found", node };
}

/** The parts of a JSON pointer; null where it is none. */
export function pointerParts(pointer: string): readonly string[] | null {
  if (pointer === "") return [];
  if (!pointer.startsWith("/")) return null;
  return pointer
    .slice(1)
    .split("/")
    .map((part) => part.replaceAll("~1", "/").replaceAll("~0", "~"));
}

/** A fragment is written as a part of an address; a lone `%` stands for itself. */
function decoded(fragment: string): string {
  try {
    return decodeURIComponent(fragment);
  } catch {
    return fragment;
  }
}

function atPointer(root: Node, pointer: string): Node | undefined {
  let node: Node | undefined = root;
  for (const part of pointerParts(pointer) ?? []) {
    node = node?.kind === "array" ? items(node)[Number(part)] : child(node, part);
  }
  return node;
}

const anchors = new WeakMap<Node, ReadonlyMap<string, Node>>();

function atAnchor(root: Node, name: string): Node | undefined {
  const known = anchors.get(root) ?? anchorsOf(root);
  anchors.set(root, known);
  return known.get(name);
}

function anchorsOf(root: Node): ReadonlyMap<string, Node> {
  const found = new Map<string, Node>();
  for (const schema of schemaObjects(root)) {
    for (const key of ["$anchor", "$dynamicAnchor"]) {
      const name = textOf(child(schema, key));
      if (name !== undefined) found.set(name, schema);
    }
    const id = textOf(child(schema, "$id"));
    if (id?.startsWith("#") === true) found.set(id.slice(1), schema);
  }
  return found;
}
