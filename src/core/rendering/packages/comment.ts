/** The pull request's comment about its packages, and the answer to `/plan`. */

import { renderReport } from "../../packages/rendering/summary.ts";
import type { ValidationReport } from "../../packages/types.ts";
import type { GateOutcome } from "../../verdict.ts";
import { COMMENT_LIMIT, cap } from "../cap.ts";
import { code, inert } from "../escape.ts";
import { shortId } from "../words.ts";
import { type ReleaseView, statesTable } from "./states.ts";

export const packagesMarker = "<!-- belay:packages -->";

export interface CommentFacts {
  readonly head_sha: string;
  readonly releases: readonly ReleaseView[];
  readonly gate: GateOutcome;
  readonly report: ValidationReport | null;
  readonly report_id: string | null;
}

export function packagesComment(
  { head_sha, releases, gate, report, report_id }: CommentFacts,
  marker: string,
): string {
  const next = gate.remedy === null ? "" : `Next: ${inert(gate.remedy)}`;
  const stored = report_id === null ? "" : ` · report ${code(report_id)}`;
  const parts = [
    marker,
    `### Packages: ${inert(gate.sentences[0] ?? "")}`,
    next,
    releases.length === 0 ? "" : statesTable(releases),
    report === null ? "" : renderReport(report, COMMENT_LIMIT - 10_000),
    `<sub>commit ${code(shortId(head_sha))}${stored}</sub>`,
  ];
  return cap(parts.filter((part) => part !== "").join("\n\n"), COMMENT_LIMIT);
}

/** `/plan`: everything, changes nothing. */
export function planAnswer(marker: string, report: ValidationReport): string {
  const title = "### Plan for the packages of this pull request. Nothing has changed.";
  return cap([marker, title, renderReport(report, COMMENT_LIMIT - 5_000)].join("\n\n"), COMMENT_LIMIT);
}
