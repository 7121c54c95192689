import { describe, expect, it } from "vitest";
import { approvers } from "../../../src/core/approval.ts";
import { COMMANDS, type CommandWord } from "../../../src/core/commands.ts";
import type { ConfigError } from "../../../src/core/config/types.ts";
import { parsePolicy } from "../../../src/core/policy/parse.ts";
import { resolvePolicy, type Target } from "../../../src/core/policy/resolve.ts";
import {
  allows,
  isOneOf,
  type Person,
  type Policy,
  SHIPPED_POLICY,
  shippedPolicy,
} from "../../../src/core/policy.ts";
import { EXAMPLE_POLICY } from "./example.ts";

const PRODUCTION: Target = { name: "production", type: "production" };
const STAGING: Target = { name: "staging", type: "staging" };

function policy(text: string, target = PRODUCTION): Policy {
  const parsed = parsePolicy(text);
  if (!parsed.ok) throw new Error(JSON.stringify(parsed.errors, null, 2));
  return resolvePolicy(parsed.file, target, { max_age_s: null });
}

function errors(text: string): readonly ConfigError[] {
  const parsed = parsePolicy(text);
  return parsed.ok ? [] : parsed.errors;
}

const told = (text: string) =>
  errors(text).map(({ line, message, remedy }) => `${line}: ${message} ${remedy}`);

describe("the example of the documentation", () => {
  it("says for production what it reads as", () => {
    expect(policy(EXAMPLE_POLICY)).toEqual({
      ...SHIPPED_POLICY,
      permissions: {
        ...SHIPPED_POLICY.permissions,
        promote: { permission: "none", teams: [["platform"]] },
        rollback: { permission: "none", teams: [["platform", "on-call"]] },
      },
      approvals: {
        promote: { count: 2, teams: [["platform", "on-call"]], not: ["author", "committers"] },
        rollback: { count: 0, teams: [], not: [] },
      },
      backup: { max_age_s: 12 * 3600 },
      drift: { max_age_s: 15 * 60, allow_live_mode: true, append_only: ["wc_orders*"] },
      windows: {
        allow: [[{ days: ["tue", "wed", "thu"], start: "10:00", end: "14:00", timezone: "Europe/Berlin" }]],
        deny: [
          {
            from: "2026-11-23T00:00",
            to: "2026-12-01T24:00",
            timezone: "Europe/Berlin",
            reason: "Black Friday",
          },
        ],
      },
      checks: [{ name: "security / scan", app: "acme-scanner" }],
    });
  });
  it("says for staging only what its defaults say", () => {
    const staging = policy(EXAMPLE_POLICY, STAGING);
    expect(staging.approvals.promote).toEqual({ count: 0, teams: [], not: ["author"] });
    expect(staging.windows).toEqual({ allow: [], deny: [] });
    expect(staging.checks).toEqual([]);
  });
});

describe("what is not written", () => {
  it("is the shipped default", () => {
    expect(policy("version: 1")).toEqual(SHIPPED_POLICY);
    expect(policy("version: 1", STAGING)).toEqual(shippedPolicy("staging"));
    expect(resolvePolicy(null, PRODUCTION, { max_age_s: null })).toEqual(SHIPPED_POLICY);
  });
  it("a site's own limit counts where it is shorter", () => {
    expect(resolvePolicy(null, PRODUCTION, { max_age_s: 60 }).backup.max_age_s).toBe(60);
    expect(resolvePolicy(null, PRODUCTION, { max_age_s: 999_999 }).backup.max_age_s).toBe(86_400);
  });
  it("production is never promoted to by itself, staging may be", () => {
    const text =
      "version: 1\ndefaults: {approvals: {count: 0}}\nenvironments: {production: {approvals: {count: 0}}}";
    expect(policy(text).approvals.promote.count).toBe(1);
    expect(policy(text, STAGING).approvals.promote.count).toBe(0);
  });
  it("whoever may promote may go back, unless it is said who", () => {
    const teams = "version: 1\ndefaults: {promote: {teams: [platform]}}";
    expect(policy(teams).permissions.rollback).toEqual({ permission: "none", teams: [["platform"]] });
    expect(policy(`${teams.slice(0, -1)}, rollback: {permission: write}}`).permissions.rollback).toEqual({
      permission: "write",
      teams: [],
    });
  });
});

