/** The policy of docs/policy.md, and a random one. */
import { readFileSync } from "node:fs";
import fc from "fast-check";
import { COMMANDS } from "../../../src/core/commands.ts";
import { PERMISSIONS, type Policy, shippedPolicy, WEEKDAYS } from "../../../src/core/policy.ts";

const page = readFileSync(new URL("../../../docs/policy.md", import.meta.url), "utf8");

/** The first YAML block of the page is the whole example. */
export const EXAMPLE_POLICY = /```yaml\n([\s\S]*?)```/.exec(page)?.[1] ?? "";

const teams = fc.array(
  fc.array(fc.constantFrom("platform", "on-call", "shop"), { minLength: 1, maxLength: 2 }),
  {
    maxLength: 2,
  },
);
const bots = fc.uniqueArray(fc.constantFrom("release-train", "helper"));
const who = fc.record(
  { permission: fc.constantFrom(...PERMISSIONS), teams, bots },
  { requiredKeys: ["permission", "teams"] },
);
const approvals = fc.record({
  count: fc.integer({ min: 0, max: 4 }),
  teams,
  not: fc.uniqueArray(fc.constantFrom("author" as const, "committers" as const, "requester" as const)),
});
const clock = fc.constantFrom("00:00", "08:30", "10:00", "14:00", "20:00", "24:00");
const openWindow = fc.record({
  days: fc.uniqueArray(fc.constantFrom(...WEEKDAYS), { minLength: 1 }),
  start: clock,
  end: clock,
  timezone: fc.constantFrom("UTC", "Europe/Berlin", "America/New_York"),
});
const day = fc.integer({ min: 1, max: 28 }).map((n) => `2026-03-${String(n).padStart(2, "0")}T00:00`);
const freeze = fc.record({
  from: day,
  to: day,
  timezone: fc.constantFrom("UTC", "Asia/Tokyo"),
  reason: fc.constant("a freeze"),
});

export const anyPolicy: fc.Arbitrary<Policy> = fc.record({
  version: fc.constant(1 as const),
  permissions: fc.array(who, { minLength: COMMANDS.length, maxLength: COMMANDS.length }).map((all) => {
    const permissions = { ...shippedPolicy("production").permissions };
    for (const [at, word] of COMMANDS.entries()) permissions[word] = all[at] ?? permissions[word];
    return permissions;
  }),
  approvals: fc.record({ promote: approvals, rollback: approvals }),
  backup: fc.record({ max_age_s: fc.integer({ min: 60, max: 100_000 }) }),
  drift: fc.record({
    max_age_s: fc.integer({ min: 60, max: 100_000 }),
    allow_live_mode: fc.boolean(),
    append_only: fc.uniqueArray(fc.constantFrom("comments", "wc_orders", "gf_*")),
  }),
  soak_s: fc.integer({ min: 0, max: 10_000 }),
  windows: fc.record({
    allow: fc.array(fc.array(openWindow, { minLength: 1, maxLength: 3 }), { maxLength: 2 }),
    deny: fc.array(freeze, { maxLength: 2 }),
  }),
  checks: fc.uniqueArray(
    fc.constantFrom({ name: "scan", app: "scanner" }, { name: "ci", app: "github-actions" }),
  ),
  rehearsal_required: fc.boolean(),
});
