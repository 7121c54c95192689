/**
 * Drift: the target's protected data at the baseline against now. Protected are the rows of class `editorial` and `live`,
 * whatever table they are in, and the protected paths. Noise, derived rows, secrets and configuration are not drift:
 * configuration is compared with the source's by the plan.
 */
import type { Fingerprint, TableFingerprint } from "../facts.ts";
import type { DataClass, DriftMode, DriftStatus } from "../vocabulary.ts";
import { incomparable, structureChanged } from "./comparable.ts";
import { alignedParts, describe, filesDifference, partDifference } from "./difference.ts";
import type { DriftFinding, DriftVerdict, JudgeDrift, Sentence } from "./types.ts";

export const PROTECTED_CLASSES = ["editorial", "live"] as const satisfies readonly DataClass[];

/**
 * strict: any difference blocks. live: rows that visitors make are reported only. Files block in both modes: a path holds
 * what editors and visitors uploaded side by side, and nothing tells them apart.
 */
export const judgeDrift: JudgeDrift = (baseline, now, mode) => {
  if (baseline === null) return unknown(mode, [noBaseline]);
  const reason = incomparable(baseline, now, "target");
  if (reason !== null) return unknown(mode, [reason]);
  const names = union(baseline.tables, now.tables);
  const restructured = names.filter((name) => isRestructured(baseline.tables[name], now.tables[name]));
  const findings = [
    ...names
      .filter((name) => !restructured.includes(name))
      .flatMap((name) => tableFindings(name, [baseline.tables[name], now.tables[name]], mode)),
    ...fileFindings(baseline, now),
  ];
  const status = statusOf(findings, restructured);
  const sentences = [
    ...(restructured.length > 0 ? [structureChanged(restructured)] : []),
    ...findingSentences(findings, mode),
    ...(status === "clean" ? [clean(findings, mode)] : []),
  ];
  return { status, mode, findings, sentences };
};

/** A difference that is certain says more than a structure that forbids comparing; both block. */
function statusOf(findings: readonly DriftFinding[], restructured: readonly string[]): DriftStatus {
  if (findings.some(({ blocking }) => blocking)) return "drifted";
  return restructured.length > 0 ? "unknown" : "clean";
}

const unknown = (mode: DriftMode, sentences: readonly Sentence[]): DriftVerdict => ({
  status: "unknown",
  mode,
  findings: [],
  sentences,
});

const noBaseline: Sentence = {
  code: "no_baseline",
  text: "There is no baseline: nobody recorded what the target was like when the source was cloned from it.",
  remedy: "Comment `/refresh` to clone protected data anew and record a baseline.",
};

const union = (a: object, b: object): string[] => [...new Set([...Object.keys(a), ...Object.keys(b)])].sort();

/** A table with protected rows (or made for them) whose columns or keys are other than at the baseline. */
function isRestructured(before: TableFingerprint | undefined, now: TableFingerprint | undefined): boolean {
  if (before === undefined || now === undefined || before.ddl === now.ddl) return false;
  return [before, now].some((table) =>
    PROTECTED_CLASSES.some((kind) => table.class === kind || (table.parts[kind]?.rows ?? 0) > 0),
  );
}

function tableFindings(
  name: string,
  [before, now]: readonly [TableFingerprint | undefined, TableFingerprint | undefined],
  mode: DriftMode,
): DriftFinding[] {
  const parts = alignedParts(before, now);
  return PROTECTED_CLASSES.flatMap((kind) => {
    const found = partDifference(parts[kind], now?.parts[kind]);
    if (found === null) return [];
    const blocking = kind === "editorial" || mode === "strict";
    const note = `${name}: ${describe(found, "row")}${now === undefined ? "; the table is gone" : ""}`;
    return [{ kind: "table", name, class: kind, ...found, blocking, note }];
  });
}

function fileFindings(baseline: Fingerprint, now: Fingerprint): DriftFinding[] {
  return union(baseline.files, now.files).flatMap((name) => {
    const found = filesDifference(baseline.files[name], now.files[name]);
    if (found === null) return [];
    const note = `${name}: ${describe(found, "file")}`;
    return [{ kind: "files", name, class: "editorial", ...found, blocking: true, note }];
  });
}

const REFRESH = "Comment `/refresh` to bring production's data to the source, then try again.";

function findingSentences(findings: readonly DriftFinding[], mode: DriftMode): Sentence[] {
  const blocking = findings.filter((finding) => finding.blocking);
  if (blocking.length === 0) return [];
  const notes = blocking.map(({ note }) => note).join("; ");
  const text = `Protected data of the target changed since the source was cloned: ${notes}.`;
  if (mode === "live" || blocking.some((finding) => finding.class !== "live"))
    return [{ code: "drifted", text, remedy: REFRESH }];
  return [
    { code: "drifted", text, remedy: REFRESH },
    {
      code: "drifted_live_only",
      text: "All of it is what visitors write (the catalog's live tables and rows); in drift mode `strict` that blocks too.",
      remedy:
        "Write `drift: live` under `promotion` in .github/belay.yml to have such changes reported only.",
    },
  ];
}

function clean(findings: readonly DriftFinding[], mode: DriftMode): Sentence {
  if (findings.length === 0)
    return { code: "clean", text: "Protected data is as it was when the source was cloned.", remedy: null };
  const notes = findings.map(({ note }) => note).join("; ");
  const text = `Only what visitors write changed, which drift mode \`${mode}\` reports without blocking: ${notes}.`;
  return { code: "clean_live_changes", text, remedy: null };
}
