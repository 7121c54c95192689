import { describe, expect, it } from "vitest";
import {
  advance,
  hasActivated,
  isOver,
  OPEN_STATES,
  type PromotionEvent,
} from "../../../src/core/promotion.ts";
import { type OperationKind, PromotionState } from "../../../src/core/vocabulary.ts";

/** The state after all events, or the refusal of the first that was refused. */
function walk(kind: OperationKind, ...events: readonly PromotionEvent[]): string {
  let state: PromotionState = "requested";
  for (const event of events) {
    const step = advance(kind, state, event);
    if (!step.ok) return `${step.code}: ${step.sentence}`;
    state = step.state;
  }
  return state;
}

describe("a promotion", () => {
  it("goes all the way", () => {
    expect(
      walk("promote", "checks_started", "passed", "work_started", "activated", "verifying", "finished"),
    ).toBe("succeeded");
  });
  it("is blocked before anything runs, or after the checks", () => {
    expect(walk("promote", "blocked")).toBe("blocked");
    expect(walk("promote", "checks_started", "blocked")).toBe("blocked");
  });
  it("is rolled back", () => {
    expect(walk("promote", "checks_started", "passed", "work_started", "activated", "rolled_back")).toBe(
      "rolled_back",
    );
  });
  it("is never finished without the switch", () => {
    expect(walk("promote", "checks_started", "passed", "work_started", "finished")).toBe(
      "not_now: A promote that is running cannot be finished.",
    );
  });
  it("never starts work that the gates have not passed", () => {
    expect(walk("promote", "checks_started", "work_started")).toMatch(/^not_now/);
  });
  it("is cancelled before the point of no return, and not after it", () => {
    expect(walk("promote", "checks_started", "passed", "work_started", "cancelled")).toBe("cancelled");
    expect(walk("promote", "checks_started", "passed", "work_started", "activated", "cancelled")).toBe(
      "past_no_return: The promote has activated already; it ends by its own health checks, or by `/rollback`.",
    );
  });
  it("is unknown when the run is lost while it changes the target, failed when it only looked", () => {
    expect(walk("promote", "checks_started", "lost")).toBe("failed");
    expect(walk("promote", "checks_started", "passed", "work_started", "lost")).toBe("unknown");
    expect(walk("promote", "checks_started", "passed", "work_started", "lost", "rolled_back")).toBe(
      "rolled_back",
    );
  });
  it("does nothing more once it is over", () => {
    expect(walk("promote", "blocked", "passed")).toBe("over: The promote is over: it is blocked.");
  });
});

describe("other operations", () => {
  it("a plan ends with its checks", () => {
    expect(walk("plan", "checks_started", "finished")).toBe("succeeded");
  });
  it("a backup works and ends", () => {
    expect(walk("backup", "work_started", "finished")).toBe("succeeded");
  });
  it("a rollback switches too", () => {
    expect(walk("rollback", "work_started", "finished")).toMatch(/^not_now/);
    expect(walk("rollback", "work_started", "activated", "finished")).toBe("succeeded");
  });
});

it("a state is either open or over", () => {
  for (const state of PromotionState.options) expect(isOver(state)).toBe(!OPEN_STATES.includes(state));
  expect(PromotionState.options.filter(hasActivated)).toEqual([
    "activated",
    "verifying",
    "succeeded",
    "rolled_back",
    "unknown",
  ]);
});
