/** What a failed or cancelled job means for its operation: a definite no, a rollback by itself, or that nobody can tell. */
import { SWITCH, UNDO } from "./milestones.ts";
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

/** Codes after which nobody saw what the host did: it may have gone on by itself. */
const LOST_SIGHT: readonly string[] = [
  "ANSIBLE_TIMEOUT",
  "JOB_TIMEOUT",
  "ANSIBLE_UNKNOWN_EXIT",
  "SWITCH_UNKNOWN",
];

/** Refusals of a refresh before it changed anything of the source. */
const UNTOUCHED: readonly string[] = ["REFRESH_OVERTAKEN", "REFRESH_TIED", "LEFT_OUT_PROMOTABLE"];

/** A rollback that switched, and whose health check failed: it counts as having gone back. */
export const ROLLBACK_UNHEALTHY = "ROLLBACK_UNHEALTHY";

/** @param begun whether the runner had told, on its way, that it was at the switch */
export function failureOf(names: endings.Names, type: JobType, report: Report, begun = false): Failure {
  const code = report.error_code ?? (report.status === "cancelled" ? "cancelled" : "JOB_FAILED");
  const why = report.error_message ?? "The host gave no reason; the run's log has everything.";
  if (type === "env_refresh") {
    const broken = !UNTOUCHED.includes(code);
    return { event: "failed", code, message: endings.failedSentence(names, why), broken };
  }
  if (type === "env_promote" || type === "release_rollback")
    return switchFailure(names, { code, why, report, begun });
  if (report.status === "cancelled") return cancelled(names, why);
  return { event: "failed", code, message: endings.failedSentence(names, why), broken: false };
}

interface Told {
  readonly code: string;
  readonly why: string;
  readonly report: Report;
  readonly begun: boolean;
}

function switchFailure(names: endings.Names, { code, why, report, begun }: Told): Failure {
  const { activated, rolled_back, previous_release } = switchFacts(report);
  if (rolled_back === true) {
    const message = endings.rolledBackSentence(names, why, previous_release ?? null);
    return { event: "rolled_back", code, message, broken: false };
  }
  if (inDoubt(code, report) || (begun && activated === undefined && !tellsOfSwitch(report))) {
    return { event: "lost", code, message: endings.unknownSentence(names, why), broken: false };
  }
  if (activated === true && names.kind === "rollback") {
    return {
      event: "failed",
      code: ROLLBACK_UNHEALTHY,
      message: endings.unhealthyRollback(names, why),
      broken: false,
    };
  }
  if (activated === true && names.kind !== "rollback" && lostSightOf(report)) {
    return { event: "lost", code, message: endings.unconfirmedSentence(names, why), broken: false };
  }
  if (activated === true) {
    return { event: "failed", code, message: endings.brokenSentence(names, why), broken: true };
  }
  if (report.status === "cancelled") return cancelled(names, why);
  return { event: "failed", code, message: endings.failedSentence(names, why), broken: false };
}

/**
 * The step that goes back says for certain where the target is. Without it, a switch that the runner lost sight of may have
 * happened, whatever was told before it.
 */
function inDoubt(code: string, { steps }: Report): boolean {
  const undo = steps.find((step) => UNDO.test(step.name));
  if (undo !== undefined) return undo.status !== "ok";
  const lost = steps.some((step) => SWITCH.test(step.name) && step.status === "unreachable");
  return lost || LOST_SIGHT.includes(code);
}

/** Nobody saw the release confirmed or taken back: the host's own watchdog takes it back, out of everybody's sight. */
function lostSightOf({ status, steps }: Report): boolean {
  const undone = steps.some((step) => UNDO.test(step.name));
  return !undone && (status === "cancelled" || steps.some((step) => step.status === "unreachable"));
}

/** A report that was made up without the host's own (it wrote none) holds no steps. */
function tellsOfSwitch({ steps }: Report): boolean {
  return steps.some((step) => SWITCH.test(step.name));
}

function cancelled(names: endings.Names, why: string): Failure {
  return {
    event: "cancelled",
    code: "cancelled",
    message: endings.cancelledSentence(names, why),
    broken: false,
  };
}
