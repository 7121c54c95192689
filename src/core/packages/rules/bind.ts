import {
  documentsOf,
  manifestOf,
  namesSchema,
  type ReleaseContext,
  type ReleaseRule,
  schemaOf,
} from "../context.ts";
import { findingAt } from "../files.ts";
import type { SourceFile } from "../reading/document.ts";
import { child, items, type Node, textOf } from "../reading/node.ts";
import { resolveThroughLists } from "../schema/fields.ts";
import { pointerParts } from "../schema/reference.ts";
import type { Finding } from "../types.ts";

const id = "bind";

/** Every bind of a section names a field of the same release's schema. */
export const bind: ReleaseRule = {
  id,
  demands: "Every bind of a section names a field of the schema of the same release.",
  check: (context) => {
    const schema = schemaOf(context)?.root ?? null;
    if (schema === null && namesSchema(context)) return [];
    const manifest = manifestOf(context);
    const files = [
      ...(manifest === null ? [] : [manifest]),
      ...documentsOf(context, context.release.kind.docdef_artifacts),
    ];
    return files.flatMap((file) =>
      file.text.includes("binds")
        ? bindsIn(file.root).flatMap((one) => check({ context, file, schema }, one, null))
        : [],
    );
  },
};

interface Place {
  readonly context: ReleaseContext;
  readonly file: SourceFile;
  readonly schema: Node | null;
}

/** The items of every list under a key `binds`. */
function bindsIn(root: Node): readonly Node[] {
  const found: Node[] = [];
  const waiting: Node[] = [root];
  for (let node = waiting.pop(); node !== undefined; node = waiting.pop()) {
    if (node.kind === "array") waiting.push(...node.items);
    if (node.kind !== "object") continue;
    for (const { key, value } of node.members) {
      if (key === "binds") found.push(...items(value));
      else waiting.push(value);
    }
  }
  return found;
}

/** A text, or an object whose `path` (or `field`) is one; `fields`, `columns` and a `card` inside begin at that field. */
function check(place: Place, one: Node, from: readonly Node[] | null): readonly Finding[] {
  const named = one.kind === "text" ? one : (child(one, "path") ?? child(one, "field"));
  const path = textOf(named);
  if (named === undefined || path === undefined) return [];
  const { context, file, schema } = place;
  const fault = (sentence: string, remedy: string) => [
    findingAt(file, named, { rule: id, sentence, remedy }),
  ];
  if (schema === null)
    return fault(
      `\`${path}\` binds a field, but the release has no schema.`,
      "Add the schema to `artifacts`.",
    );
  const parts = pointerParts(path) ?? path.replaceAll("[]", "").split(".");
  const fields = resolveThroughLists(schema, from ?? [schema], parts);
  if (fields.length === 0) {
    const sentence = `The bind \`${path}\` names no field of the schema of \`${context.release.id}\` ${context.release.version}.`;
    return fault(sentence, "Correct the bind, or add the field to the schema.");
  }
  const card = child(one, "card");
  const title = child(card, "title");
  const inner = [one, ...(card === undefined ? [] : [card])].flatMap((block) => [
    ...items(child(block, "fields")),
    ...items(child(block, "columns")),
  ]);
  return [...(title === undefined ? [] : [title]), ...inner].flatMap((node) => check(place, node, fields));
}
