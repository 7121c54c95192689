/** Protected content that was worked on in the source: it does not travel, and a refresh overwrites it. Never silently. */
import type { Fingerprint } from "../facts.ts";
import { own } from "../own.ts";
import { alignedParts, describe, filesDifference, partDifference } from "./difference.ts";
import { PROTECTED_CLASSES } from "./drift.ts";
import type { Compared, LeftBehind } from "./types.ts";

/** By table and class of rows, then by path; from the source's own baseline to the source now. `compared`: what its host told. */
export function leftBehind(
  baseline: Fingerprint,
  now: Fingerprint,
  compared: Compared | null = null,
): LeftBehind[] {
  const tables = names(baseline.tables, now.tables).flatMap((name) =>
    PROTECTED_CLASSES.flatMap((kind) => {
      const found = partDifference(
        alignedParts(own(baseline.tables, name), own(now.tables, name))[kind],
        own(now.tables, name)?.parts[kind],
        own(compared?.differences.tables, name)?.[kind],
      );
      if (found === null) return [];
      const rows = kind === "live" ? "visitors' rows" : "editors' rows";
      return [
        {
          kind: "table" as const,
          name,
          class: kind,
          ...found,
          note: `${name} (${rows}): ${describe(found, "row")}`,
        },
      ];
    }),
  );
  const files = names(baseline.files, now.files).flatMap((name) => {
    const told = own(compared?.differences.files, name);
    const found = filesDifference(own(baseline.files, name), own(now.files, name), told);
    const note = found === null ? "" : `${name}: ${describe(found, "file")}`;
    return found === null
      ? []
      : [{ kind: "files" as const, name, class: "editorial" as const, ...found, note }];
  });
  return [...tables, ...files];
}

const names = (a: object, b: object): string[] => [...new Set([...Object.keys(a), ...Object.keys(b)])].sort();
