import { artifactsOf, manifestOf, type ReleaseRule } from "../context.ts";
import { findingAt } from "../files.ts";
import { child, members, textOf } from "../reading/node.ts";

const id = "pgc-context";

/** Packages of some authority levels carry their PGC context, as an artifact or by a reference to a shared one. */
export const pgcContext: ReleaseRule = {
  id,
  demands: "Descriptive and prescriptive packages carry their PGC context.",
  check: (context) => {
    const { kind } = context.release;
    const manifest = manifestOf(context);
    const level = child(manifest?.root, "authority_level");
    const word = textOf(level);
    if (manifest === null || level === undefined || word === undefined || !kind.pgc_levels.includes(word))
      return [];
    if (artifactsOf(context).some(({ key }) => key === "pgc_context")) return [];
    if (members(manifest.root).some(({ value }) => textOf(value)?.startsWith("prompt:pgc:") === true))
      return [];
    const sentence = `A ${word} package carries its PGC context, and this one has none.`;
    const remedy = "Add `pgc_context: prompts/pgc_context.prompt.txt` to `artifacts`, and the file.";
    return [findingAt(manifest, level, { rule: id, sentence, remedy })];
  },
};
