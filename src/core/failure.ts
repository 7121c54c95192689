/** What a failed or cancelled job means for its operation: a definite no, a rollback by itself, or that nobody can tell. */
import type { PromotionEvent } from "./promotion.ts";
import * as endings from "./rendering/endings.ts";
import type { Report } from "./report.ts";
import { switchFacts } from "./result-facts.ts";
import type { JobType } from "./vocabulary.ts";

export interface Failure {
  readonly event: PromotionEvent;
  readonly code: string;
  readonly message: string;
  /** The environment was left neither as it was nor as it should be. */
  readonly broken: boolean;
}

/** Codes that say that the runner lost sight of the host: what the host did meanwhile is unknown. */
const LOST_SIGHT: readonly string[] = [
  "ANSIBLE_TIMEOUT",
  "JOB_TIMEOUT",
  "ANSIBLE_HOST_UNREACHABLE",
  "ANSIBLE_UNKNOWN_EXIT",
];

export function failureOf(names: endings.Names, type: JobType, report: Report): Failure {
  const code = report.error_code ?? (report.status === "cancelled" ? "cancelled" : "JOB_FAILED");
  const why = report.error_message ?? "The host gave no reason; the run's log has everything.";
  if (type === "env_refresh") {
    return { event: "failed", code, message: endings.failedSentence(names, why), broken: true };
  }
  if (type === "env_promote" || type === "release_rollback")
    return switchFailure(names, { code, why, report });
  if (report.status === "cancelled") return cancelled(names, why);
  return { event: "failed", code, message: endings.failedSentence(names, why), broken: false };
}

interface Told {
  readonly code: string;
  readonly why: string;
  readonly report: Report;
}

function switchFailure(names: endings.Names, { code, why, report }: Told): Failure {
  const { activated, rolled_back, previous_release } = switchFacts(report);
  if (rolled_back === true) {
    const message = endings.rolledBackSentence(names, why, previous_release ?? null);
    return { event: "rolled_back", code, message, broken: false };
  }
  if (activated === true) {
    return { event: "failed", code, message: endings.brokenSentence(names, why), broken: true };
  }
  if (activated === undefined && LOST_SIGHT.includes(code) && mayHaveSwitched(report)) {
    return { event: "lost", code, message: endings.unknownSentence(names, why), broken: false };
  }
  if (report.status === "cancelled") return cancelled(names, why);
  return { event: "failed", code, message: endings.failedSentence(names, why), broken: false };
}

/** A host that was unreachable from the first step on was never touched. */
function mayHaveSwitched(report: Report): boolean {
  return (
    report.steps.some((step) => step.status === "ok") || report.error_code !== "ANSIBLE_HOST_UNREACHABLE"
  );
}

function cancelled(names: endings.Names, why: string): Failure {
  return {
    event: "cancelled",
    code: "cancelled",
    message: endings.cancelledSentence(names, why),
    broken: false,
  };
}
