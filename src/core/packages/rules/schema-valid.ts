import { documentsOf, type ReleaseRule } from "../context.ts";
import { findingAt } from "../files.ts";
import { child } from "../reading/node.ts";
import { draftOf, schemaFaults } from "../schema/validity.ts";

const id = "schema-valid";

/** A schema is a JSON Schema of draft 7 or 2020-12. */
export const schemaValid: ReleaseRule = {
  id,
  demands: "A schema is a valid JSON Schema of draft 7 or 2020-12.",
  check: (context) =>
    documentsOf(context, context.release.kind.schema_artifacts).flatMap((file) => {
      const draft = draftOf(file.root);
      if (draft === null) {
        const sentence = "`$schema` names a draft that is not judged here.";
        const remedy =
          "Write `https://json-schema.org/draft/2020-12/schema` or `http://json-schema.org/draft-07/schema#`.";
        return [findingAt(file, child(file.root, "$schema") ?? file.root, { rule: id, sentence, remedy })];
      }
      return schemaFaults(file.root, draft).map(({ node, what }) => {
        const sentence = `The schema is not valid here: it ${what}.`;
        return findingAt(file, node, {
          rule: id,
          sentence,
          remedy: `Write what JSON Schema ${draft} allows in this place.`,
        });
      });
    }),
};
