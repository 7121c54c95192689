/**
 * Belay's own check runs as GitHub shows them, against what the store says that they show: what is missing, was asked for again
 * without a word to us, went stale, or stands for another configuration is shown anew. So no required check hangs.
 */
import { pairFor } from "../../core/config/pairs.ts";
import type { CheckEffect } from "../../core/effects.ts";
import { gatesOf } from "../../core/judgement.ts";
import { checkExternalId } from "../../core/rendering/check.ts";
import { type HeadKind, initialChecks } from "../../core/rendering/initial-checks.ts";
import { GATES } from "../../core/verdict.ts";
import type { OwnCheck, PullRequest } from "../../ports/github.ts";
import type { ShownCheck } from "../../ports/queue.ts";
import type { Repository } from "../../ports/sites.ts";
import type { Tx } from "../../ports/store.ts";
import { classifyWith, type HeadDeps } from "../classify-head.ts";
import type { Deps } from "../deps.ts";
import { keepsChecks } from "../promoted-head.ts";
import { type LoadedSettings, loadSettings, policyFor } from "../site.ts";

export type CheckDeps = HeadDeps & Deps<"ownChecks">;

/** So many pull requests at a time, those of environments first, then the newest: each costs a request. */
const MOST = 100;

/** `urgent`: pull requests of environments, and those that a check was never shown on. */
export type Scope = "urgent" | "all";

/** @param open pull requests whose heads are on record @returns how many checks are shown anew */
export async function reconcileChecks(
  deps: CheckDeps,
  repository: Repository,
  open: readonly PullRequest[],
  scope: Scope,
): Promise<number> {
  if (open.length === 0) return 0;
  const loaded = await loadSettings(deps, repository);
  const isPair = ({ base_ref, head_ref }: PullRequest) =>
    loaded.ok && pairFor(loaded.settings.config, base_ref, head_ref).ok ? 1 : 0;
  const order = (one: PullRequest, other: PullRequest) =>
    isPair(other) - isPair(one) || other.number - one.number;
  const lacking = scope === "all" ? null : await lackingChecks(deps, loaded, { repository, open });
  const wanted = open.filter((one) => lacking === null || isPair(one) === 1 || lacking.has(one.number));
  const newest = wanted.toSorted(order).slice(0, MOST);
  let repaired = 0;
  for (const pull_request of newest) {
    const shared = open.some((one) => one !== pull_request && one.head_sha === pull_request.head_sha);
    repaired += await repair(deps, loaded, { repository, pull_request, shared });
  }
  return repaired;
}

/** Numbers of those that the store has never shown every check on. */
async function lackingChecks(
  { store }: CheckDeps,
  loaded: LoadedSettings,
  { repository, open }: { readonly repository: Repository; readonly open: readonly PullRequest[] },
): Promise<ReadonlySet<number>> {
  return store.transaction(async (tx) => {
    const found = new Set<number>();
    for (const pull_request of open) {
      const ids = neededIds(loaded, pull_request)?.ids ?? [];
      const shown = await tx.shownChecks(repository.id, pull_request.head_sha, ids);
      if (ids.some((id) => !shown.has(id))) found.add(pull_request.number);
    }
    return found;
  });
}

interface Head {
  readonly repository: Repository;
  readonly pull_request: PullRequest;
  /** Another pull request is at the same commit: its checks are these, too. */
  readonly shared: boolean;
}

async function repair(deps: CheckDeps, loaded: LoadedSettings, input: Head): Promise<number> {
  const { repository, pull_request } = input;
  const { head_sha } = pull_request;
  // GitHub first: what is written meanwhile is then newer in the store, and is at worst written twice.
  const real = await deps.github.ownChecks(repository, head_sha);
  const ids = idsOf(loaded, real, pull_request);
  const head = await headToJudge(deps, loaded, { ...input, ids });
  return deps.store.transaction(async (tx) => {
    const shown = await tx.shownChecks(repository.id, head_sha, ids);
    const anew = head === null ? [] : await due(tx, input, { head, shown });
    const known = new Set(anew.map(({ external_id }) => external_id));
    const lost = [...shown.values()].filter(
      (one) => !known.has(one.effect.external_id) && one.state === "done" && differs(one.effect, real),
    );
    for (const effect of [...anew, ...lost.map((one) => one.effect)]) {
      const row = { id: deps.clock.id(), operation_id: null, repository, effect };
      await tx.addEffect({ ...row, not_before: deps.clock.now() });
    }
    return anew.length + lost.length;
  });
}

