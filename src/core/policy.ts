/**
 * Who may do what, and how fresh proofs must be: the policy that holds for one target. It comes from the platform's
 * `belay-policy.yml` (core/policy/); what a site says about itself can only make it stricter. No setting here, and no command,
 * opens a gate that is shut.
 */
import type { CommandWord } from "./commands.ts";
import type { EnvironmentType } from "./vocabulary.ts";

/** What GitHub says that a person may do in the repository, weakest first. */
export const PERMISSIONS = ["none", "read", "triage", "write", "maintain", "admin"] as const;
export type Permission = (typeof PERMISSIONS)[number];

/** Teams of the owner, by slug: a member of one of them will do. */
export type TeamChoice = readonly string[];

/** Who may do something: whoever has at least this permission and is a member of one team of each choice. */
export interface Who {
  readonly permission: Permission;
  readonly teams: readonly TeamChoice[];
  /**
   * Apps, by slug, that may do it as well. An App has no permission of a collaborator and is in no team: that it is named is all
   * that lets it. Absent: none.
   */
  readonly bots?: readonly string[];
}

export type Excluded = "author" | "committers" | "requester";

export interface ApprovalRule {
  readonly count: number;
  /** Beside the right to give `/approve`: one team of each choice. */
  readonly teams: readonly TeamChoice[];
  /** Whose approval does not count: of the pull request's author, of whoever wrote or committed one of its commits, of whoever asked for the promotion. */
  readonly not: readonly Excluded[];
}

export interface DriftPolicy {
  /** How old a drift check may be that the API judges instead of making one. */
  readonly max_age_s: number;
  /** False: a site's `drift: live` counts as strict. */
  readonly allow_live_mode: boolean;
  /** Patterns of tables whose rows may only be added in mode `live`: a changed or removed row blocks. */
  readonly append_only: readonly string[];
}

export const WEEKDAYS = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"] as const;
export type Weekday = (typeof WEEKDAYS)[number];

/** From `start` until before `end`, by the clock on the wall there: `HH:MM`, `24:00` at most. */
export interface OpenWindow {
  readonly days: readonly Weekday[];
  readonly start: string;
  readonly end: string;
  readonly timezone: string;
}

/** Local time of the place, `YYYY-MM-DDTHH:MM`: from `from` until before `to`. */
export interface Freeze {
  readonly from: string;
  readonly to: string;
  readonly timezone: string;
  readonly reason: string;
}

/** A check run that another App must have completed with success on the bound commit. */
export interface ForeignCheck {
  readonly name: string;
  /** The App's slug: `github-actions`. */
  readonly app: string;
}

export interface Policy {
  readonly version: 1;
  /** Who may give each command. */
  readonly permissions: Readonly<Record<CommandWord, Who>>;
  /** What a promotion and a rollback need. */
  readonly approvals: { readonly promote: ApprovalRule; readonly rollback: ApprovalRule };
  readonly backup: { readonly max_age_s: number };
  readonly drift: DriftPolicy;
  /** How long the release must have run in the source; 0: no matter. */
  readonly soak_s: number;
  readonly windows: {
    /** In one window of each choice. */
    readonly allow: readonly (readonly OpenWindow[])[];
    readonly deny: readonly Freeze[];
  };
  readonly checks: readonly ForeignCheck[];
  readonly rehearsal_required: boolean;
}

export const everybodyWith = (permission: Permission): Who => ({ permission, teams: [] });

/** What holds for a target of this type where the platform says nothing. */
export function shippedPolicy(type: EnvironmentType): Policy {
  const write = everybodyWith("write");
  const everybody = everybodyWith("none");
  return {
    version: 1,
    permissions: {
      promote: write,
      plan: write,
      drift: write,
      backup: write,
      refresh: write,
      baseline: write,
      rollback: write,
      stage: write,
      activate: write,
      veto: write,
      approve: write,
      cancel: write,
      lock: write,
      unlock: write,
      status: everybody,
      help: everybody,
    },
    approvals: {
      promote: { count: type === "production" ? 1 : 0, teams: [], not: ["author"] },
      rollback: { count: 0, teams: [], not: [] },
    },
    backup: { max_age_s: 24 * 3600 },
    drift: { max_age_s: 15 * 60, allow_live_mode: true, append_only: [] },
    soak_s: 0,
    windows: { allow: [], deny: [] },
    checks: [],
    rehearsal_required: false,
  };
}

export const SHIPPED_POLICY: Policy = shippedPolicy("production");

/** A person as GitHub knows them, or an App that gives commands. */
export interface Person {
  readonly login: string;
  /** The App's slug; absent: a person. */
  readonly bot?: string;
  readonly permission: Permission;
  /** By team: a member, or not; null: GitHub did not tell. A team that is absent was not asked about. */
  readonly teams: Readonly<Record<string, boolean | null>>;
}

export type Leave =
  | { readonly ok: true }
  | { readonly ok: false; readonly why: "permission"; readonly needed: Permission; readonly has: Permission }
  /** `unknown`: GitHub did not tell whether the person is a member. */
  | { readonly ok: false; readonly why: "team"; readonly teams: TeamChoice; readonly unknown: boolean }
  | { readonly ok: false; readonly why: "bot"; readonly bot: string };

/** Whether this person may give this command. */
export function allows(policy: Policy, word: CommandWord, person: Person): Leave {
  return isOneOf(policy.permissions[word], person);
}

export function isOneOf({ permission, teams, bots = [] }: Who, person: Person): Leave {
  const { bot } = person;
  if (bot !== undefined) return bots.includes(bot) ? { ok: true } : { ok: false, why: "bot", bot };
  if (!atLeast(person.permission, permission)) {
    return { ok: false, why: "permission", needed: permission, has: person.permission };
  }
  const missing = teams.find((choice) => !choice.some((team) => member(person, team) === true));
  if (missing === undefined) return { ok: true };
  const unknown = missing.some((team) => member(person, team) === null);
  return { ok: false, why: "team", teams: missing, unknown };
}

const member = ({ teams }: Person, team: string): boolean | null =>
  Object.hasOwn(teams, team) ? (teams[team] ?? null) : null;

/** Whether the policy names this App for any command: what the others say is heard by nobody. */
export const isListed = ({ permissions }: Pick<Policy, "permissions">, bot: string): boolean =>
  Object.values(permissions).some(({ bots = [] }) => bots.includes(bot));

/** Who asked for what Belay begins by itself. No person can have this login, and no policy can name it. */
export const ITSELF = "belay[bot]";

/** The slug of the App whose account has this login, `renovate[bot]`; null: a person's. GitHub gives nobody else such a login. */
export const botOf = (login: string): string | null => /^([^[\]]+)\[bot\]$/.exec(login)?.[1] ?? null;

/** The teams that must be asked about before `allows` can tell. */
export const teamsOf = ({ teams }: Pick<Who, "teams">): readonly string[] => [...new Set(teams.flat())];

/** Whether row keys, values and names of people may be shown to somebody with this permission. */
export function seesDetails(permission: Permission): boolean {
  return atLeast(permission, "write");
}

export function atLeast(given: Permission, needed: Permission): boolean {
  return PERMISSIONS.indexOf(given) >= PERMISSIONS.indexOf(needed);
}
