/** Validation: do the packages, and the pointers as they would be, keep every rule? */
import type { Finding, ValidationReport } from "../packages/types.ts";
import { count } from "../rendering/words.ts";
import type { GateOutcome } from "../verdict.ts";

export const help = "validation: the packages, and everything that would be active, keep every rule.";

export const changedBy = ["new head", "/stage", "/activate", "/rollback"] as const;

/** Reasons shown with the gate; the annotations and the stored report hold all. */
const SHOWN = 20;

/** What a move of pointers cannot be judged by: the file itself, or the policy. */
export interface Unreadable {
  readonly code: string;
  readonly sentence: string;
  readonly remedy: string;
}

export function evaluate(report: ValidationReport | Unreadable): GateOutcome {
  if ("sentence" in report) {
    const { code, sentence, remedy } = report;
    return { gate: "validation", outcome: "block", code, sentences: [sentence], remedy };
  }
  const { errors, warnings, checked, findings } = report;
  const judged = count(checked.releases, "release");
  if (errors === 0) {
    const also = warnings === 0 ? "" : `, with ${count(warnings, "warning")}`;
    const sentence = `Every rule is kept: ${judged} and what is active were judged${also}.`;
    return {
      gate: "validation",
      outcome: "pass",
      code: "packages_valid",
      sentences: [sentence],
      remedy: null,
    };
  }
  const wrong = findings.filter(({ severity }) => severity === "error");
  return {
    gate: "validation",
    outcome: "block",
    code: "PACKAGES_INVALID",
    sentences: [`The packages have ${count(errors, "error")}.`],
    remedy: "Correct what the annotations say, and push.",
    details: [...wrong.slice(0, SHOWN).map(detail), ...more(wrong.length - SHOWN)],
  };
}

const detail = ({ file, line, rule, sentence, remedy }: Finding) => ({
  sentence: `\`${file}:${line}\` (${rule}): ${sentence} ${remedy}`,
});

const more = (rest: number) => (rest > 0 ? [{ sentence: `And ${rest} more; the report holds all.` }] : []);

/** Errors that were there before do not keep anybody from going back: they are what is gone back from. */
export function newErrors(after: ValidationReport, before: ValidationReport): ValidationReport {
  const known = new Set(before.findings.map(({ rule, sentence }) => `${rule}\0${sentence}`));
  const findings = after.findings.filter(
    ({ rule, sentence, severity }) => severity !== "error" || !known.has(`${rule}\0${sentence}`),
  );
  const errors = findings.filter(({ severity }) => severity === "error").length;
  return { ...after, findings, errors, warnings: findings.length - errors, valid: errors === 0 };
}
