/** Drift: has protected data of the target changed since the source was cloned or refreshed from it? */
import { secondsBetween, showDuration } from "../duration.ts";
import { count } from "../rendering/words.ts";
import type { GateOutcome, Reason } from "../verdict.ts";
import type { DriftFinding, DriftVerdict } from "../wordpress/types.ts";

export const help = "drift: protected data of the target equals the baseline of the last clone or refresh.";

/** Events that can change the answer. */
export const changedBy = ["drift_check reported", "refresh finished", "promotion finished"] as const;

export interface DriftFacts {
  readonly source: string;
  readonly target: string;
  readonly has_baseline: boolean;
  /** The check that this operation is bound to; null: none has run yet. */
  readonly check: { readonly drift: DriftVerdict | null; readonly checked_at: string } | null;
}

export interface DriftSettings {
  readonly now: string;
  /** The oldest check that may be judged; null for a check of this very operation. */
  readonly max_age_s: number | null;
}

const KEYS_SHOWN = 10;

export function evaluate(facts: DriftFacts, settings: DriftSettings): GateOutcome {
  const { source, target, check } = facts;
  if (!facts.has_baseline) {
    return {
      gate: "drift",
      outcome: "block",
      code: "drift_unknown",
      sentences: [
        `Drift of ${target} is unknown: there is no baseline for ${source} and ${target} to compare with.`,
      ],
      remedy: `Comment \`/refresh\`: it brings ${source} to the state of ${target} and records the baseline of both.`,
    };
  }
  if (check === null) {
    return waiting("drift_pending", `${target} has not been compared with its baseline yet.`, null);
  }
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
  const details = drift.findings.map(reason);
  if (drift.status === "clean") {
    const reported = drift.findings.length;
    const also =
      reported === 0 ? "" : ` (${count(reported, "difference")} in live data reported, not blocking)`;
    const sentences = [`Protected data of ${target} equals the baseline${also}.`];
    return { gate: "drift", outcome: "pass", code: "drift_clean", sentences, remedy: null, details };
  }
  return {
    gate: "drift",
    outcome: "block",
    code: "drift_drifted",
    sentences: [
      `${target} changed since ${source} was cloned or refreshed from it: ${summary(blocking)}.`,
      ...blocking.map((finding) => finding.note),
    ],
    remedy: `Comment \`/refresh\` to bring these changes to ${source}, look at ${source} again, then comment \`/promote\`.`,
    details,
  };
}

function summary(findings: readonly DriftFinding[]): string {
  const names = findings.map((finding) => `\`${finding.name}\``);
  const shown = names.slice(0, 5).join(", ");
  return names.length > 5 ? `${shown} and ${names.length - 5} more` : shown || "see below";
}

function reason(finding: DriftFinding): Reason {
  const signs = { "+": "added", "~": "changed", "-": "removed" } as const;
  const keys = finding.keys
    .slice(0, KEYS_SHOWN)
    .map(({ change, key }) => ({ sentence: `${signs[change]}: \`${key}\`` }));
  const more = finding.keys.length - keys.length;
  return {
    sentence: `${finding.note}${finding.blocking ? "" : " (reported, not blocking)"}`,
    because: more > 0 ? [...keys, { sentence: `and ${more} more` }] : keys,
  };
}
