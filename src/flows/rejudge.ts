/** Something outside changed that a gate rests on (a review, another App's check): the gate's check on the head is brought up to date. */
import { pairFor } from "../core/config/pairs.ts";
import { evaluate as checksGate } from "../core/gates/checks.ts";
import { checkExternalId, renderCheck } from "../core/rendering/check.ts";
import type { GateOutcome } from "../core/verdict.ts";
import type { PullRequest } from "../ports/github.ts";
import type { EnvironmentRow, Repository } from "../ports/sites.ts";
import type { Tx } from "../ports/store.ts";
import { approvalOnHead, approvedByCommand } from "./approvals.ts";
import type { Deps } from "./deps.ts";
import { type EvidenceReads, foreignChecks, gatherEvidence } from "./evidence.ts";
import { isPromoted } from "./promoted-head.ts";
import { loadSettings, policyFor, type SettingsReads, type SiteSettings } from "./site.ts";

type RejudgeDeps = Deps<SettingsReads | EvidenceReads>;

export type RejudgeOutcome = { readonly kind: "rejudged" | "ignored"; readonly reason: string };

const ignored = (reason: string): RejudgeOutcome => ({ kind: "ignored", reason });

export interface ReviewInput {
  readonly repository: Repository;
  readonly pull_request: number;
}

/** Somebody reviewed, or a review was dismissed. */
export async function reviewChanged(deps: RejudgeDeps, input: ReviewInput): Promise<RejudgeOutcome> {
  const scene = await sceneOf(deps, input);
  if (scene === null) return ignored("not an open environment pull request");
  const { policy, pull, target, source, repository } = scene;
  if (policy.approvals.promote.count === 0) return ignored("no approval is needed");
  const pull_request = pull.number;
  const { head_sha } = pull;
  const where = { target, pull_request, kind: "promote" } as const;
  const by_command = await deps.store.transaction((tx) => approvedByCommand(tx, where));
  const { author } = pull;
  const question = {
    repository,
    pull_request,
    head_sha,
    author,
    policy,
    kind: "promote",
    by_command,
  } as const;
  const evidence = await gatherEvidence(deps, question);

  return deps.store.transaction(async (tx) => {
    const { approvals } = evidence;
    const on = { source, target, pull_request, head_sha, policy, evidence: approvals };
    const { shown, gate } = await approvalOnHead(tx, on);
    if (!shown) return ignored("there is no plan of this head");
    await emitGate(deps, tx, { repository, source, target, head_sha, gate });
    return { kind: "rejudged", reason: "approval" };
  });
}

export interface ForeignCheckInput {
  readonly repository: Repository;
  readonly head_sha: string;
}

/** A check run or a check suite of any App was completed. Only where our own check `checks` stands is GitHub asked at all. */
export async function foreignCheckChanged(
  deps: RejudgeDeps,
  { repository, head_sha }: ForeignCheckInput,
): Promise<RejudgeOutcome> {
  const waiting = await deps.store.transaction((tx) => pullsWithChecks(tx, repository.id, head_sha));
  for (const pull_request of waiting) await showChecksOf(deps, { repository, pull_request });
  return waiting.length > 0 ? { kind: "rejudged", reason: "checks" } : ignored("no policy waits for it");
}

async function pullsWithChecks(tx: Tx, repository_id: number, head_sha: string): Promise<readonly number[]> {
  const site = await tx.siteOfRepository(repository_id);
  if (site === null) return [];
  const environments = await tx.environmentsOf(site.id);
  const found: number[] = [];
  for (const pull of await tx.pullRequestsOf(repository_id)) {
    const target = environments.find(({ branch }) => branch === pull.base_ref);
    if (pull.state !== "open" || target === undefined) continue;
    const own = checkExternalId(target.name, "checks");
    const heads = await tx.headsOf(repository_id, pull.number);
    // Also one that waits to be shown: it was judged before this.
    const shown = await tx.shownChecks(repository_id, head_sha, [own]);
    if (heads.at(-1)?.sha === head_sha && shown.has(own)) found.push(pull.number);
  }
  return found;
}

async function showChecksOf(deps: RejudgeDeps, input: ReviewInput): Promise<void> {
  const scene = await sceneOf(deps, input);
  if (scene === null || scene.policy.checks.length === 0) return;
  const { repository, policy, pull, source, target } = scene;
  const { head_sha } = pull;
  const checks = await foreignChecks(deps, { repository, head_sha, policy });
  const gate = checksGate(checks, policy.checks);
  await deps.store.transaction((tx) => emitGate(deps, tx, { repository, source, target, head_sha, gate }));
}

async function sceneOf(deps: RejudgeDeps, { repository, pull_request }: ReviewInput) {
  const pull = await deps.github.pullRequest(repository, pull_request);
  if (pull?.state !== "open" || pull.head_repository_id !== repository.id) return null;
  const loaded = await loadSettings(deps, repository);
  const pair = loaded.ok ? await rowsOf(deps, { repository, pull, settings: loaded.settings }) : null;
  if (!loaded.ok || pair === null) return null;
  return { ...pair, repository, pull, policy: policyFor(loaded.settings, pair.target.name) };
}

interface RowsQuestion {
  readonly repository: Repository;
  readonly pull: PullRequest;
  readonly settings: SiteSettings;
}

/** Null: no environment pull request, or nothing was ever done here. */
async function rowsOf(deps: Deps<never>, { repository, pull, settings }: RowsQuestion) {
  const pair = pairFor(settings.config, pull.base_ref, pull.head_ref);
  if (!pair.ok) return null;
  return deps.store.transaction(async (tx) => {
    const site = await tx.siteOfRepository(repository.id);
    const rows = site === null ? [] : await tx.environmentsOf(site.id);
    const source = rows.find(({ name }) => name === pair.source.name);
    const target = rows.find(({ name }) => name === pair.target.name);
    return source === undefined || target === undefined ? null : { source, target };
  });
}

export interface GateOnHead {
  readonly repository: Repository;
  readonly source: EnvironmentRow;
  readonly target: EnvironmentRow;
  readonly head_sha: string;
  readonly gate: GateOutcome;
}

/** A commit that was promoted keeps the checks of its promotion. */
export async function emitGate(deps: Pick<Deps<never>, "clock">, tx: Tx, shown: GateOnHead): Promise<void> {
  const { repository, source, target, head_sha, gate } = shown;
  const asked = { source_environment_id: source.id, target_environment_id: target.id, head_sha };
  if (await isPromoted(tx, asked)) return;
  await tx.addEffect({
    id: deps.clock.id(),
    operation_id: null,
    repository,
    effect: renderCheck(gate, { target: target.name, head_sha, verdict: null }),
    not_before: deps.clock.now(),
  });
}
