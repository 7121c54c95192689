/** From a policy file to the policy that holds for one target. */
import { COMMANDS, type CommandWord } from "../commands.ts";
import { durationSeconds } from "../config/duration.ts";
import { type ApprovalRule, type Policy, shippedPolicy, type Who } from "../policy.ts";
import type { EnvironmentType } from "../vocabulary.ts";
import type { PolicyBlock, PolicyFile } from "./schema.ts";
import { type SiteLimits, strictest, tighten } from "./tighten.ts";

export interface Target {
  readonly name: string;
  readonly type: EnvironmentType;
}

/**
 * A site chooses the names of its environments, so a block counts by name and by type, and where both exist the stricter of
 * each rule holds: no name makes a production environment anything less.
 * @param file null: there is none, the shipped default holds
 */
export function resolvePolicy(file: PolicyFile | null, target: Target, limits: SiteLimits): Policy {
  const shipped = shippedPolicy(target.type);
  const defaults = file?.defaults ?? {};
  const own = file === null ? [] : blocksOf(file, target);
  const layered = own.length === 0 ? [{}] : own;
  const policies = layered.map((block) => apply(shipped, defaults, block));
  return tighten(neverAutomatic(policies.reduce(strictest), target.type), limits);
}

function blocksOf({ environments }: PolicyFile, { name, type }: Target): readonly PolicyBlock[] {
  const names = [...new Set([name, type])].filter((key) => Object.hasOwn(environments, key));
  return names.flatMap((key) => environments[key] ?? []);
}

/** Production is never promoted to without a person's yes: 0 is for staging and clones. */
function neverAutomatic(policy: Policy, type: EnvironmentType): Policy {
  const { promote, rollback } = policy.approvals;
  const count = type === "production" ? Math.max(1, promote.count) : promote.count;
  return { ...policy, approvals: { promote: { ...promote, count }, rollback } };
}

/** The environment's block on top of the defaults, key by key, inside `approvals` and the like, too; who may do what is not in it. */
function over(defaults: PolicyBlock, block: PolicyBlock): PolicyBlock {
  return {
    ...defaults,
    ...block,
    approvals: { ...defaults.approvals, ...block.approvals },
    windows: { ...defaults.windows, ...block.windows },
    backup: { ...defaults.backup, ...block.backup },
    drift: { ...defaults.drift, ...block.drift },
    rollback: { approvals: { ...defaults.rollback?.approvals, ...block.rollback?.approvals } },
  };
}

function apply(shipped: Policy, defaults: PolicyBlock, own: PolicyBlock): Policy {
  const block = over(defaults, own);
  const rules = block.approvals ?? {};
  return {
    version: 1,
    permissions: permissionsOf(shipped, [defaults, own]),
    approvals: {
      promote: approvalRule(shipped.approvals.promote, rules),
      rollback: approvalRule(shipped.approvals.rollback, block.rollback?.approvals ?? {}),
    },
    backup: { max_age_s: seconds(block.backup?.max_age) ?? shipped.backup.max_age_s },
    drift: {
      max_age_s: seconds(block.drift?.max_age) ?? shipped.drift.max_age_s,
      allow_live_mode: block.drift?.allow_live_mode ?? shipped.drift.allow_live_mode,
      append_only: block.drift?.append_only ?? shipped.drift.append_only,
    },
    soak_s: seconds(block.soak) ?? shipped.soak_s,
    windows: {
      allow: (block.windows?.allow ?? []).length === 0 ? [] : [block.windows?.allow ?? []],
      deny: (block.windows?.deny ?? []).map(({ from, to, ...rest }) => ({
        ...rest,
        from: from.includes("T") ? from : `${from}T00:00`,
        to: to.includes("T") ? to : `${to}T24:00`,
      })),
    },
    checks: block.checks ?? shipped.checks,
    rehearsal_required: block.rehearsal === "required",
  };
}

/** Whoever may promote may go back, and whoever may refresh may declare a baseline, unless the policy says who. */
function permissionsOf(shipped: Policy, layers: readonly PolicyBlock[]): Policy["permissions"] {
  const permissions = { ...shipped.permissions };
  const said = (word: CommandWord, otherwise: Who) =>
    layers.reduce((who, layer) => whoOf(namedIn(layer, word), who), otherwise);
  for (const word of COMMANDS) permissions[word] = said(word, shipped.permissions[word]);
  permissions.rollback = said("rollback", permissions.promote);
  permissions.baseline = said("baseline", permissions.refresh);
  return permissions;
}

type Named = {
  permission?: Who["permission"] | undefined;
  teams?: string[] | undefined;
  bots?: string[] | undefined;
};

function namedIn(block: PolicyBlock, word: CommandWord): Named | undefined {
  return word in block ? block[word] : undefined;
}

/** People named anew take the place of people and bots; bots named alone that of bots: to narrow the people down leaves no App behind. */
function whoOf(named: Named | undefined, otherwise: Who): Who {
  const people = peopleOf(named);
  const { bots: before = [], ...others } = otherwise;
  const bots = named?.bots ?? (people === null ? before : []);
  return { ...(people ?? others), ...(bots.length > 0 && { bots }) };
}

function peopleOf(named: Named | undefined): Who | null {
  if (named?.teams !== undefined) return { permission: "none", teams: [named.teams] };
  return named?.permission === undefined ? null : { permission: named.permission, teams: [] };
}

type Approvals = NonNullable<PolicyBlock["approvals"]>;

function approvalRule(shipped: ApprovalRule, given: Approvals): ApprovalRule {
  const teams = given.teams === undefined || given.teams.length === 0 ? shipped.teams : [given.teams];
  return { count: given.count ?? shipped.count, teams, not: given.not ?? shipped.not };
}

const seconds = (text: string | undefined): number | null =>
  text === undefined ? null : durationSeconds(text);
