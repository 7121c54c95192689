/** What a failed or cancelled job means for its operation: a definite no, a rollback by itself, or that nobody can tell. */
import { HEALTH_BACK, SWITCH, UNDO } from "./milestones.ts";
import { changesSomething } from "./operations.ts";
import type { PromotionEvent } from "./promotion.ts";
import * as endings from "./rendering/endings.ts";
import { rolledBackSentence } from "./rendering/rolled-back.ts";
import type { Report } from "./report.ts";
import { resultFacts, switchFacts } from "./result-facts.ts";
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

/** Codes that come before a playbook's first step: where it tells of no step, there was none. */
const NOT_BEGUN: readonly string[] = [
  "ANSIBLE_MISSING",
  "ANSIBLE_PLAY_ERROR",
  "ANSIBLE_SYNTAX_ERROR",
  "HOST_UNKNOWN",
  "INPUT_INVALID",
  "JOB_CANCELLED",
];

/** Refusals of a refresh before it changed anything of the source. */
const UNTOUCHED: readonly string[] = ["REFRESH_OVERTAKEN", "REFRESH_TIED", "LEFT_OUT_PROMOTABLE"];

/** A rollback that switched, and whose health check failed: it counts as having gone back. */
export const ROLLBACK_UNHEALTHY = "ROLLBACK_UNHEALTHY";

/** @param begun whether the runner had told, on its way, that it was at the switch */
export function failureOf(names: endings.Names, type: JobType, report: Report, begun = false): Failure {
  const code = report.error_code ?? (report.status === "cancelled" ? "cancelled" : "JOB_FAILED");
  const why = report.error_message ?? "The host gave no reason; the run's log has everything.";
  const told = { code, why, report, begun };
  if (changesSomething(type) && tellsNothing(report) && (begun || !NOT_BEGUN.includes(code))) {
    return lost(told, endings.unknownSentence(names, why));
  }
  if (type === "env_refresh") return refreshFailure(names, told);
  if (type === "env_promote" || type === "release_rollback") return switchFailure(names, told);
  if (report.status === "cancelled") return cancelled(names, why);
  return { event: "failed", code, message: endings.failedSentence(names, why), broken: false };
}

interface Told {
  readonly code: string;
  readonly why: string;
  readonly report: Report;
  readonly begun: boolean;
}

/** Every step is in a report, and the first one leaves facts: this one was made up without the playbook's own. */
function tellsNothing({ steps, facts }: Report): boolean {
  return steps.length === 0 && Object.keys(facts).length === 0;
}

function refreshFailure(names: endings.Names, { code, why, report }: Told): Failure {
  if (LOST_SIGHT.includes(code)) return lost({ code }, endings.unknownSentence(names, why));
  const broken = !UNTOUCHED.includes(code) && !tellsNothing(report);
  return { event: "failed", code, message: endings.failedSentence(names, why), broken };
}

function switchFailure(names: endings.Names, told: Told): Failure {
  const { code, why, report, begun } = told;
  const { activated, rolled_back, previous_release: release = null, late_rows = null } = switchFacts(report);
  if (rolled_back === true) {
    const health = healthBack(report);
    const message = rolledBackSentence(names, { code, why, release, health, late_rows });
    return { event: "rolled_back", code, message, broken: health === "bad" || health === "unseen" };
  }
  const untold = activated === undefined && (begun || tellsOfSwitch(report));
  if (untold || inDoubt(code, report)) return lost(told, endings.unknownSentence(names, why));
  if (activated === true && names.kind === "rollback") {
    const message = endings.unhealthyRollback(names, why);
    return { event: "failed", code: ROLLBACK_UNHEALTHY, message, broken: false };
  }
  if (activated === true && lostSightOf(report)) {
    return lost(told, endings.unconfirmedSentence(names, why));
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

/** Whoever reached the switch has told what is active in its first step; where that is missing, the report is not the playbook's. */
function tellsOfSwitch({ steps }: Report): boolean {
  return steps.some((step) => SWITCH.test(step.name));
}

/** How the release before was found after a rollback by itself; `untold` where a later run only tells what had happened. */
function healthBack(report: Report): "good" | "bad" | "unseen" | "untold" {
  const { restored_health } = resultFacts(report);
  if (restored_health.length > 0) return restored_health.every(({ ok }) => ok) ? "good" : "bad";
  const looked = report.steps.find(({ name }) => HEALTH_BACK.test(name));
  if (looked?.status === "ok") return "good";
  const undone = report.steps.some(({ name }) => UNDO.test(name));
  return undone ? "unseen" : "untold";
}

function lost({ code }: Pick<Told, "code">, message: string): Failure {
  return { event: "lost", code, message, broken: false };
}

function cancelled(names: endings.Names, why: string): Failure {
  return {
    event: "cancelled",
    code: "cancelled",
    message: endings.cancelledSentence(names, why),
    broken: false,
  };
}
