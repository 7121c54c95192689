import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { evaluate } from "../../../src/core/gates/window.ts";
import { openingAt } from "../../../src/core/policy/calendar.ts";
import type { Policy } from "../../../src/core/policy.ts";
import { anyPolicy } from "./example.ts";

const BERLIN = {
  days: ["tue", "wed", "thu"],
  start: "10:00",
  end: "14:00",
  timezone: "Europe/Berlin",
} as const;
const weekdays: Policy["windows"] = { allow: [[BERLIN]], deny: [] };
const open = (now: string, windows = weekdays) => openingAt(now, windows).open;

describe("a window", () => {
  it("goes by the clock on the wall, in summer and in winter", () => {
    expect(open("2026-01-06T09:00:00Z")).toBe(true);
    expect(open("2026-01-06T08:59:59Z")).toBe(false);
    expect(open("2026-07-07T08:00:00Z")).toBe(true);
    expect(open("2026-07-07T07:59:59Z")).toBe(false);
  });
  it("ends before its end", () => {
    expect(open("2026-01-06T12:59:59Z")).toBe(true);
    expect(open("2026-01-06T13:00:00Z")).toBe(false);
  });
  it("is of the day there, not of the day in Greenwich", () => {
    const sydney = { days: ["tue"], start: "00:00", end: "24:00", timezone: "Australia/Sydney" } as const;
    const windows = { allow: [[sydney]], deny: [] };
    expect(open("2026-01-05T13:00:00Z", windows)).toBe(true);
    expect(open("2026-01-06T13:00:00Z", windows)).toBe(false);
  });
  it("says when it opens next", () => {
    const next = (now: string, windows = weekdays) => {
      const opening = openingAt(now, windows);
      return opening.open ? "open" : opening.next;
    };
    expect(next("2026-01-08T13:00:00Z")).toBe("2026-01-13T09:00:00.000Z");
    expect(next("2026-03-26T13:00:00Z")).toBe("2026-03-31T08:00:00.000Z");
    expect(next("2026-01-06T03:00:00Z")).toBe("2026-01-06T09:00:00.000Z");
    const never = { allow: [[BERLIN], [{ ...BERLIN, days: ["sun"] as const }]], deny: [] };
    expect(next("2026-01-06T03:00:00Z", never)).toBeNull();
  });
});

describe("a freeze", () => {
  const frozen: Policy["windows"] = {
    allow: [],
    deny: [{ from: "2026-11-23T00:00", to: "2026-12-01T24:00", timezone: "UTC", reason: "Black Friday" }],
  };
  it("holds from its first day to the end of its last", () => {
    expect(open("2026-11-22T23:59:59Z", frozen)).toBe(true);
    expect(open("2026-11-23T00:00:00Z", frozen)).toBe(false);
    expect(open("2026-12-01T23:59:59Z", frozen)).toBe(false);
    expect(open("2026-12-02T00:00:00Z", frozen)).toBe(true);
  });
  it("is named, with its reason and its end", () => {
    expect(evaluate("production", { now: "2026-11-27T12:00:00Z", windows: frozen })).toEqual({
      gate: "window",
      outcome: "block",
      code: "window_frozen",
      sentences: [
        "Promotion to production is blocked: there is a freeze until 2026-12-01 24:00 (UTC): Black Friday. It opens at 2026-12-02T00:00:00.000Z.",
      ],
      remedy: "Comment `/promote` when it is open; `/rollback` is never held back by it.",
    });
  });
  it("is stronger than a window", () => {
    const both = { ...frozen, allow: [[{ ...BERLIN, days: ["fri"] as const }]] };
    expect(open("2026-11-27T12:00:00Z", both)).toBe(false);
    expect(open("2026-12-04T12:00:00Z", both)).toBe(true);
  });
});

it("what is announced as the next opening is open, and a minute before it is not", {
  timeout: 60_000,
}, () => {
  const anyTime = fc
    .date({
      min: new Date("2026-02-20T00:00:00Z"),
      max: new Date("2026-11-10T00:00:00Z"),
      noInvalidDate: true,
    })
    .map((date) => date.toISOString());
  fc.assert(
    fc.property(anyPolicy, anyTime, ({ windows }, now) => {
      const opening = openingAt(now, windows);
      if (opening.open || opening.next === null) return;
      expect(Date.parse(opening.next)).toBeGreaterThan(Date.parse(now));
      expect(openingAt(opening.next, windows).open).toBe(true);
      const before = Date.parse(opening.next) - 60_000;
      if (before > Date.parse(now))
        expect(openingAt(new Date(before).toISOString(), windows).open).toBe(false);
    }),
  );
});
