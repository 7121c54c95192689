import { documentsOf, type ReleaseRule } from "../context.ts";
import { findingAt } from "../files.ts";
import { judgePattern } from "../patterns/ambiguity.ts";
import type { SourceFile } from "../reading/document.ts";
import { child, members, type Node } from "../reading/node.ts";
import { schemaObjects } from "../schema/objects.ts";
import { isRegularExpression } from "../schema/validity.ts";
import type { Finding } from "../types.ts";

const id = "schema-pattern";

/** Every pattern of a schema is a regular expression that no text can make slow. */
export const schemaPattern: ReleaseRule = {
  id,
  demands: "Every pattern of a schema is a regular expression that no text can make slow.",
  check: (context) =>
    documentsOf(context, context.release.kind.schema_artifacts).flatMap((file) => {
      const patterns = patternsIn(file.root);
      return [
        ...patterns.slice(0, MOST).flatMap(({ at, text }) => judge(file, at, text)),
        ...patterns.slice(MOST, MOST + 1).map(({ at }) => tooMany(file, at)),
      ];
    }),
};

/** Judging takes time; more patterns than this nobody writes by hand. */
const MOST = 500;

function tooMany(file: SourceFile, at: number): Finding {
  const sentence = `The schema has more than ${MOST} patterns; from this one on they are not judged.`;
  const remedy = "Define a pattern once under `$defs` and refer to it.";
  return findingAt(file, at, { rule: id, sentence, remedy });
}

interface Pattern {
  readonly at: number;
  readonly text: string;
}

/** `pattern` and the keys of `patternProperties`. */
function patternsIn(root: Node): readonly Pattern[] {
  const found: Pattern[] = [];
  for (const schema of schemaObjects(root)) {
    const own = child(schema, "pattern");
    if (own?.kind === "text") found.push({ at: own.start, text: own.value });
    for (const { key, key_start } of members(child(schema, "patternProperties")))
      found.push({ at: key_start, text: key });
  }
  return found;
}

function judge(file: SourceFile, at: number, text: string): readonly Finding[] {
  if (!isRegularExpression(text)) {
    const sentence =
      "This is not a regular expression of ECMAScript (with the flag `u`), which JSON Schema asks for.";
    return [
      findingAt(file, at, {
        rule: id,
        sentence,
        remedy: "Correct it; write a sign that means itself with a backslash only where it needs one.",
      }),
    ];
  }
  const judgement = judgePattern(text);
  if (judgement.kind === "fine") return [];
  if (judgement.kind === "unjudged") {
    const sentence = `It cannot be told whether this pattern is safe: it has ${judgement.why}.`;
    return [findingAt(file, at, { rule: id, sentence, remedy: "Write it more simply." })];
  }
  const sentence =
    "A text can make this pattern slow beyond measure: there are two ways to repeat the same part, and each repetition doubles them.";
  const remedy =
    "Let every repetition begin or end with a sign that it cannot repeat, for example `(?:[a-z]+-)*[a-z]+` in place of `(?:[a-z]+-?)+`.";
  return [findingAt(file, at, { rule: id, sentence, remedy })];
}