/** Null: its checks are all there, and to tell what kind of head it is would take looking at its files. */
async function headToJudge(
  deps: CheckDeps,
  loaded: LoadedSettings,
  { ids, ...input }: Head & { readonly ids: readonly string[] },
): Promise<HeadKind | null> {
  const wanted = neededIds(loaded, input.pull_request);
  if (wanted === null) return null;
  const { repository, pull_request } = input;
  const shown = await deps.store.transaction((tx) =>
    tx.shownChecks(repository.id, pull_request.head_sha, ids),
  );
  const complete = wanted.ids.every((id) => shown.has(id));
  return complete && wanted.by_files ? null : classifyWith(deps, loaded, input);
}

interface Needed {
  readonly ids: readonly string[];
  /** Another head on a governed base: what it changes decides. */
  readonly by_files: boolean;
}

/** Null: Belay is not set up, or the base has the name of an environment without being its branch. */
function neededIds(loaded: LoadedSettings, { base_ref, head_ref }: PullRequest): Needed | null {
  if (!loaded.ok && loaded.answer.code === "config_missing") return null;
  const alone = { ids: [checkExternalId(base_ref, "promotion")], by_files: false };
  if (!loaded.ok) return alone;
  const { config } = loaded.settings;
  const target = Object.values(config.environments).find(({ branch }) => branch === base_ref);
  if (target === undefined) return Object.hasOwn(config.environments, base_ref) ? null : alone;
  const gates = gatesOf(policyFor(loaded.settings, target.name));
  const ids = gates.map((gate) => checkExternalId(target.name, gate));
  return { ids, by_files: !pairFor(config, base_ref, head_ref).ok };
}

interface Found {
  readonly head: HeadKind;
  readonly shown: ReadonlyMap<string, ShownCheck>;
}

async function due(tx: Tx, input: Head, { head, shown }: Found): Promise<readonly CheckEffect[]> {
  const { repository, pull_request, shared } = input;
  const { head_sha } = pull_request;
  if (await keepsChecks(tx, { repository_id: repository.id, head_sha, head })) return [];
  const judged = shared || (await wasJudged(tx, input));
  return initialChecks(head_sha, head).filter((effect) =>
    isDue(effect, shown.get(effect.external_id), judged),
  );
}

/** Every check that may have been shown: of all environments, since a commit may be in several pull requests. */
function idsOf(
  loaded: LoadedSettings,
  real: readonly OwnCheck[],
  { base_ref }: PullRequest,
): readonly string[] {
  const names = loaded.ok ? Object.keys(loaded.settings.config.environments) : [];
  const gates = names.flatMap((name) => GATES.map((gate) => checkExternalId(name, gate)));
  const others = real.map(({ external_id }) => external_id);
  return [...new Set([...gates, checkExternalId(base_ref, "promotion"), ...others])];
}

/** Never shown at all; or nothing was judged here, and it stands for what the configuration said before. */
function isDue(effect: CheckEffect, shown: ShownCheck | undefined, judged: boolean): boolean {
  if (shown === undefined) return true;
  return !judged && shown.state === "done" && lookOf(shown.effect) !== lookOf(effect);
}

/** Whether an operation of this pull request has begun at its head: then its checks are that operation's. */
async function wasJudged(tx: Tx, { repository, pull_request }: Head): Promise<boolean> {
  const site = await tx.siteOfRepository(repository.id);
  if (site === null) return false;
  const filter = { site_id: site.id, pull_request: pull_request.number };
  const operations = await tx.operations(filter, { limit: 100 });
  return operations.some(({ head_sha }) => head_sha === pull_request.head_sha);
}

function differs(effect: CheckEffect, real: readonly OwnCheck[]): boolean {
  const found = real.find(({ external_id }) => external_id === effect.external_id);
  return found === undefined || lookOf(found) !== lookOf(effect);
}

/** What people see of a check without opening it. */
const lookOf = ({ status, conclusion, title }: Look): string =>
  JSON.stringify([status, conclusion ?? null, title]);

interface Look {
  readonly status: string;
  readonly conclusion?: string | null;
  readonly title: string | null;
}