describe("bots", () => {
  const bots = (text: string, word: CommandWord = "promote") => policy(text).permissions[word].bots ?? [];
  const defaults = "version: 1\ndefaults: {promote: {teams: [platform], bots: [train]}}";

  it("may what they are named for, and nothing else", () => {
    expect(bots("version: 1")).toEqual([]);
    expect(policy("version: 1\ndefaults: {plan: {bots: [train]}}").permissions.plan).toEqual({
      ...{ permission: "write", teams: [], bots: ["train"] },
    });
    expect(bots("version: 1\ndefaults: {plan: {bots: [train]}}")).toEqual([]);
    expect(bots(defaults, "rollback")).toEqual(["train"]);
  });
  it("lose what people are named anew for", () => {
    expect(bots(`${defaults}\nenvironments: {production: {promote: {teams: [on-call]}}}`)).toEqual([]);
  });
  it("leave the people as they are where only bots are named", () => {
    const named = policy(`${defaults}\nenvironments: {production: {promote: {bots: [other]}}}`);
    expect(named.permissions.promote).toEqual({ permission: "none", teams: [["platform"]], bots: ["other"] });
  });
  it("that a block names are not enough where another one of the same environment does not", () => {
    const text = `version: 1\nenvironments:\n  live: {promote: {bots: [train, other]}}\n  production: {promote: {bots: [other]}}`;
    expect(policy(text, { name: "live", type: "production" }).permissions.promote.bots).toEqual(["other"]);
  });
  it("have no permission: a command for everybody is for people, and no bot approves", () => {
    const person: Person = {
      login: "train[bot]",
      bot: "train",
      permission: "admin",
      teams: { platform: true },
    };
    expect(allows(policy(defaults), "promote", person)).toEqual({ ok: true });
    for (const word of COMMANDS.filter((one) => one !== "promote" && one !== "rollback")) {
      expect(allows(policy(defaults), word, person)).toEqual({ ok: false, why: "bot", bot: "train" });
    }
    const rule = { count: 1, teams: [], not: [] };
    const loose = {
      ...SHIPPED_POLICY.permissions,
      approve: { permission: "none", teams: [], bots: ["train"] },
    } as const;
    expect(isOneOf(approvers({ ...SHIPPED_POLICY, permissions: loose }, rule), person).ok).toBe(false);
  });
});

describe("the names that a site gives its environments", () => {
  const text = [
    "version: 1",
    "environments:",
    "  production: {approvals: {count: 2}, promote: {teams: [platform]}}",
    "  staging: {approvals: {count: 0}, promote: {permission: write}, backup: {max_age: 1h}}",
  ].join("\n");

  it("do not lead a production around the rules for production", () => {
    const live = policy(text, { name: "live", type: "production" });
    expect(live.approvals.promote.count).toBe(2);
    expect(live.permissions.promote.teams).toEqual([["platform"]]);
  });
  it("a production that is called staging obeys both", () => {
    const named = policy(text, { name: "staging", type: "production" });
    expect(named.approvals.promote.count).toBe(2);
    expect(named.permissions.promote).toEqual({ permission: "write", teams: [["platform"]] });
    expect(named.backup.max_age_s).toBe(3600);
  });
  it("a staging that is called production obeys both, too", () => {
    expect(policy(text, { name: "production", type: "staging" }).approvals.promote.count).toBe(2);
  });
  it("a name out of the language is a name like any other", () => {
    for (const name of ["constructor", "toString", "hasOwnProperty"]) {
      expect(policy(text, { name, type: "clone" })).toEqual(shippedPolicy("clone"));
    }
  });
});

