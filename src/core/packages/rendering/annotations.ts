/** Findings as annotations of a check run: all of them, in requests of fifty, which is what GitHub takes at a time. */
import { capLine } from "../../rendering/cap.ts";
import { plain } from "../../rendering/escape.ts";
import type { Finding } from "../types.ts";

/** As GitHub's API calls the fields. */
export interface Annotation {
  readonly path: string;
  readonly start_line: number;
  readonly end_line: number;
  readonly start_column: number;
  readonly end_column: number;
  readonly annotation_level: "failure" | "warning";
  readonly title: string;
  readonly message: string;
}

export const ANNOTATIONS_PER_REQUEST = 50;

/** Batches for one request each, in the order of the findings. */
export function annotationBatches(findings: readonly Finding[]): readonly (readonly Annotation[])[] {
  const batches: Annotation[][] = [];
  for (const [at, finding] of findings.entries()) {
    if (at % ANNOTATIONS_PER_REQUEST === 0) batches.push([]);
    batches.at(-1)?.push(annotationOf(finding));
  }
  return batches;
}

/** Annotations are shown as text, not as Markdown: the backticks around names would only disturb. */
function annotationOf({ file, line, column, rule, severity, sentence, remedy }: Finding): Annotation {
  const words = (text: string) => plain(text, 2_000).replaceAll("`", "");
  return {
    path: file,
    start_line: line,
    end_line: line,
    start_column: column,
    end_column: column,
    annotation_level: severity === "error" ? "failure" : "warning",
    title: capLine(rule, 255),
    message: `${words(sentence)}\n${words(remedy)}`,
  };
}
