/**
 * A push to a default branch that changes the configuration of a site, or its owner's policy: open pull requests get the checks that
 * are asked for now. Without it a check that a rule requires would be missing until somebody pushes.
 */
import type { Repository } from "../ports/sites.ts";
import type { Deps } from "./deps.ts";
import { POLICY_PATH, policyPlace } from "./policy.ts";
import { type CheckDeps, reconcileChecks } from "./reconcile/checks.ts";
import { CONFIG_PATH } from "./site.ts";

export interface PushInput {
  readonly repository: Repository;
  /** `refs/heads/main` */
  readonly ref: string;
  readonly paths: readonly string[];
}

export type PushDeps = CheckDeps & Deps<"allOpenPullRequests">;

export interface PushOutcome {
  readonly kind: "shown" | "ignored";
  readonly reason: string;
}

/** Whether a push may matter at all: decided before it is stored, because repositories are pushed to all day. */
export function isOfSettings({ repository, ref, paths }: PushInput): boolean {
  const files = [CONFIG_PATH, POLICY_PATH];
  return ref === `refs/heads/${repository.default_branch}` && paths.some((path) => files.includes(path));
}

export async function settingsPushed(deps: PushDeps, input: PushInput): Promise<PushOutcome> {
  if (!isOfSettings(input)) return { kind: "ignored", reason: "no settings" };
  const repositories = await concerned(deps, input);
  let shown = 0;
  for (const repository of repositories) {
    shown += await reconcileChecks(deps, repository, await deps.github.allOpenPullRequests(repository));
  }
  return { kind: "shown", reason: `${shown} checks in ${repositories.length} repositories` };
}

/** The site that was pushed to, and for a policy every site of its owner. */
async function concerned(deps: PushDeps, { repository, paths }: PushInput): Promise<readonly Repository[]> {
  const own = paths.includes(CONFIG_PATH) ? [repository] : [];
  const isPolicy = paths.includes(POLICY_PATH) && policyPlace(deps, repository)?.name === repository.name;
  if (!isPolicy) return own;
  const sites = await deps.store.transaction((tx) => tx.sites({ limit: 10_000 }));
  const owner = repository.owner.toLowerCase();
  const others = sites.map((site) => site.repository).filter((one) => one.owner.toLowerCase() === owner);
  return [...own, ...others.filter(({ id }) => id !== own[0]?.id)];
}
