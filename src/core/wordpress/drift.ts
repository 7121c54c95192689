/**
 * Drift: the target's protected data at the baseline against now. Protected are the rows of class `editorial` and `live`,
 * whatever table they are in, and the protected paths. Noise, derived rows, secrets and configuration are not drift:
 * configuration is compared with the source's by the plan.
 */
import type { TableFingerprint } from "../facts.ts";
import { own } from "../own.ts";
import type { DataClass, DriftMode, DriftStatus } from "../vocabulary.ts";
import { appendOnly } from "./append-only.ts";
import { incomparable, structureChanged } from "./comparable.ts";
import { alignedParts, describe, filesDifference, partDifference } from "./difference.ts";
import { sentencesOf } from "./drift-sentences.ts";
import { otherSites } from "./other-sites.ts";
import type { DriftFinding, DriftInput, DriftSettings, DriftVerdict, JudgeDrift, Sentence } from "./types.ts";

export const PROTECTED_CLASSES = ["editorial", "live"] as const satisfies readonly DataClass[];

/** The mode that is judged by: a policy can forbid `live`, and then the site's counts as `strict`. */
export function driftMode({ mode, policy }: DriftSettings): DriftMode {
  return policy.allow_live_mode ? mode : "strict";
}

/**
 * strict: any difference blocks. live: rows that visitors make are reported only, except where the policy calls their table
 * append-only. Files block in both modes: a path holds what editors and visitors uploaded side by side, and nothing tells
 * them apart.
 */
export const judgeDrift: JudgeDrift = (input) => {
  const { baseline, now, settings } = input;
  if (baseline === null) return unknown(settings, [noBaseline]);
  const reason = incomparable(baseline, now, "target");
  if (reason !== null) return unknown(settings, [reason]);
  const names = union(baseline.tables, now.tables);
  const restructured = names.filter((name) =>
    isRestructured(own(baseline.tables, name), own(now.tables, name)),
  );
  const findings = [
    ...names.filter((name) => !restructured.includes(name)).flatMap((name) => tableFindings(input, name)),
    ...fileFindings(input),
  ];
  const status = statusOf(findings, restructured);
  const sentences = [
    ...(restructured.length > 0 ? [structureChanged(restructured)] : []),
    ...sentencesOf(findings, { status, settings, mode: driftMode(settings) }),
    ...otherSites(now, "the target"),
  ];
  return { status, mode: driftMode(settings), findings, sentences };
};

/** In the order in which people want to read them. */
export const blockingFirst = (findings: readonly DriftFinding[]): readonly DriftFinding[] =>
  findings.toSorted((a, b) => Number(b.blocking) - Number(a.blocking));

/** A difference that is certain says more than a structure that forbids comparing; both block. */
function statusOf(findings: readonly DriftFinding[], restructured: readonly string[]): DriftStatus {
  if (findings.some(({ blocking }) => blocking)) return "drifted";
  return restructured.length > 0 ? "unknown" : "clean";
}

const unknown = (settings: DriftSettings, sentences: readonly Sentence[]): DriftVerdict => ({
  status: "unknown",
  mode: driftMode(settings),
  findings: [],
  sentences,
});

const noBaseline: Sentence = {
  code: "no_baseline",
  text: "There is no baseline: nobody recorded what the target was like when the source was cloned from it.",
  remedy:
    "Comment `/refresh` to clone protected data anew and record a baseline, or `/baseline` to record one of both sides as they are.",
};

const union = (a: object, b: object): string[] => [...new Set([...Object.keys(a), ...Object.keys(b)])].sort();

/** A table with protected rows (or made for them) whose columns or keys are other than at the baseline. */
function isRestructured(before: TableFingerprint | undefined, now: TableFingerprint | undefined): boolean {
  if (before === undefined || now === undefined || before.ddl === now.ddl) return false;
  return [before, now].some((table) =>
    PROTECTED_CLASSES.some((kind) => table.class === kind || (table.parts[kind]?.rows ?? 0) > 0),
  );
}

function tableFindings({ baseline, now, compared, settings }: DriftInput, name: string): DriftFinding[] {
  const [before, after] = [own(baseline?.tables, name), own(now.tables, name)];
  const parts = alignedParts(before, after);
  return PROTECTED_CLASSES.flatMap((kind) => {
    const told = own(compared?.differences.tables, name)?.[kind];
    const found = partDifference(parts[kind], after?.parts[kind], told);
    if (found === null) return [];
    const rule = kind === "live" ? appendOnly(name, found, settings) : null;
    const blocking = kind === "editorial" || driftMode(settings) === "strict" || rule !== null;
    const note = `${name}: ${describe(found, "row")}${after === undefined ? "; the table is gone" : ""}`;
    return [{ kind: "table", name, class: kind, ...found, blocking, append_only: rule, note }];
  });
}

function fileFindings({ baseline, now, compared }: DriftInput): DriftFinding[] {
  const before = baseline?.files ?? {};
  return union(before, now.files).flatMap((name) => {
    const found = filesDifference(
      own(before, name),
      own(now.files, name),
      own(compared?.differences.files, name),
    );
    if (found === null) return [];
    const note = `${name}: ${describe(found, "file")}`;
    return [{ kind: "files", name, class: "editorial", ...found, blocking: true, append_only: null, note }];
  });
}
