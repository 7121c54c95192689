import { documentsOf, namesSchema, type ReleaseContext, type ReleaseRule, schemaOf } from "../context.ts";
import { findingAt } from "../files.ts";
import type { SourceFile } from "../reading/document.ts";
import { child, members, type Node, textOf } from "../reading/node.ts";
import { facets, itemSchemas, resolveField } from "../schema/fields.ts";
import { pointerParts } from "../schema/reference.ts";
import type { Finding } from "../types.ts";

const id = "source-pointer";

/** Every `source_pointer` of a docdef leads to a field of the same release's schema. */
export const sourcePointer: ReleaseRule = {
  id,
  demands: "Every `source_pointer` of a docdef leads to a field of the schema of the same release.",
  check: (context) => {
    const schema = schemaOf(context)?.root ?? null;
    if (schema === null && namesSchema(context)) return [];
    return documentsOf(context, context.release.kind.docdef_artifacts).flatMap((file) =>
      objectsIn(file.root).flatMap((node) => section({ context, file, schema }, node)),
    );
  },
};

interface Docdef {
  readonly context: ReleaseContext;
  readonly file: SourceFile;
  readonly schema: Node | null;
}

function objectsIn(root: Node): readonly Node[] {
  const found: Node[] = [];
  const waiting: Node[] = [root];
  for (let node = waiting.pop(); node !== undefined; node = waiting.pop()) {
    if (node.kind === "array") waiting.push(...node.items);
    if (node.kind !== "object") continue;
    if (child(node, "source_pointer") !== undefined || child(node, "repeat_over") !== undefined)
      found.push(node);
    waiting.push(...node.members.map(({ value }) => value));
  }
  return found;
}

/** With `repeat_over` the section is repeated for a list's items, and the other pointers begin at an item. */
function section(docdef: Docdef, node: Node): readonly Finding[] {
  const repeat = child(node, "repeat_over");
  const from = repeat === undefined || repeat.kind === "null" ? null : follow(docdef, repeat, null);
  if (from !== null && "finding" in from) return [from.finding];
  const start = from === null ? null : insideList(docdef, from.fields);
  const pointers = [
    child(node, "source_pointer"),
    ...members(child(node, "context")).map(({ value }) => value),
  ];
  return pointers.flatMap((pointer) => {
    if (pointer === undefined || pointer.kind === "null") return [];
    const found = follow(docdef, pointer, start);
    return "finding" in found ? [found.finding] : [];
  });
}

const insideList = ({ schema }: Docdef, fields: readonly Node[]): readonly Node[] =>
  schema === null ? [] : fields.flatMap((field) => facets(schema, field).flatMap(itemSchemas));

type Followed = { readonly fields: readonly Node[] } | { readonly finding: Finding };

function follow(docdef: Docdef, pointer: Node, from: readonly Node[] | null): Followed {
  const { context, file, schema } = docdef;
  const fault = (sentence: string, remedy: string): Followed => ({
    finding: findingAt(file, pointer, { rule: id, sentence, remedy }),
  });
  const text = textOf(pointer);
  const parts = text === "/" ? [] : text === undefined ? null : pointerParts(text);
  if (text === undefined || parts === null) {
    return fault("This is not a JSON pointer.", "Begin it with `/`, for example `/preliminary_summary`.");
  }
  if (schema === null)
    return fault(
      `\`${text}\` points into the schema, but the release has none.`,
      "Add the schema to `artifacts`.",
    );
  const fields = resolveField(schema, from ?? [schema], parts);
  if (fields.length > 0) return { fields };
  const where = from === null ? "the schema" : "an item of the list that is repeated";
  return fault(
    `\`${text}\` leads to no field of ${where} of \`${context.release.id}\` ${context.release.version}.`,
    "Correct the pointer, or add the field to the schema.",
  );
}
