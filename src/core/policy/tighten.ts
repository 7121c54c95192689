/** The stricter of two policies, field by field: what either of them refuses, the result refuses. */
import { COMMANDS } from "../commands.ts";
import {
  type ApprovalRule,
  atLeast,
  type Excluded,
  type Policy,
  type TeamChoice,
  type Who,
} from "../policy.ts";

/** What of a site's configuration bears on policy: `promotion.backup`. */
export interface SiteLimits {
  /** Null: the site says nothing. */
  readonly max_age_s: number | null;
}

/** A site's own limits on top of the platform's: stricter ones count, looser ones do not. */
export function tighten(policy: Policy, { max_age_s }: SiteLimits): Policy {
  return max_age_s === null ? policy : strictest(policy, { ...policy, backup: { max_age_s } });
}

export function strictest(a: Policy, b: Policy): Policy {
  const permissions = { ...a.permissions };
  for (const word of COMMANDS) permissions[word] = both(a.permissions[word], b.permissions[word]);
  return {
    version: 1,
    permissions,
    approvals: {
      promote: moreApprovals(a.approvals.promote, b.approvals.promote),
      rollback: moreApprovals(a.approvals.rollback, b.approvals.rollback),
    },
    backup: { max_age_s: Math.min(a.backup.max_age_s, b.backup.max_age_s) },
    drift: {
      max_age_s: Math.min(a.drift.max_age_s, b.drift.max_age_s),
      allow_live_mode: a.drift.allow_live_mode && b.drift.allow_live_mode,
      append_only: all(a.drift.append_only, b.drift.append_only),
    },
    soak_s: Math.max(a.soak_s, b.soak_s),
    windows: {
      allow: all(a.windows.allow, b.windows.allow),
      deny: all(a.windows.deny, b.windows.deny),
    },
    checks: all(a.checks, b.checks),
    rehearsal_required: a.rehearsal_required || b.rehearsal_required,
  };
}

function both(a: Who, b: Who): Who {
  const permission = atLeast(a.permission, b.permission) ? a.permission : b.permission;
  const bots = (a.bots ?? []).filter((bot) => b.bots?.includes(bot)).sort();
  return {
    ...{ permission, teams: all<TeamChoice>(a.teams, b.teams) },
    ...(bots.length > 0 && { bots: [...new Set(bots)] }),
  };
}

function moreApprovals(a: ApprovalRule, b: ApprovalRule): ApprovalRule {
  return {
    count: Math.max(a.count, b.count),
    teams: all<TeamChoice>(a.teams, b.teams),
    not: all<Excluded>(a.not, b.not),
  };
}

/** Each of both lists, once, in an order that does not depend on which came first: equal policies have equal digests. */
function all<T>(a: readonly T[], b: readonly T[]): readonly T[] {
  const byText = new Map([...a, ...b].map((one) => [JSON.stringify(one), one]));
  return [...byText].sort(([x], [y]) => (x < y ? -1 : 1)).map(([, one]) => one);
}
