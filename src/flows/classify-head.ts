/** What kind of head a pull request has: of an environment, harmless, refused, or none of ours. Its checks follow from that. */
import { pairFor } from "../core/config/pairs.ts";
import { evaluate as checksGate } from "../core/gates/checks.ts";
import { touchesNothingPromoted } from "../core/harmless.ts";
import { gatesOf } from "../core/judgement.ts";
import type { HeadKind } from "../core/rendering/initial-checks.ts";
import type { PullRequest } from "../ports/github.ts";
import type { Repository } from "../ports/sites.ts";
import type { Deps } from "./deps.ts";
import { foreignChecks } from "./evidence.ts";
import { type LoadedSettings, loadSettings, policyFor, type SettingsReads } from "./site.ts";

export interface PullRequestInput {
  readonly repository: Repository;
  /** As the webhook told it: `updated_at` is GitHub's clock at the moment of the change. */
  readonly pull_request: PullRequest;
}

export type HeadDeps = Deps<SettingsReads | "changedFiles" | "pullRequest" | "checkRuns">;

/** Null where there is no configuration at all: then Belay is not set up, and says nothing. */
export async function classify(deps: HeadDeps, input: PullRequestInput): Promise<HeadKind | null> {
  return classifyWith(deps, await loadSettings(deps, input.repository), input);
}

export async function classifyWith(
  deps: HeadDeps,
  loaded: LoadedSettings,
  { repository, pull_request }: PullRequestInput,
): Promise<HeadKind | null> {
  const { base_ref, head_ref } = pull_request;
  if (!loaded.ok) {
    const missing = loaded.answer.code === "config_missing";
    return missing ? null : { kind: "no_settings", base: base_ref, problem: loaded.answer };
  }
  const pair = pairFor(loaded.settings.config, base_ref, head_ref);
  if (pair.ok && pull_request.head_repository_id === repository.id) {
    const policy = policyFor(loaded.settings, pair.target.name);
    const names = { source: pair.source.name, target: pair.target.name };
    // Other Apps' checks need no release to be judged, and may have completed before anybody told of this head.
    const found = await foreignChecks(deps, { repository, head_sha: pull_request.head_sha, policy });
    const checks = found === null ? {} : { checks: checksGate(found, policy.checks) };
    return { kind: "environment", ...names, gates: gatesOf(policy), ...checks };
  }
  const { environments } = loaded.settings.config;
  if (!pair.ok && pair.reason === "not_governed") {
    return { kind: "not_governed", base: base_ref, taken: Object.hasOwn(environments, base_ref) };
  }
  const target = Object.values(environments).find((one) => one.branch === base_ref);
  const name = target?.name ?? base_ref;
  const gates = gatesOf(policyFor(loaded.settings, name));
  if (await isHarmless(deps, { repository, pull_request })) return { kind: "harmless", target: name, gates };
  const why = pair.ok ? FORK : pair;
  return { kind: "refused", target: name, message: why.message, remedy: why.remedy, gates };
}

/** GitHub lists the files of the head of now. They say nothing of this webhook's commit when the branch has moved on. */
async function isHarmless(deps: HeadDeps, { repository, pull_request }: PullRequestInput): Promise<boolean> {
  const { number, head_sha, base_ref } = pull_request;
  const isStill = async () => {
    const now = await deps.github.pullRequest(repository, number);
    return now?.head_sha === head_sha && now.base_ref === base_ref;
  };
  if (!(await isStill())) return false;
  return touchesNothingPromoted(await deps.github.changedFiles(repository, number)) && (await isStill());
}

const FORK = {
  message: "This pull request comes from a fork, and forks are never promoted.",
  remedy: "Open the environment pull request from a branch of this repository.",
};
