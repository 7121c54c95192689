/** The check runs of a head that may bring packages. */
import type { CheckEffect } from "../../effects.ts";
import { annotationBatches } from "../../packages/rendering/annotations.ts";
import { renderReport, reportTitle } from "../../packages/rendering/summary.ts";
import type { ValidationReport } from "../../packages/types.ts";
import type { GateOutcome } from "../../verdict.ts";
import { CHECK_LIMIT, cap, capLine } from "../cap.ts";
import { conclusionOf } from "../check.ts";
import { inert, plain } from "../escape.ts";
import { reasonList, sentencesOf } from "../gates.ts";
import { shortId } from "../words.ts";
import { type ReleaseView, statesTable } from "./states.ts";

export const VALIDATION_CHECK = "belay:packages:validation";
export const RELEASE_CHECK = "belay:release";

/** One check run for each set of findings: GitHub keeps annotations that were sent once. */
export function validationCheck(
  head_sha: string,
  { report, digest }: { readonly report: ValidationReport; readonly digest: string },
): CheckEffect {
  const annotations = annotationBatches(report.findings).flat();
  return {
    kind: "check",
    head_sha,
    name: "belay / packages / validation",
    external_id: `${VALIDATION_CHECK}:${shortId(digest)}`,
    status: "completed",
    conclusion: report.valid ? "success" : "failure",
    title: reportTitle(report),
    summary: renderReport(report, CHECK_LIMIT),
    ...(annotations.length > 0 && { annotations }),
  };
}

/** For a head that was not judged: it touches no package, or it cannot be read. */
export function plainCheck(
  head_sha: string,
  which: "validation" | "release",
  {
    title,
    conclusion,
    summary,
  }: Pick<CheckEffect, "title" | "summary"> & { readonly conclusion: "success" | "failure" },
): CheckEffect {
  const of = which === "validation";
  return {
    kind: "check",
    head_sha,
    name: of ? "belay / packages / validation" : "belay / release",
    external_id: of ? `${VALIDATION_CHECK}:${conclusion}` : RELEASE_CHECK,
    status: "completed",
    conclusion,
    title,
    summary,
  };
}

export const NO_PACKAGES = {
  title: "No package is touched",
  summary: "This pull request touches no package.",
  conclusion: "success",
} as const;

export const GROUP_VALID = {
  title: "The group's packages are valid",
  summary: "They were judged together.",
  conclusion: "success",
} as const;

export const GROUP_INVALID = {
  title: "The group's packages are not valid",
  summary: "Judged together, they break a rule.",
  conclusion: "failure",
} as const;

/** Red, with the reason: a required check that is not written at all hangs. */
export const notJudged = (why: string) =>
  ({ title: "Nothing was judged", summary: why, conclusion: "failure" }) as const;

/** `belay / release`: the states of the pull request's releases. */
export function releaseCheck(
  head_sha: string,
  releases: readonly ReleaseView[],
  gate: GateOutcome,
): CheckEffect {
  const conclusion = conclusionOf(gate);
  const next = gate.remedy === null ? "" : `\n\n**Next:** ${inert(gate.remedy)}`;
  const text = releases.length === 0 ? "" : statesTable(releases);
  return {
    kind: "check",
    head_sha,
    name: "belay / release",
    external_id: RELEASE_CHECK,
    ...(conclusion === null ? { status: "in_progress" } : { status: "completed", conclusion }),
    title: capLine(plain(gate.sentences[0] ?? gate.code, 250).replaceAll("`", ""), 250),
    summary: cap(`${sentencesOf(gate)}${next}\n\n${reasonList(gate.details ?? [])}`.trim(), CHECK_LIMIT),
    ...(text === "" ? {} : { text: cap(text, CHECK_LIMIT) }),
  };
}
