import { documentsOf, type ReleaseRule } from "../context.ts";
import { findingAt } from "../files.ts";
import type { SourceFile } from "../reading/document.ts";
import { child, items, members, type Node, textOf } from "../reading/node.ts";
import { schemaObjects } from "../schema/objects.ts";
import { resolveReference } from "../schema/reference.ts";
import type { Finding } from "../types.ts";

const id = "schema-reference";

/** Every `$ref` leads to a place in the same schema, and not in circles. */
export const schemaReference: ReleaseRule = {
  id,
  demands: "Every `$ref` of a schema leads to a definition in the same file, and not back to itself.",
  check: (context) => documentsOf(context, context.release.kind.schema_artifacts).flatMap(inSchema),
};

function inSchema(file: SourceFile & { readonly root: Node }): readonly Finding[] {
  if (!file.text.includes('Ref"') && !file.text.includes('$ref"')) return [];
  return schemaObjects(file.root).flatMap((node) => {
    const target = child(node, "$ref") ?? child(node, "$dynamicRef");
    const text = textOf(target);
    return target === undefined || text === undefined ? [] : fault(file, { node, target, text });
  });
}

function fault(
  file: SourceFile & { readonly root: Node },
  { node, target, text }: { readonly node: Node; readonly target: Node; readonly text: string },
): readonly Finding[] {
  const found = resolveReference(file.root, text);
  if (found.kind === "remote") {
    const sentence = `\`${text}\` names another document; schemas are judged by themselves and nothing is fetched.`;
    return [
      findingAt(file, target, {
        rule: id,
        sentence,
        remedy: "Copy the definition into `$defs` and refer to it by `#/$defs/...`.",
      }),
    ];
  }
  if (found.kind === "missing") {
    const sentence = `\`${text}\` leads to nothing in this schema.`;
    return [
      findingAt(file, target, {
        rule: id,
        sentence,
        remedy: "Add the definition, or correct the reference.",
      }),
    ];
  }
  if (!circular(file.root).has(node)) return [];
  const sentence = `\`${text}\` leads back to itself without a field in between: no document could be judged by it.`;
  return [
    findingAt(file, target, {
      rule: id,
      sentence,
      remedy: "Let it refer to a definition that says something of its own.",
    }),
  ];
}

const known = new WeakMap<Node, ReadonlySet<Node>>();
const none: ReadonlySet<Node> = new Set();

/**
 * The schemas that are applied to the same value as themselves again. One that contains itself in a property or in a list's items is fine.
 * Found in time that grows with the schema alone: whatever has no way on, or no way to it, is taken out until nothing changes.
 */
function circular(root: Node): ReadonlySet<Node> {
  const before = known.get(root);
  if (before !== undefined) return before;
  const ways = new Map<Node, readonly Node[]>();
  for (const node of schemaObjects(root)) {
    const targets = applied(root, node);
    if (targets.length > 0) ways.set(node, targets);
  }
  // Most schemas end here: whatever they refer to refers to nothing itself.
  const further = [...ways.values()].some((targets) => targets.some((target) => ways.has(target)));
  const found = further ? amongThemselves(ways) : none;
  known.set(root, found);
  return found;
}

function amongThemselves(ways: Ways): ReadonlySet<Node> {
  const back = new Map<Node, Node[]>([...ways.keys()].map((node) => [node, []]));
  for (const [node, targets] of ways) for (const target of targets) back.get(target)?.push(node);
  return withoutEnds(withoutEnds(new Set(ways.keys()), ways, back), back, ways);
}

type Ways = ReadonlyMap<Node, readonly Node[]>;

/** What remains of the nodes when those without a way on are taken out, again and again. */
function withoutEnds(nodes: ReadonlySet<Node>, ways: Ways, back: Ways): ReadonlySet<Node> {
  const left = new Set(nodes);
  const inside = (list: readonly Node[] | undefined) => (list ?? []).filter((node) => nodes.has(node));
  const open = new Map([...nodes].map((node) => [node, inside(ways.get(node)).length]));
  const waiting = [...nodes].filter((node) => open.get(node) === 0);
  for (let node = waiting.pop(); node !== undefined; node = waiting.pop()) {
    left.delete(node);
    for (const one of inside(back.get(node))) {
      const more = (open.get(one) ?? 0) - 1;
      open.set(one, more);
      if (more === 0) waiting.push(one);
    }
  }
  return left;
}

const TOGETHER = new Set(["allOf", "anyOf", "oneOf"]);
const SINGLE = new Set(["not", "if", "then", "else"]);

/** Schemas that are applied to the very same value. */
function applied(root: Node, node: Node): readonly Node[] {
  const found: Node[] = [];
  for (const { key, value } of members(node)) {
    if (SINGLE.has(key)) found.push(value);
    else if (TOGETHER.has(key)) found.push(...items(value));
    else if (key === "$ref" && value.kind === "text") {
      const target = resolveReference(root, value.value);
      if (target.kind === "found") found.push(target.node);
    }
  }
  return found;
}
