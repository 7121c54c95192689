/** Settings of a repository on GitHub that break environment pull requests, or let somebody pass by the checks: told, never changed. */

/** As far as the App may read them; null: GitHub did not tell. */
export interface MergeSettings {
  /** Checks that a rule of the branch requires; `app_id` null: whoever posts a check of that name is believed. */
  readonly required: readonly { readonly name: string; readonly app_id: number | null }[];
  /** A ruleset wants the head branch to be up to date before a merge. */
  readonly strict: boolean;
  readonly squash: boolean | null;
  readonly deletes_head: boolean | null;
}

/** GitHub calls a pull request that lacks commits of its base so only where the base's protection wants it to have them. */
export const isBehind = (mergeable_state: string | null | undefined): boolean => mergeable_state === "behind";

export interface MergeScene {
  /** Branches of the environments. */
  readonly head: string;
  readonly base: string;
  /** Belay's own App. */
  readonly app_id: number;
  /** The pull request lacks commits of its base, and may not be merged for that: of a classic protection GitHub tells no more. */
  readonly behind: boolean;
}

/** One sentence for each: what is so, what that leads to, what to change. */
export function mergeNotices(settings: MergeSettings, scene: MergeScene): readonly string[] {
  const { head, base, app_id, behind } = scene;
  const ours = settings.required.filter(({ name }) => name.startsWith(OURS));
  const loose = ours.filter(({ app_id: of }) => of === null);
  const foreign = ours.filter(({ app_id: of }) => of !== null && of !== app_id);
  return [
    ...(loose.length > 0 ? [notPinned(base, shown(loose))] : []),
    ...(foreign.length > 0 ? [ofAnotherApp(base, shown(foreign))] : []),
    ...(settings.strict || behind
      ? [
          `\`${base}\` wants \`${head}\` to be up to date before a merge: each update moves the head, and what was judged and approved holds no more. Switch *Require branches to be up to date* off in the rule or the protection of \`${base}\`.`,
        ]
      : []),
    ...(settings.squash === true
      ? [
          `Squash merges are allowed: after one, \`${head}\` and \`${base}\` have no history in common, and the next pull request shows everything again. Allow merge commits only, for \`${base}\` or in the repository's settings.`,
        ]
      : []),
    ...(settings.deletes_head === true
      ? [
          `Head branches are deleted on merge: merging this pull request deletes \`${head}\`, the branch of an environment. Switch *Automatically delete head branches* off in the repository's settings.`,
        ]
      : []),
  ];
}

const OURS = "belay / ";

/** Each name once: a rule and a classic protection may require the same. */
const shown = (checks: MergeSettings["required"]): string =>
  [...new Set(checks.map(({ name }) => `\`${name}\``))].join(", ");

const PIN = "Choose Belay's App as its source in that rule.";

function notPinned(base: string, names: string): string {
  return `The rule of \`${base}\` requires ${names} from anybody: every workflow with \`checks: write\` can post a green one. ${PIN}`;
}

function ofAnotherApp(base: string, names: string): string {
  return `The rule of \`${base}\` requires ${names} from another App: only that App can make it green, so what Belay finds never counts there. ${PIN}`;
}
