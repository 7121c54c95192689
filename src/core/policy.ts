/**
 * Who may do what, and how fresh proofs must be. This version has the shipped default alone; a site's configuration may make
 * it stricter, never looser. No setting here, and no command, opens a gate that is shut.
 */
import type { CommandWord } from "./commands.ts";

/** What GitHub says that a person may do in the repository, weakest first. */
export const PERMISSIONS = ["none", "read", "triage", "write", "maintain", "admin"] as const;
export type Permission = (typeof PERMISSIONS)[number];

export interface Policy {
  readonly version: 1;
  /** The least permission for each command. */
  readonly permissions: Readonly<Record<CommandWord, Permission>>;
  readonly backup: { readonly max_age_s: number };
  readonly drift: DriftPolicy;
}

export interface DriftPolicy {
  /** How old a drift check may be that the API judges instead of making one. */
  readonly max_age_s: number;
  /** False: a site's `drift: live` counts as strict. */
  readonly allow_live_mode: boolean;
  /** Patterns of tables whose rows may only be added in mode `live`: a changed or removed row blocks. */
  readonly append_only: readonly string[];
}

export const SHIPPED_POLICY: Policy = {
  version: 1,
  permissions: {
    promote: "write",
    plan: "write",
    drift: "write",
    backup: "write",
    refresh: "write",
    rollback: "write",
    status: "none",
    help: "none",
  },
  backup: { max_age_s: 24 * 3600 },
  drift: { max_age_s: 15 * 60, allow_live_mode: true, append_only: [] },
};

/** What of a site's configuration bears on policy: `promotion.backup`. */
export interface SiteLimits {
  /** Null: the site says nothing. */
  readonly max_age_s: number | null;
}

/** The stricter of both, field by field. */
export function tighten(policy: Policy, limits: SiteLimits): Policy {
  const max_age_s = Math.min(policy.backup.max_age_s, limits.max_age_s ?? Number.POSITIVE_INFINITY);
  return { ...policy, backup: { max_age_s } };
}

/** Whether somebody with this permission may give this command. */
export function allows(policy: Policy, word: CommandWord, permission: Permission): boolean {
  return atLeast(permission, policy.permissions[word]);
}

/** Whether row keys, values and names of people may be shown to somebody with this permission. */
export function seesDetails(permission: Permission): boolean {
  return atLeast(permission, "write");
}

function atLeast(given: Permission, needed: Permission): boolean {
  return PERMISSIONS.indexOf(given) >= PERMISSIONS.indexOf(needed);
}
