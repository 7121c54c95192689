/** A site's configuration from the default branch, and its rows in the store. */
import type { Answer } from "../core/answer.ts";
import { digestOf } from "../core/canonical.ts";
import { parseSiteConfig } from "../core/config/parse.ts";
import type { SiteConfig, SiteEnvironment } from "../core/config/types.ts";
import { resolvePolicy } from "../core/policy/resolve.ts";
import { type Policy, SHIPPED_POLICY } from "../core/policy.ts";
import { badConfig, noConfig } from "../core/rendering/answers.ts";
import { compileRules, type SiteRules } from "../core/wordpress/rules.ts";
import type { Clock } from "../ports/clock.ts";
import type { PullRequestNow } from "../ports/github.ts";
import type { EnvironmentRow, Repository, SiteRow } from "../ports/sites.ts";
import type { Tx } from "../ports/store.ts";
import type { Deps } from "./deps.ts";
import { loadPolicy, policyPlace } from "./policy.ts";

export const CONFIG_PATH = ".github/belay.yml";

/** Everything that is judged with: configuration, the rules compiled from it, policy. `digest` names all of it. */
export interface SiteSettings {
  readonly config: SiteConfig;
  readonly rules: SiteRules;
  /** What holds for each environment as a target, by name. */
  readonly policies: Readonly<Record<string, Policy>>;
  /** Where it comes from, as people read it: `acme/.github`; null: the shipped default. */
  readonly policy_from: string | null;
  readonly digest: string;
}

/** What loading settings asks of GitHub. */
export type SettingsReads = "defaultBranchFile" | "defaultBranchFiles" | "policyFile";

export type LoadedSettings =
  | { readonly ok: true; readonly settings: SiteSettings }
  | { readonly ok: false; readonly answer: Answer };

export async function loadSettings(
  deps: Deps<SettingsReads>,
  repository: Repository,
): Promise<LoadedSettings> {
  return settingsOf(deps, repository, await settingsFiles(deps, repository, null));
}

export interface SettingsAndPull {
  readonly settings: LoadedSettings;
  /** Null: GitHub has none of that number (any more), or nobody asked. */
  readonly pull_request: PullRequestNow | null;
}

/** What a promotion is bound to, as GitHub tells it now. @param number of a pull request; null: there is none to ask for */
export async function loadSettingsAndPull(
  deps: Deps<SettingsReads | "pullRequest">,
  repository: Repository,
  number: number | null,
): Promise<SettingsAndPull> {
  const files = await settingsFiles(deps, repository, number);
  const alone = number === null ? null : () => deps.github.pullRequest(repository, number);
  return {
    pull_request: files.pull_request ?? (alone === null ? null : await alone()),
    settings: await settingsOf(deps, repository, files),
  };
}

async function settingsOf(
  deps: Deps<SettingsReads>,
  repository: Repository,
  { file, policy_file }: Pick<Awaited<ReturnType<typeof settingsFiles>>, "file" | "policy_file">,
): Promise<LoadedSettings> {
  if (file === null) return { ok: false, answer: noConfig(repository.default_branch) };
  const parsed = parseSiteConfig(file.text, deps.catalog);
  if (!parsed.ok) return { ok: false, answer: badConfig(parsed.errors, repository.default_branch) };
  const { config } = parsed;
  const policy = await loadPolicy(deps, repository, policy_file);
  if (!policy.ok) return policy;
  const limits = config.promotion.backup;
  const policies = Object.fromEntries(
    Object.values(config.environments).map((one) => [one.name, resolvePolicy(policy.file, one, limits)]),
  );
  const rules = compileRules(config, deps.catalog);
  const digest = digestOf({ config, rules, policies });
  return { ok: true, settings: { config, rules, policies, policy_from: policy.from, digest } };
}

/** Both files, and the pull request, by one request; what that does not tell is asked for by itself, as if nothing had been asked. */
async function settingsFiles(deps: Deps<SettingsReads>, repository: Repository, number: number | null) {
  const { github } = deps;
  const policy = policyPlace(deps, repository);
  const { name } = repository;
  const pull = number === null ? null : { name, number };
  const wanted = [{ name, path: CONFIG_PATH }];
  const { files, pull_request } =
    policy === null
      ? { files: [], pull_request: null }
      : await github.defaultBranchFiles(repository, [...wanted, policy], pull);
  const [told = null, policy_file = null] = files;
  const file = told ?? (await github.defaultBranchFile(repository, CONFIG_PATH));
  return { file, policy_file, pull_request };
}

/** The policy for a target; for a question about no target of this site, the shipped one of production. */
export function policyFor({ policies }: Pick<SiteSettings, "policies">, target: string): Policy {
  return (Object.hasOwn(policies, target) ? policies[target] : undefined) ?? SHIPPED_POLICY;
}

export interface SiteRows {
  readonly site: SiteRow;
  /** By name. */
  readonly environments: ReadonlyMap<string, EnvironmentRow>;
}

/** Brings the rows of the site and its environments in line with the configuration; names are what binds them. */
export async function syncSite(
  tx: Tx,
  clock: Clock,
  { repository, config }: { readonly repository: Repository; readonly config: SiteConfig },
): Promise<SiteRows> {
  const known = await tx.siteOfRepository(repository.id);
  const site: SiteRow = { id: known?.id ?? clock.id(), name: config.site, repository };
  if (digestOf(known) !== digestOf(site)) await tx.putSite(site);
  const rows = new Map((await tx.environmentsOf(site.id)).map((row) => [row.name, row]));
  for (const environment of Object.values(config.environments)) {
    const before = rows.get(environment.name);
    const after = environmentRow(before ?? newEnvironment(clock.id(), site.id), environment);
    if (digestOf(before ?? null) === digestOf(after)) continue;
    await tx.putEnvironment(after);
    rows.set(environment.name, after);
  }
  return { site, environments: rows };
}

function environmentRow(row: EnvironmentRow, environment: SiteEnvironment): EnvironmentRow {
  const { name, type, branch, url } = environment;
  return { ...row, name, type, branch, url };
}

export function newEnvironment(id: string, site_id: string): EnvironmentRow {
  return {
    id,
    site_id,
    name: "",
    type: "staging",
    branch: "",
    url: "",
    status: "active",
    drift_status: "unknown",
    drift_checked_at: null,
    last_drift_check_id: null,
    current_release_id: null,
    state_version: 0,
  };
}
