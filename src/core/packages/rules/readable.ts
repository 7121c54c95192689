/** Files can be read, and every reader reads the same in them. */
import { artifactsOf, type ReleaseContext, type ReleaseRule } from "../context.ts";
import { findingAt } from "../files.ts";
import { formatOf, type SourceFile } from "../reading/document.ts";
import type { ReadRule } from "../reading/node.ts";
import type { Finding, Severity } from "../types.ts";

/** What each of the rules demands, and how severe a breach is. */
export const READ_RULES: Readonly<
  Record<ReadRule, { readonly demands: string; readonly severity: Severity }>
> = {
  syntax: { demands: "JSON and YAML files can be parsed.", severity: "error" },
  "duplicate-key": { demands: "No key is written twice in one object.", severity: "error" },
  alias: { demands: "YAML files have no aliases: every value stands where it counts.", severity: "error" },
  "huge-integer": { demands: "Numbers are small enough to be read exactly.", severity: "error" },
  "too-large": { demands: "JSON and YAML files have at most 1 MiB, texts 4 MiB.", severity: "error" },
  "too-deep": { demands: "JSON and YAML files are nested at most 64 levels deep.", severity: "error" },
  "not-utf8": { demands: "Files are text in UTF-8.", severity: "error" },
  "byte-order-mark": { demands: "Files have no byte order mark.", severity: "warning" },
  "line-ends": { demands: "Lines end with a line feed.", severity: "warning" },
};

export function readFindings(file: SourceFile): readonly Finding[] {
  return file.problems.map(({ code, offset, sentence, remedy }) =>
    findingAt(file, offset, { rule: code, sentence, remedy, severity: READ_RULES[code].severity }),
  );
}

/** JSON and YAML wherever they lie in the release, and every artifact. */
function check(context: ReleaseContext): readonly Finding[] {
  const { release, files } = context;
  const named = artifactsOf(context).flatMap(({ below }) =>
    below !== null && release.files.has(below) ? [below] : [],
  );
  const data = [...release.files.keys()].filter((below) => formatOf(below) !== "text");
  return [...new Set([...data, ...named])].flatMap((below) => {
    const entry = release.files.get(below);
    if (entry === undefined || !entry.mode.startsWith("100")) return [];
    const file = files.open(entry);
    return file === null ? [] : readFindings(file);
  });
}

export const readable: ReleaseRule = { id: "readable", demands: "Files can be read.", check };
