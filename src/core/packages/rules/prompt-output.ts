import { artifactsOf, openBelow, type ReleaseContext, type ReleaseRule, schemaOf } from "../context.ts";
import { findingAt } from "../files.ts";
import { fieldsTold } from "../prompts.ts";
import type { SourceFile } from "../reading/document.ts";
import type { Node } from "../reading/node.ts";
import { fieldNames, resolveThroughLists } from "../schema/fields.ts";
import type { Finding } from "../types.ts";

const id = "prompt-output";

/** Every field that a prompt tells to output is in the schema of the same release. */
export const promptOutput: ReleaseRule = {
  id,
  demands:
    "Every field that a prompt tells to output is in the schema, and the prompt names the schema of its own release.",
  check: (context) => {
    const schema = schemaOf(context)?.root;
    return artifactsOf(context)
      .filter(({ key, below }) => context.release.kind.output_prompts.includes(key) && below !== null)
      .flatMap(({ below }) => {
        const file = openBelow(context, below ?? "");
        if (file === null) return [];
        return [
          ...otherSchema(context, file),
          ...(schema === undefined ? [] : unknownFields(context, file, schema)),
        ];
      });
  },
};

function unknownFields({ release }: ReleaseContext, file: SourceFile, schema: Node): readonly Finding[] {
  const told = fieldsTold(file.text);
  if (told.length === 0) return [];
  const names = fieldNames(schema);
  return told.flatMap(({ field, offset }) => {
    const parts = field.replaceAll("[]", "").split(".");
    const known =
      parts.every((part) => names.has(part)) &&
      (parts.length === 1 || resolveThroughLists(schema, [schema], parts).length > 0);
    if (known) return [];
    const sentence = `The prompt tells to output \`${field}\`, which the schema of \`${release.id}\` ${release.version} does not have.`;
    return [
      findingAt(file, offset, {
        rule: id,
        sentence,
        remedy: `Add \`${field}\` to the schema, or correct the prompt.`,
      }),
    ];
  });
}

/** A prompt that names the schema of another version of its own package. */
function otherSchema({ release }: ReleaseContext, file: SourceFile): readonly Finding[] {
  const found = [
    ...file.text.matchAll(
      /\bschema:([A-Za-z0-9_.-]+):([0-9]+\.[0-9]+\.[0-9]+(?:-[0-9A-Za-z-]+(?:\.[0-9A-Za-z-]+)*)?)/g,
    ),
  ];
  return found
    .filter(([, name, version]) => name === release.id && version !== release.version)
    .map((match) => {
      const sentence = `The prompt names the schema of ${match[2] ?? ""}, but this is release ${release.version}.`;
      const remedy = `Write \`schema:${release.id}:${release.version}\`.`;
      return findingAt(file, match.index, { rule: id, sentence, remedy });
    });
}
