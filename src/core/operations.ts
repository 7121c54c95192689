/** What each kind of operation consists of: its jobs in order, the environments it holds, what it may change. */
import type { JobType, OperationKind, PromotionState } from "./vocabulary.ts";

export type Side = "source" | "target";

export interface PlannedJob {
  readonly type: JobType;
  /** The environment that the job works on. */
  readonly on: Side;
}

const job = (type: JobType, on: Side): PlannedJob => ({ type, on });

const JOBS: Readonly<Record<OperationKind, readonly PlannedJob[]>> = {
  promote: [job("release_build", "source"), job("drift_check", "target"), job("env_promote", "target")],
  plan: [job("release_build", "source"), job("drift_check", "target")],
  drift: [job("drift_check", "target")],
  backup: [job("backup_create", "target")],
  /** Both sides are looked at: what changed in both since the baseline stops the refresh. */
  refresh: [
    job("drift_check", "target"),
    job("drift_check", "source"),
    job("backup_create", "source"),
    job("env_refresh", "source"),
  ],
  /** The target first: a comparison is read from the source's side. */
  baseline: [job("baseline_create", "target"), job("baseline_create", "source")],
  rollback: [job("release_rollback", "target")],
  /** Packages: the bot moves pointers by a commit of its own, without a run. */
  stage: [],
  activate: [],
};

/** The refresh of an empty environment: there is nothing to back up. */
const FIRST_CLONE = JOBS.refresh.filter(({ type }) => type !== "backup_create");

/** @param first_clone whether the source of a refresh was found to be empty */
export function jobsOf(kind: OperationKind, first_clone: boolean): readonly PlannedJob[] {
  return kind === "refresh" && first_clone ? FIRST_CLONE : JOBS[kind];
}

/** The sides that no other operation may touch meanwhile. */
export function heldSides(kind: OperationKind): readonly Side[] {
  const both: readonly Side[] = ["source", "target"];
  return kind === "drift" || kind === "backup" || kind === "rollback" ? ["target"] : both;
}

/** Jobs that change an environment; the others only look, so losing one leaves no doubt. */
export function changesSomething(type: JobType): boolean {
  return (
    type === "env_promote" || type === "release_rollback" || type === "env_refresh" || type === "recover"
  );
}

/**
 * Where nobody knows how an operation ended: whether the site answers, and what it runs, which only looks and is known within seconds;
 * then the recovery, which may have to wait for what still runs. Both in one run, beside the operation's own jobs.
 */
const RECOVERY: readonly JobType[] = ["health_check", "recover"];

export const isOfRecovery = (type: JobType): boolean => RECOVERY.includes(type);

/** Whether a new head of the pull request ends the operation (unless it has activated): what it judged is no longer shown. */
export function boundToHead(kind: OperationKind): boolean {
  return kind === "promote" || kind === "plan" || kind === "stage";
}

/** In seconds. Half an hour; the two that move all data get longer. */
export function timeoutOf(type: JobType): number {
  return type === "backup_create" || type === "env_refresh" ? 2 * 3600 : 1800;
}

/** What the run as a whole ended as, for the action's outputs. */
export function runResult(
  state: PromotionState,
): "succeeded" | "blocked" | "failed" | "rolled_back" | "cancelled" | "unknown" {
  switch (state) {
    case "succeeded":
    case "blocked":
    case "rolled_back":
    case "cancelled":
    case "unknown":
      return state;
    default:
      return "failed";
  }
}
