/** Drift: has protected data of the target changed since the baseline of this source and target? */
import { secondsBetween, showDuration } from "../duration.ts";
import { baselineUnreadable } from "../rendering/run-answers.ts";
import { checkName, count } from "../rendering/words.ts";
import type { GateOutcome, Reason } from "../verdict.ts";
import { blockingFirst } from "../wordpress/drift.ts";
import type { DriftFinding, DriftVerdict, Sentence } from "../wordpress/types.ts";

export const help = "drift: protected data of the target equals the baseline of the last clone or refresh.";

/** Events that can change the answer. */
export const changedBy = ["drift_check reported", "refresh finished", "promotion finished"] as const;

export interface DriftFacts {
  readonly source: string;
  readonly target: string;
  readonly has_baseline: boolean;
  /** What is wrong with the stored baseline, as the end of a sentence; null: nothing. */
  readonly damaged: string | null;
  /** The check that this operation is bound to; null: none has run yet. */
  readonly check: {
    readonly drift: DriftVerdict | null;
    readonly checked_at: string;
    /** What is wrong with the stored record. */
    readonly damaged: string | null;
  } | null;
}

export interface DriftSettings {
  readonly now: string;
  /** The oldest check that may be judged; null for a check of this very operation. */
  readonly max_age_s: number | null;
}

export function evaluate(facts: DriftFacts, settings: DriftSettings): GateOutcome {
  const { source, target, check } = facts;
  if (facts.damaged !== null) return unreadable(facts, facts.damaged);
  if (!facts.has_baseline) {
    return {
      gate: "drift",
      outcome: "block",
      code: "drift_unknown",
      sentences: [
        `Drift of ${target} is unknown: there is no baseline for ${source} and ${target} to compare with.`,
      ],
      remedy: `Comment \`/refresh\`: it brings ${source} to the state of ${target} and records the baseline of both. Where ${source} is a copy of ${target} already, \`/baseline\` compares the two and records one.`,
    };
  }
  if (check === null) {
    return waiting("drift_pending", `${target} has not been compared with its baseline yet.`, null);
  }
  if (check.damaged !== null)
    return {
      gate: "drift",
      outcome: "block",
      code: "DRIFT_CHECK_UNREADABLE",
      sentences: [`The stored drift check of ${target} is not judged: ${check.damaged}.`],
      remedy: "Comment `/drift` to compare again.",
    };
  const age = secondsBetween(check.checked_at, settings.now);
  if (settings.max_age_s !== null && age > settings.max_age_s) {
    const limit = showDuration(settings.max_age_s);
    return waiting(
      "drift_stale",
      `The last drift check of ${target} is ${showDuration(age)} old (limit ${limit}).`,
      "Comment `/drift` to compare again.",
    );
  }
  return judged(facts, check.drift);
}

/** Nothing is ever judged by a baseline that is not what was recorded. */
function unreadable({ source, target }: DriftFacts, why: string): GateOutcome {
  const { code, sentences, remedy } = baselineUnreadable({ source, target }, why);
  return { gate: "drift", outcome: "block", code, sentences, remedy };
}

function waiting(code: string, sentence: string, remedy: string | null): GateOutcome {
  return { gate: "drift", outcome: "wait", code, sentences: [sentence], remedy };
}

function judged({ source, target }: DriftFacts, drift: DriftVerdict | null): GateOutcome {
  if (drift === null || drift.status === "unknown") {
    return {
      gate: "drift",
      outcome: "block",
      code: "drift_unknown",
      sentences: [
        `Drift of ${target} could not be judged.`,
        ...(drift?.sentences.map((sentence) => sentence.text) ?? []),
      ],
      remedy:
        drift?.sentences.find((sentence) => sentence.remedy !== null)?.remedy ??
        "Comment `/refresh` to record a new baseline.",
    };
  }
  const blocking = drift.findings.filter((finding) => finding.blocking);
  const details = detailsOf(drift, target);
  const why = drift.sentences.filter(({ code }) => EXPLAINING.includes(code)).map(inFull);
  if (drift.status === "clean") {
    const reported = drift.findings.length;
    const also =
      reported === 0 ? "" : ` (${count(reported, "difference")} in live data reported, not blocking)`;
    const sentences = [`Protected data of ${target} equals the baseline${also}.`, ...why];
    return { gate: "drift", outcome: "pass", code: "drift_clean", sentences, remedy: null, details };
  }
  return {
    gate: "drift",
    outcome: "block",
    code: "drift_drifted",
    sentences: [`${target} changed since its baseline for ${source}: ${summary(blocking)}.`, ...why],
    remedy: `Comment \`/refresh\` to bring these changes to ${source}, look at ${source} again, then comment \`/promote\`.`,
    details,
  };
}

/** Sentences of the verdict that say why it is so, beside what the findings say. */
const EXPLAINING: readonly string[] = [
  "structure_changed",
  "append_only_broken",
  "append_only_unknown",
  "live_mode_forbidden",
  "drifted_live_only",
  "other_site",
];

const inFull = ({ text, remedy }: Sentence): string => (remedy === null ? text : `${text} ${remedy}`);

function summary(findings: readonly DriftFinding[]): string {
  const names = [...new Set(findings.map((finding) => `\`${finding.name}\``))];
  const shown = names.slice(0, 5).join(", ");
  return names.length > 5 ? `${shown} and ${names.length - 5} more` : shown || "see below";
}

const MOST_LINES = 50;

/** One line for each finding; single rows and files stand in the check run, which has room for them. */
function detailsOf({ findings }: DriftVerdict, target: string): readonly Reason[] {
  if (findings.length === 0) return [];
  const lines = blockingFirst(findings)
    .slice(0, MOST_LINES)
    .map(({ kind, name, class: rows, note, blocking }) => ({
      sentence: `\`${name}\`${kind === "table" ? ` (${rows})` : ""}${note.slice(name.length)}${blocking ? "" : " (reported, not blocking)"}`,
    }));
  const pointer = `Rows by key and files by path: see the check \`${checkName(target, "drift")}\`.`;
  const more = findings.length - lines.length;
  return [...lines, ...(more > 0 ? [{ sentence: `and ${more} more` }] : []), { sentence: pointer }];
}