describe("what is wrong is told with its line and what to write", () => {
  it.each([
    ["", "1: The file is empty. Write `version: 1`, or remove the file: then the shipped default holds."],
    ["version: 2", "1: `version` is none of `1`. Write `1` or another of them."],
    [
      "version: 1\ndefault: {}",
      "2: The file has no key `default`: did you mean `defaults`? Write `defaults:` in place of `default:`.",
    ],
    [
      "version: 1\ndefaults:\n  promote: {permission: read}",
      "3: `defaults.promote.permission` is none of `write`, `maintain`, `admin`. Write `write` or another of them.",
    ],
    [
      "version: 1\ndefaults:\n  promote: {permission: write, teams: [a]}",
      "3: `defaults.promote` names both `permission` and `teams`. Keep one of the two; to ask for both, name teams whose members have that permission.",
    ],
    [
      "version: 1\ndefaults:\n  promote: {bots: [github-actions]}",
      "3: `defaults.promote.bots[0]` is not an App that may give commands: it is every workflow, or Belay itself. Name an App of its own, which nobody commands but who may command through it.",
    ],
    [
      "version: 1\ndefaults:\n  plan: {bots: ['train[bot]']}",
      "3: `defaults.plan.bots[0]` is not the name of an App as GitHub's addresses have it: small letters, digits and `-`. Write what follows `/apps/` in the App's address, for example `release-train`.",
    ],
    [
      "version: 1\ndefaults:\n  approve: {bots: [train]}",
      "3: `defaults.approve` has no key `bots`. Remove it; the keys here are `permission`, `teams`.",
    ],
    [
      "version: 1\ndefaults:\n  approvals: {counts: 2}",
      "3: `defaults.approvals` has no key `counts`: did you mean `count`? Write `count:` in place of `counts:`.",
    ],
    [
      "version: 1\ndefaults:\n  backup: {max_age: never}",
      "3: `defaults.backup.max_age` is not a duration. Write a whole number and s, m, h or d, for example `90s` or `24h`.",
    ],
    [
      'version: 1\ndefaults:\n  windows:\n    allow: [{start: "14:00", end: "10:00", timezone: UTC}]',
      "4: `defaults.windows.allow[0]` ends before it begins. Let `end` be later than `start`; for a night write two windows.",
    ],
    [
      "version: 1\ndefaults:\n  windows:\n    allow: [{timezone: Mars/Base}]",
      "4: `defaults.windows.allow[0].timezone` is not a time zone. Write its name in the time zone database, for example `Europe/Berlin` or `UTC`.",
    ],
    [
      "version: 1\ndefaults:\n  windows:\n    deny: [{from: 2026-02-30, to: 2026-03-01, reason: x}]",
      '4: `defaults.windows.deny[0].from` is not a day or a moment. Write `2026-11-23`, or `"2026-11-23T18:00"`.',
    ],
    [
      "version: 1\ndefaults:\n  checks: [{name: scan}]",
      "3: `defaults.checks[0].app` is missing. Add `app: github-actions`.",
    ],
    [
      "version: 1\ndefaults:\n  rehearsal: maybe",
      "3: `defaults.rehearsal` is none of `required`, `optional`. Write `required` or another of them.",
    ],
  ])("%j", (text, message) => {
    expect(told(text)).toEqual([message]);
  });

  it("all at once, in the order of the file", () => {
    const text =
      "version: 1\nenvironments:\n  production:\n    soak: long\n    approvals: {count: -1}\n    promot: {}";
    expect(errors(text).map(({ line, code }) => [line, code])).toEqual([
      [4, "invalid_value"],
      [5, "out_of_range"],
      [6, "unknown_key"],
    ]);
  });

  it("what is not YAML, too long, or hides behind an alias", () => {
    expect(errors("version: [1").map(({ code }) => code)).toContain("yaml_invalid");
    expect(errors(`version: 1 # ${"x".repeat(70_000)}`)[0]?.code).toBe("too_long");
    expect(errors("version: 1\ndefaults: &a {}\nenvironments: {production: *a}")[0]?.code).toBe("alias");
  });
});
