/** A repository's packages: their settings from the default branch, the owner's policy, and their rows in the store. */
import type { Answer } from "../../core/answer.ts";
import { digestOf } from "../../core/canonical.ts";
import type { Guardrail } from "../../core/packages/configuration.ts";
import { PACKAGES_FILE, type PackagesSettings, parseSettings } from "../../core/packages/settings.ts";
import { resolvePolicy } from "../../core/policy/resolve.ts";
import type { Policy } from "../../core/policy.ts";
import { badSettings } from "../../core/rendering/packages/words.ts";
import type { Clock } from "../../ports/clock.ts";
import type { EnvironmentRow, Repository, SiteRow } from "../../ports/sites.ts";
import type { Tx } from "../../ports/store.ts";
import type { Deps } from "../deps.ts";
import { loadPolicy } from "../policy.ts";
import { newEnvironment, type SettingsReads } from "../site.ts";

/** Packages are an environment of this name: what is active is what it runs. */
export const PACKAGES_TARGET = "packages";

export interface PackagesScene {
  readonly repository: Repository;
  readonly settings: PackagesSettings;
  /** The repository's and the owner's. */
  readonly guardrails: readonly Guardrail[];
  readonly policy: Policy;
  /** Names all that is judged with. */
  readonly digest: string;
}

export type LoadedPackages =
  | { readonly ok: true; readonly scene: PackagesScene }
  | { readonly ok: false; readonly answer: Answer };

/** Null: the repository has no packages that Belay knows of. @throws GithubError when asking again later can help */
export async function loadPackages(
  deps: Deps<SettingsReads>,
  repository: Repository,
): Promise<LoadedPackages | null> {
  const file = await deps.github.defaultBranchFile(repository, PACKAGES_FILE);
  if (file === null) return null;
  const parsed = parseSettings(new TextEncoder().encode(file.text));
  if (!parsed.ok) return { ok: false, answer: badSettings(parsed.what, repository.default_branch) };
  const loaded = await loadPolicy(deps, repository);
  if (!loaded.ok) return loaded;
  const { settings } = parsed;
  const target = { name: PACKAGES_TARGET, type: "production" } as const;
  const policy = resolvePolicy(loaded.file, target, { max_age_s: null });
  const guardrails = [...(loaded.file?.packages?.guardrails ?? []), ...settings.guardrails];
  const digest = digestOf({ settings, policy, guardrails });
  return { ok: true, scene: { repository, settings, guardrails, policy, digest } };
}

export interface PackagesRows {
  readonly site: SiteRow;
  readonly target: EnvironmentRow;
}

/** Null until a pull request showed that the repository has packages. */
export async function packagesRowsOf(tx: Tx, repository_id: number): Promise<PackagesRows | null> {
  const site = await tx.siteOfRepository(repository_id);
  const rows = site === null ? [] : await tx.environmentsOf(site.id);
  const target = rows.find(({ name }) => name === PACKAGES_TARGET);
  return site === null || target === undefined ? null : { site, target };
}

/** The rows, made where they are missing. A repository may be a site's, too: then it keeps that name. */
export async function packagesRows(tx: Tx, clock: Clock, repository: Repository): Promise<PackagesRows> {
  const known = await packagesRowsOf(tx, repository.id);
  if (known !== null) return known;
  const site = (await tx.siteOfRepository(repository.id)) ?? {
    id: clock.id(),
    name: repository.name,
    repository,
  };
  await tx.putSite(site);
  // The full name of the branch: no site's environment, which is found by its branch, is mistaken for this one.
  const branch = `refs/heads/${repository.default_branch}`;
  const fresh = newEnvironment(clock.id(), site.id);
  const target: EnvironmentRow = { ...fresh, name: PACKAGES_TARGET, type: "production", branch };
  await tx.putEnvironment(target);
  return { site, target };
}
