/** What is tried again by itself, and what a recovery's report makes of a doubt. */
import { describe, expect, it } from "vitest";
import { outageOf } from "../../../src/core/outage.ts";
import { resolve } from "../../../src/core/recovery.ts";
import { retryAfter } from "../../../src/core/retry.ts";

describe("the next attempt", () => {
  const failed = { event: "failed", code: "ANSIBLE_HOST_UNREACHABLE" } as const;
  const first = { attempt: 1, cancel_reason: null };
  const waits = [60, 300];

  it("comes after a minute, then after five; the third attempt is the last", () => {
    const next = [1, 2, 3].map((attempt) => retryAfter(failed, { ...first, attempt }, waits));
    expect(next).toEqual([60, 300, null]);
  });

  it.each([
    ["a definite no", { ...failed, code: "CODE_EDITED" }, first],
    ["a target that was left broken", { ...failed, broken: true }, first],
    ["a doubt", { ...failed, event: "lost" as const }, first],
    ["a rollback by itself", { ...failed, event: "rolled_back" as const }, first],
    ["what somebody asked to stop", failed, { ...first, cancel_reason: "asked" }],
  ])("never comes after %s", (_, ending, facts) => {
    expect(retryAfter(ending, facts, waits)).toBeNull();
  });
});

describe("a recovery", () => {
  const promotion = {
    id: "00000000-0000-4000-8000-000000000001",
    kind: "promote",
    source: "staging",
    target: "production",
    release_before: "aaaaaaaaaaaa",
    release_after: null,
  } as const;
  const facts = {
    found: [],
    reports: [],
    active: { release: "aaaaaaaaaaaa", operation_id: "" },
    settled: true,
    health: [],
    healthy: true,
  };
  const ours = { release: "bbbbbbbbbbbb", operation_id: promotion.id };

  it("tells success only of a release that this operation made active, and that is healthy", () => {
    expect(resolve(promotion, { ...facts, active: ours })).toMatchObject({
      event: "finished",
      broken: false,
    });
    const ill = resolve(promotion, { ...facts, active: ours, healthy: false });
    expect(ill).toMatchObject({ event: "failed", broken: true, release_after: "bbbbbbbbbbbb" });
    expect(resolve(promotion, facts)).toMatchObject({ event: "failed", broken: false, release_after: null });
  });

  it("leaves the doubt where something on the host has not ended", () => {
    expect(resolve(promotion, { ...facts, active: ours, settled: false })).toMatchObject({ kind: "open" });
  });

  it("of a refresh tells that it must begin again", () => {
    expect(resolve({ ...promotion, kind: "refresh" }, facts)).toMatchObject({
      event: "failed",
      broken: true,
    });
  });

  it("of a rollback goes by the release that it was to go back to", () => {
    const rollback = {
      ...promotion,
      kind: "rollback",
      release_before: "bbbbbbbbbbbb",
      release_after: "aaaaaaaaaaaa",
    } as const;
    expect(resolve(rollback, facts)).toMatchObject({ event: "finished" });
    expect(resolve(rollback, { ...facts, active: { ...ours, operation_id: "x" } })).toMatchObject({
      event: "failed",
    });
  });
});

it("outages are GitHub's silence, its limits, and a database that is away; nothing else", () => {
  const of = (code: unknown) => outageOf(Object.assign(new Error("x"), { code }));
  for (const code of [
    "GITHUB_UNAVAILABLE",
    "GITHUB_RATE_LIMITED",
    "ECONNREFUSED",
    "57P01",
    "40001",
    "53300",
  ]) {
    expect(of(code)).toMatchObject({ code });
  }
  for (const code of ["GITHUB_REFUSED", "GITHUB_FORBIDDEN", "23505", 5, undefined])
    expect(of(code)).toBeNull();
  expect(outageOf(null)).toBeNull();
});
