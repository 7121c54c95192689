/** What a host tells of an operation whose end nobody saw: only a release that is still there was promoted. */
import { describe, expect, it } from "vitest";
import type { Facts } from "../../../src/core/facts.ts";
import { type Doubtful, resolve } from "../../../src/core/recovery.ts";

const ID = "00000000-0000-4000-8000-000000000001";
const OTHER = "00000000-0000-4000-8000-000000000002";
const [OLD, NEW] = ["a".repeat(12), "b".repeat(12)];

const doubtful = (more: Partial<Doubtful> = {}): Doubtful => ({
  ...{ id: ID, kind: "promote", source: "staging", target: "production" },
  ...{ release_before: OLD, release_after: NEW },
  ...more,
});
const seen = (release: string, operation_id: string, more: Partial<Facts["recover"]> = {}) => ({
  ...{ found: [], reports: [], active: { release, operation_id }, settled: true, health: [], healthy: true },
  ...more,
});
const event = (operation: Doubtful, facts: Facts["recover"]) => {
  const resolution = resolve(operation, facts);
  return resolution.kind === "open" ? "open" : resolution.event;
};
const reverted = {
  operation_id: ID,
  what: "reverted",
  by: "watchdog",
  at: "2026-03-01T10:00:00Z",
  release: NEW,
  previous_release: OLD,
} as const;
const PROMOTED = { tables: {}, options: {}, code: { files: 0, bytes: 0, digest: "0".repeat(64) } };

describe("a promotion", () => {
  it("has happened where its release is active under its name", () => {
    expect(event(doubtful(), seen(NEW, ID))).toBe("finished");
    expect(event(doubtful({ release_before: null }), seen(NEW, ID))).toBe("finished");
  });
  it("went back where the old release is active under its name, whoever did that", () => {
    expect(event(doubtful(), seen(OLD, ID))).toBe("rolled_back");
    expect(event(doubtful({ release_before: null }), seen(OLD, ID))).toBe("rolled_back");
    expect(event(doubtful({ release_after: null }), seen(OLD, ID))).toBe("rolled_back");
  });
  it("went back where the host says that it took it back, whatever is active", () => {
    expect(event(doubtful(), seen(OLD, ID, { reports: [reverted] }))).toBe("rolled_back");
    expect(event(doubtful(), seen(NEW, ID, { reports: [reverted] }))).toBe("rolled_back");
    expect(event(doubtful(), seen(OLD, OTHER, { reports: [reverted] }))).toBe("rolled_back");
    const found = { what: "unconfirmed", operation_id: ID, detail: "", done: "reverted" } as const;
    expect(event(doubtful(), seen(OLD, ID, { found: [found] }))).toBe("rolled_back");
  });
  it("did not happen where another operation's release is active", () => {
    expect(event(doubtful(), seen(OLD, OTHER))).toBe("failed");
    expect(event(doubtful(), seen(OLD, ""))).toBe("failed");
  });
  it("of which no record names a release has happened only where the host remembers that it was confirmed", () => {
    const bare = doubtful({ release_before: null, release_after: null });
    expect(event(bare, seen(NEW, ID))).toBe("rolled_back");
    const promotion = { previous_release: OLD, promoted: PROMOTED };
    expect(event(bare, seen(NEW, ID, { promotion }))).toBe("finished");
  });
  it("that went back and is not healthy there leaves the environment marked", () => {
    expect(resolve(doubtful(), seen(OLD, ID, { healthy: false }))).toMatchObject({
      event: "rolled_back",
      broken: true,
      message: expect.stringContaining("It is not healthy."),
    });
  });
});

describe("a rollback", () => {
  const back = doubtful({ kind: "rollback", release_before: NEW, release_after: OLD });
  it("has happened where its release is active, under its own name or an earlier attempt's", () => {
    expect(event(back, seen(OLD, ID))).toBe("finished");
    expect(event(back, seen(OLD, OTHER))).toBe("finished");
  });
  it("did not happen where the release that it was to leave is active", () => {
    expect(event(back, seen(NEW, OTHER))).toBe("failed");
  });
});
