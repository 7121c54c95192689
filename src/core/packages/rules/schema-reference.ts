import { documentsOf, type ReleaseRule } from "../context.ts";
import { findingAt } from "../files.ts";
import type { SourceFile } from "../reading/document.ts";
import { child, type Node, textOf } from "../reading/node.ts";
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
  if (!circles(file.root, node)) return [];
  const sentence = `\`${text}\` leads back to itself without a field in between: no document could be judged by it.`;
  return [
    findingAt(file, target, {
      rule: id,
      sentence,
      remedy: "Let it refer to a definition that says something of its own.",
    }),
  ];
}

/** Follows references only; a schema that contains itself in a property or in a list's items is fine. */
function circles(root: Node, start: Node): boolean {
  const seen = new Set<Node>();
  const waiting: Node[] = [start];
  for (let node = waiting.pop(); node !== undefined; node = waiting.pop()) {
    if (seen.has(node)) continue;
    seen.add(node);
    for (const next of applied(root, node)) {
      if (next === start) return true;
      waiting.push(next);
    }
  }
  return false;
}

/** Schemas that are applied to the very same value. */
function applied(root: Node, node: Node): readonly Node[] {
  const text = textOf(child(node, "$ref"));
  const target = text === undefined ? null : resolveReference(root, text);
  const together = ["allOf", "anyOf", "oneOf"].flatMap((key) => {
    const list = child(node, key);
    return list?.kind === "array" ? list.items : [];
  });
  const single = ["not", "if", "then", "else"].flatMap((key) => child(node, key) ?? []);
  return [...(target?.kind === "found" ? [target.node] : []), ...together, ...single];
}
