import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { LEASE_MS, later, whileLeased } from "../../../src/store/lease.ts";

const NOW = "2026-03-01T10:00:00.000Z";

beforeEach(() => {
  vi.useFakeTimers({ toFake: ["setInterval", "clearInterval", "performance"] });
});
afterEach(() => {
  vi.useRealTimers();
});

test("a lease lasts as long as the work, and never ends before it is renewed", async () => {
  const until: string[] = [];
  const { promise, resolve } = Promise.withResolvers<string>();
  const renew = async (leased_until: string) => void until.push(leased_until);
  const working = whileLeased(NOW, renew, () => promise);
  let lasts = later(NOW, LEASE_MS);
  for (let minute = 1; minute <= 5; minute++) {
    for (let second = 0; second < 60; second++) {
      vi.advanceTimersByTime(1_000);
      lasts = until.at(-1) ?? lasts;
      expect(Date.parse(lasts)).toBeGreaterThan(
        Date.parse(later(NOW, (minute - 1) * 60_000 + second * 1_000)),
      );
    }
  }
  resolve("done");
  expect(await working).toBe("done");
  const renewed = until.length;
  vi.advanceTimersByTime(10 * LEASE_MS);
  expect(until.length).toBe(renewed);
});

test("a renewal that fails is no failure of the work, and work that fails is renewed no more", async () => {
  let asked = 0;
  const renew = async () => {
    asked += 1;
    throw new Error("the store is away");
  };
  const { promise, reject } = Promise.withResolvers<never>();
  const working = whileLeased(NOW, renew, () => promise);
  vi.advanceTimersByTime(LEASE_MS);
  expect(asked).toBeGreaterThan(1);
  reject(new Error("GitHub is away"));
  await expect(working).rejects.toThrow("GitHub is away");
  const before = asked;
  vi.advanceTimersByTime(LEASE_MS);
  expect(asked).toBe(before);
});
