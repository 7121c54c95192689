/** Whatever two policies say: their stricter one lets nobody do what either of them refuses. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { canonicalJson } from "../../../src/core/canonical.ts";
import { COMMANDS } from "../../../src/core/commands.ts";
import { evaluate as approvalGate } from "../../../src/core/gates/approval.ts";
import { evaluate as backupGate } from "../../../src/core/gates/backup.ts";
import { evaluate as checksGate } from "../../../src/core/gates/checks.ts";
import { gatesOf } from "../../../src/core/judgement.ts";
import { openingAt } from "../../../src/core/policy/calendar.ts";
import { strictest, tighten } from "../../../src/core/policy/tighten.ts";
import {
  allows,
  PERMISSIONS,
  type Person,
  type Policy,
  SHIPPED_POLICY,
  seesDetails,
} from "../../../src/core/policy.ts";
import { anyPolicy } from "./example.ts";

const anyPerson: fc.Arbitrary<Person> = fc.record(
  {
    login: fc.constant("mona"),
    bot: fc.constantFrom("release-train", "helper"),
    permission: fc.constantFrom(...PERMISSIONS),
    teams: fc.dictionary(fc.constantFrom("platform", "on-call", "shop"), fc.constantFrom(true, false, null)),
  },
  { requiredKeys: ["login", "permission", "teams"] },
);
const anyTime = fc
  .date({ min: new Date("2026-02-25T00:00:00Z"), max: new Date("2026-04-02T00:00:00Z"), noInvalidDate: true })
  .map((date) => date.toISOString());

const both = (check: (result: Policy, part: Policy) => void) =>
  fc.assert(
    fc.property(anyPolicy, anyPolicy, (a, b) => {
      const result = strictest(a, b);
      check(result, a);
      check(result, b);
    }),
  );

describe("the stricter of two policies", { timeout: 60_000 }, () => {
  it("gives no command to anybody whom one of them refuses it", () => {
    fc.assert(
      fc.property(anyPolicy, anyPolicy, anyPerson, (a, b, person) => {
        for (const word of COMMANDS) {
          const allowed = allows(a, word, person).ok && allows(b, word, person).ok;
          expect(allows(strictest(a, b), word, person).ok).toBe(allowed);
        }
      }),
    );
  });

  it("needs as many approvals as each, from people whom each accepts", () => {
    both((result, part) => {
      for (const kind of ["promote", "rollback"] as const) {
        const [strict, rule] = [result.approvals[kind], part.approvals[kind]];
        expect(strict.count).toBeGreaterThanOrEqual(rule.count);
        for (const one of rule.not) expect(strict.not).toContain(one);
        for (const choice of rule.teams) expect(strict.teams).toContainEqual(choice);
      }
    });
  });

  it("is open only when both are", () => {
    fc.assert(
      fc.property(anyPolicy, anyPolicy, anyTime, (a, b, now) => {
        const open = (policy: Policy) => openingAt(now, policy.windows).open;
        expect(open(strictest(a, b))).toBe(open(a) && open(b));
      }),
      { numRuns: 50 },
    );
  });

  it("keeps every limit, gate and check of each", () => {
    both((result, part) => {
      expect(result.backup.max_age_s).toBeLessThanOrEqual(part.backup.max_age_s);
      expect(result.drift.max_age_s).toBeLessThanOrEqual(part.drift.max_age_s);
      expect(result.drift.allow_live_mode && !part.drift.allow_live_mode).toBe(false);
      for (const table of part.drift.append_only) expect(result.drift.append_only).toContain(table);
      expect(result.soak_s).toBeGreaterThanOrEqual(part.soak_s);
      for (const gate of gatesOf(part)) expect(gatesOf(result)).toContain(gate);
      for (const check of part.checks) expect(result.checks).toContainEqual(check);
    });
  });

  it("is the same in either order, and adds nothing to itself", () => {
    fc.assert(
      fc.property(anyPolicy, anyPolicy, (a, b) => {
        expect(canonicalJson(strictest(a, b))).toBe(canonicalJson(strictest(b, a)));
        const result = strictest(a, b);
        expect(canonicalJson(strictest(result, result))).toBe(canonicalJson(result));
        expect(canonicalJson(strictest(result, a))).toBe(canonicalJson(result));
      }),
    );
  });
});

describe("a site", () => {
  it("can only tighten", () => {
    expect(tighten(SHIPPED_POLICY, { max_age_s: 90 }).backup.max_age_s).toBe(90);
    expect(tighten(SHIPPED_POLICY, { max_age_s: 999_999 }).backup.max_age_s).toBe(86_400);
    expect(tighten(SHIPPED_POLICY, { max_age_s: null })).toEqual(SHIPPED_POLICY);
    fc.assert(
      fc.property(anyPolicy, fc.option(fc.integer({ min: 1, max: 1_000_000 })), (policy, max_age_s) => {
        const tightened = tighten(policy, { max_age_s });
        expect(tightened.backup.max_age_s).toBeLessThanOrEqual(policy.backup.max_age_s);
        expect(canonicalJson(strictest(tightened, policy))).toBe(
          canonicalJson(strictest(tightened, tightened)),
        );
      }),
    );
  });
});

describe("the shipped default", () => {
  const person = (permission: Person["permission"]): Person => ({ login: "mona", permission, teams: {} });

  it("lets nobody without write permission do anything but ask", () => {
    for (const permission of ["none", "read", "triage"] as const) {
      for (const word of COMMANDS) {
        const asks = word === "help" || word === "status";
        expect(allows(SHIPPED_POLICY, word, person(permission)).ok).toBe(asks);
      }
      expect(seesDetails(permission)).toBe(false);
    }
    for (const permission of ["write", "maintain", "admin"] as const) {
      for (const word of COMMANDS) expect(allows(SHIPPED_POLICY, word, person(permission)).ok).toBe(true);
    }
  });

  it("asks for one approval for production, not by the author, and for none to go back", () => {
    expect(SHIPPED_POLICY.approvals).toEqual({
      promote: { count: 1, teams: [], not: ["author"] },
      rollback: { count: 0, teams: [], not: [] },
    });
    expect(gatesOf(SHIPPED_POLICY)).toEqual(["drift", "backup", "release", "approval", "promotion"]);
  });

  it("is open at all times", () => {
    expect(openingAt("2026-03-01T03:00:00Z", SHIPPED_POLICY.windows)).toEqual({ open: true });
  });
});

it("no gate passes for want of facts", () => {
  const rule = { count: 1, teams: [], not: [] };
  const who = { permission: "write", teams: [] } as const;
  const nothing = { target: "production", kind: "promote", release: null, given: [] } as const;
  expect(approvalGate(nothing, { rule, who }).outcome).toBe("wait");
  expect(approvalGate({ ...nothing, release: "a".repeat(64) }, { rule, who }).outcome).toBe("wait");
  expect(checksGate(null, [{ name: "scan", app: "scanner" }]).outcome).toBe("wait");
  expect(checksGate({}, [{ name: "scan", app: "scanner" }]).outcome).toBe("wait");
  expect(
    backupGate({ target: "production", backups: [] }, { now: "2026-03-01T00:00:00Z", max_age_s: 60 }).outcome,
  ).toBe("block");
});
