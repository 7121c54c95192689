/**
 * A value read from JSON or YAML together with its place. Offsets count UTF-16 units from the file's beginning; `end` is the
 * offset after the last one. Members keep their order, also those written twice (the last one counts, as in JSON.parse).
 */
export interface Member {
  readonly key: string;
  readonly key_start: number;
  readonly value: Node;
}

interface Placed {
  readonly start: number;
  readonly end: number;
}
export type ObjectNode = Placed & { readonly kind: "object"; readonly members: readonly Member[] };
export type ArrayNode = Placed & { readonly kind: "array"; readonly items: readonly Node[] };
export type TextNode = Placed & { readonly kind: "text"; readonly value: string };
export type Node =
  | ObjectNode
  | ArrayNode
  | TextNode
  | (Placed & { readonly kind: "number"; readonly value: number })
  | (Placed & { readonly kind: "boolean"; readonly value: boolean })
  | (Placed & { readonly kind: "null"; readonly value: null });

/** What is wrong with a file as a file; `code` is the rule that says so. */
export interface ReadProblem {
  readonly code: ReadRule;
  readonly offset: number;
  readonly sentence: string;
  readonly remedy: string;
}
export type ReadRule =
  | "syntax"
  | "duplicate-key"
  | "alias"
  | "huge-integer"
  | "too-large"
  | "too-deep"
  | "not-utf8"
  | "byte-order-mark"
  | "line-ends";

export interface Read {
  /** Null where nothing can be read from the file. */
  readonly root: Node | null;
  readonly problems: readonly ReadProblem[];
}

/** Deeper nesting than people write; everything that walks a file may recurse this deep. */
export const MAX_DEPTH = 64;

/** Large objects get an index: a file with 100,000 keys must not cost their square. */
const indexes = new WeakMap<Node, ReadonlyMap<string, Member>>();

/** The member of that name, the last one where it is written twice; undefined where it is missing or `node` is no object. */
export function member(node: Node | null | undefined, key: string): Member | undefined {
  if (node?.kind !== "object") return undefined;
  if (node.members.length <= 16) {
    for (let at = node.members.length - 1; at >= 0; at--) {
      const one = node.members[at];
      if (one?.key === key) return one;
    }
    return undefined;
  }
  const index = indexes.get(node) ?? new Map(node.members.map((one) => [one.key, one]));
  indexes.set(node, index);
  return index.get(key);
}

export const child = (node: Node | null | undefined, key: string): Node | undefined =>
  member(node, key)?.value;

/** The items of an array; nothing where `node` is none. */
export const items = (node: Node | null | undefined): readonly Node[] =>
  node?.kind === "array" ? node.items : [];

export const members = (node: Node | null | undefined): readonly Member[] =>
  node?.kind === "object" ? node.members : [];

export const textOf = (node: Node | null | undefined): string | undefined =>
  node?.kind === "text" ? node.value : undefined;

/** The plain value, as JSON.parse would give it; keys such as `__proto__` are keys like any other. */
export function plainValue(node: Node): unknown {
  if (node.kind === "array") return node.items.map(plainValue);
  if (node.kind !== "object") return node.value;
  const value: Record<string, unknown> = {};
  for (const { key, value: inner } of node.members) {
    if (key === "__proto__")
      Object.defineProperty(value, key, { value: plainValue(inner), enumerable: true });
    else value[key] = plainValue(inner);
  }
  return value;
}

/** Equal values have equal texts, whatever the order of their keys. A file may hold `1e999` or `.nan`, which JSON cannot: they are written as texts. */
export function valueText(node: Node | undefined): string {
  if (node === undefined) return "null";
  if (node.kind === "array") return `[${node.items.map(valueText).join(",")}]`;
  if (node.kind === "number" && !Number.isFinite(node.value)) return `"${node.value}"`;
  if (node.kind !== "object") return JSON.stringify(node.value);
  const last = new Map(node.members.map(({ key, value }) => [key, value]));
  const keys = [...last.keys()].sort();
  return `{${keys.map((key) => `${JSON.stringify(key)}:${valueText(last.get(key))}`).join(",")}}`;
}

/** The node at a path of keys and indices, and of the deepest one that exists where the path goes on. */
export function nodeAt(root: Node, path: readonly string[]): Node {
  let node = root;
  for (const part of path) {
    const next = node.kind === "array" ? node.items[Number(part)] : child(node, part);
    if (next === undefined) return node;
    node = next;
  }
  return node;
}

/** Every node of the tree, the outer one first, with the key of its member where it has one. */
export function* walk(
  node: Node,
  key: string | null = null,
): Generator<{ readonly node: Node; readonly key: string | null }> {
  yield { node, key };
  if (node.kind === "array") for (const item of node.items) yield* walk(item, key);
  if (node.kind === "object") for (const one of node.members) yield* walk(one.value, one.key);
}
