/**
 * A push to a default branch that changes the configuration of a site, or its owner's policy: open pull requests get the checks that
 * are asked for now. Without it a check that a rule requires would be missing until somebody pushes. A policy is of many sites: the
 * reconciler does those (reconcile/settings.ts).
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
  const { repository, paths } = input;
  const marked = await markSites(deps, input);
  const isOwn = paths.includes(CONFIG_PATH);
  const open = isOwn ? await deps.github.allOpenPullRequests(repository) : [];
  const shown = await reconcileChecks(deps, repository, open, "all");
  return { kind: "shown", reason: `${shown} checks here, ${marked} repositories to be looked at` };
}

/** A policy is of every site of its owner. @returns how many are to be looked at */
async function markSites(deps: PushDeps, { repository, paths }: PushInput): Promise<number> {
  const isPolicy = paths.includes(POLICY_PATH) && policyPlace(deps, repository)?.name === repository.name;
  if (!isPolicy) return 0;
  const owner = repository.owner.toLowerCase();
  return deps.store.transaction(async (tx) => {
    const sites = await tx.sites({ limit: 10_000 });
    const ids = sites
      .filter((site) => site.repository.owner.toLowerCase() === owner)
      .map((site) => site.repository.id);
    await tx.markSettings(ids, deps.clock.now());
    return ids.length;
  });
}
