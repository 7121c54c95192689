/** The shape of `belay-policy.yml`, as it is written. What it means for a target is worked out in resolve.ts. */
import { z } from "zod";
import { Duration, EnvironmentName, TablePattern } from "../config/texts.ts";
import { Guardrail } from "../packages/configuration.ts";
import { PERMISSIONS, WEEKDAYS } from "../policy.ts";
import { AppSlug, BotSlug, CheckName, Clock, Moment, Team, TimeZone } from "./texts.ts";

/** Nothing that acts may be given to people without write permission, unless they are in a team that is named. */
const ACTING = z.enum(["write", "maintain", "admin"]);
const teams = z.array(Team).min(1).max(50).optional();

const one = {
  params: { remedy: "Keep one of the two; to ask for both, name teams whose members have that permission." },
  error: "names both `permission` and `teams`",
};
type Named = { readonly permission?: unknown; readonly teams?: unknown };
const notBoth = ({ permission, teams }: Named) => permission === undefined || teams === undefined;

const bots = z.array(BotSlug).max(50).optional();
const people = { permission: ACTING.optional(), teams };
const acting = { ...people, bots };
const Command = z.strictObject(acting).refine(notBoth, one);
/** An approval is a person's. */
const Approve = z.strictObject(people).refine(notBoth, one);
const Open = z.strictObject({ permission: z.enum(PERMISSIONS).optional(), teams, bots }).refine(notBoth, one);

const Approvals = z.strictObject({
  count: z.number().int().min(0).max(20).optional(),
  teams: z.array(Team).max(50).optional(),
  not: z.array(z.enum(["author", "committers", "requester"])).optional(),
});

const OpenWindow = z
  .strictObject({
    days: z
      .array(z.enum(WEEKDAYS))
      .min(1)
      .default([...WEEKDAYS]),
    start: Clock.default("00:00"),
    end: Clock.default("24:00"),
    timezone: TimeZone,
  })
  .refine(({ start, end }) => start < end, {
    error: "ends before it begins",
    params: { remedy: "Let `end` be later than `start`; for a night write two windows." },
  });

const Freeze = z
  .strictObject({
    from: Moment,
    to: Moment,
    timezone: TimeZone.default("UTC"),
    reason: z.string().min(1).max(200),
  })
  .refine(({ from, to }) => from <= to, {
    error: "ends before it begins",
    params: { remedy: "Let `to` be the last day, not before `from`." },
  });

export const PolicyBlock = z.strictObject({
  promote: Command.optional(),
  plan: Command.optional(),
  refresh: Command.optional(),
  baseline: Command.optional(),
  stage: Command.optional(),
  activate: Command.optional(),
  veto: Command.optional(),
  approve: Approve.optional(),
  cancel: Command.optional(),
  lock: Command.optional(),
  unlock: Command.optional(),
  status: Open.optional(),
  help: Open.optional(),
  rollback: z
    .strictObject({ ...acting, approvals: Approvals.optional() })
    .refine(notBoth, one)
    .optional(),
  backup: z
    .strictObject({ ...acting, max_age: Duration.optional() })
    .refine(notBoth, one)
    .optional(),
  drift: z
    .strictObject({
      ...acting,
      max_age: Duration.optional(),
      allow_live_mode: z.boolean().optional(),
      append_only: z.array(TablePattern).max(200).optional(),
    })
    .refine(notBoth, one)
    .optional(),
  approvals: Approvals.optional(),
  soak: Duration.optional(),
  windows: z
    .strictObject({
      allow: z.array(OpenWindow).max(50).optional(),
      deny: z.array(Freeze).max(200).optional(),
    })
    .optional(),
  checks: z
    .array(z.strictObject({ name: CheckName, app: AppSlug }))
    .max(50)
    .optional(),
  rehearsal: z.enum(["required", "optional"]).optional(),
});
export type PolicyBlock = z.infer<typeof PolicyBlock>;

export const PolicyFile = z.strictObject({
  version: z.literal(1),
  defaults: PolicyBlock.prefault({}),
  environments: z.record(EnvironmentName, PolicyBlock).default({}),
  /** What no configuration package may hold; a repository can add to it. */
  packages: z.strictObject({ guardrails: z.array(Guardrail).max(200).default([]) }).optional(),
});
export type PolicyFile = z.infer<typeof PolicyFile>;

/** An example of each key's value, for remedies. */
export const POLICY_EXAMPLES: Readonly<Record<string, string>> = {
  version: "version: 1",
  defaults: "defaults: {approvals: {count: 1, not: [author]}}",
  environments: "environments: {production: {approvals: {count: 2}}}",
  packages: "packages: {guardrails: [...]}",
  guardrails: "guardrails: [{id: no-secrets, pattern: ..., sentence: ..., remedy: ...}]",
  promote: "promote: {permission: write}",
  permission: "permission: write",
  teams: "teams: [platform]",
  bots: "bots: [release-train]",
  count: "count: 1",
  not: "not: [author]",
  approvals: "approvals: {count: 1, not: [author]}",
  max_age: "max_age: 24h",
  backup: "backup: {max_age: 24h}",
  drift: "drift: {allow_live_mode: true}",
  allow_live_mode: "allow_live_mode: true",
  append_only: "append_only: [comments]",
  soak: "soak: 1h",
  windows: "windows:",
  days: "days: [tue, wed, thu]",
  start: 'start: "10:00"',
  end: 'end: "14:00"',
  timezone: "timezone: Europe/Berlin",
  from: "from: 2026-11-23",
  to: "to: 2026-12-01",
  reason: 'reason: "Black Friday"',
  checks: 'checks: [{name: "security / scan", app: github-actions}]',
  name: 'name: "security / scan"',
  app: "app: github-actions",
  rehearsal: "rehearsal: required",
};
