/**
 * The life of an operation as a state machine: a state and an event give the next state or a refusal. All kinds share it;
 * only promotions and rollbacks pass the point of no return, `activated`. What each state means: docs/glossary.md.
 */
import type { OperationKind, PromotionState } from "./vocabulary.ts";

export type PromotionEvent =
  /** A run was dispatched, or claimed a job that only looks. */
  | "checks_started"
  /** The gates were judged: `passed`, `waited`, `blocked`. */
  | "passed"
  | "waited"
  | "blocked"
  /** A run claimed the job that changes something. */
  | "work_started"
  /** The switch happened: from here on a failure rolls back instead of cleaning up. */
  | "activated"
  | "verifying"
  | "finished"
  | "rolled_back"
  | "failed"
  | "cancelled"
  /** Failed before the switch in a way that may pass: the next attempt begins later. */
  | "put_off"
  /** Its environments are free, or its next attempt begins: from the start, with a run of its own. */
  | "begun_again"
  /** The run ended without a report. */
  | "lost"
  /** The store was put back from a backup: what happened since nobody knows. */
  | "restored";

type Transitions = Readonly<Partial<Record<PromotionEvent, PromotionState>>>;

const NOTHING: Transitions = {};

const TABLE: Readonly<Record<PromotionState, Transitions>> = {
  requested: {
    checks_started: "checking",
    work_started: "running",
    waited: "waiting",
    blocked: "blocked",
    failed: "failed",
    cancelled: "cancelled",
    put_off: "waiting",
    lost: "failed",
    restored: "unknown",
  },
  checking: {
    checks_started: "checking",
    passed: "ready",
    waited: "waiting",
    blocked: "blocked",
    finished: "succeeded",
    failed: "failed",
    cancelled: "cancelled",
    put_off: "waiting",
    lost: "failed",
    restored: "unknown",
  },
  waiting: {
    checks_started: "checking",
    passed: "ready",
    blocked: "blocked",
    failed: "failed",
    cancelled: "cancelled",
    begun_again: "requested",
    lost: "failed",
    restored: "unknown",
  },
  ready: {
    work_started: "running",
    blocked: "blocked",
    failed: "failed",
    cancelled: "cancelled",
    put_off: "waiting",
    lost: "failed",
    restored: "unknown",
  },
  running: {
    work_started: "running",
    activated: "activated",
    finished: "succeeded",
    rolled_back: "rolled_back",
    failed: "failed",
    cancelled: "cancelled",
    put_off: "waiting",
    lost: "unknown",
    restored: "unknown",
  },
  activated: {
    activated: "activated",
    verifying: "verifying",
    finished: "succeeded",
    rolled_back: "rolled_back",
    failed: "failed",
    lost: "unknown",
    restored: "unknown",
  },
  verifying: {
    activated: "verifying",
    verifying: "verifying",
    finished: "succeeded",
    rolled_back: "rolled_back",
    failed: "failed",
    lost: "unknown",
    restored: "unknown",
  },
  unknown: { finished: "succeeded", rolled_back: "rolled_back", failed: "failed" },
  blocked: NOTHING,
  succeeded: NOTHING,
  rolled_back: NOTHING,
  failed: NOTHING,
  cancelled: NOTHING,
};

export type Step =
  | { readonly ok: true; readonly state: PromotionState }
  | { readonly ok: false; readonly code: "over" | "past_no_return" | "not_now"; readonly sentence: string };

/** What a promotion in `state` becomes by `event`; a refusal changes nothing. */
export function advance(kind: OperationKind, state: PromotionState, event: PromotionEvent): Step {
  const next = TABLE[state][event];
  if (next !== undefined && !skipsTheSwitch(kind, state, event)) return { ok: true, state: next };
  if (isOver(state)) {
    return { ok: false, code: "over", sentence: `The ${kind} is over: it is ${words(state)}.` };
  }
  if (event === "cancelled" && hasActivated(state)) {
    return {
      ok: false,
      code: "past_no_return",
      sentence: `The ${kind} has activated already; it ends by its own health checks, or by \`/rollback\`.`,
    };
  }
  return {
    ok: false,
    code: "not_now",
    sentence: `A ${kind} that is ${words(state)} cannot be ${words(event)}.`,
  };
}

/** A promotion or rollback that reports success must have told of the switch: otherwise nothing was switched. */
function skipsTheSwitch(kind: OperationKind, state: PromotionState, event: PromotionEvent): boolean {
  const switches = kind === "promote" || kind === "rollback" || kind === "activate";
  return switches && event === "finished" && (state === "running" || state === "checking");
}

/** Terminal states. `unknown` is not one: the lock stays until somebody finds out. */
export function isOver(state: PromotionState): boolean {
  return Object.keys(TABLE[state]).length === 0;
}

/** Whether the switch has happened, or may have. */
export function hasActivated(state: PromotionState): boolean {
  return ["activated", "verifying", "succeeded", "rolled_back", "unknown"].includes(state);
}

export const OPEN_STATES: readonly PromotionState[] = [
  "requested",
  "checking",
  "waiting",
  "ready",
  "running",
  "activated",
  "verifying",
  "unknown",
];

const words = (name: string): string => name.replaceAll("_", " ");
