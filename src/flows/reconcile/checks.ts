/**
 * Belay's own check runs as GitHub shows them, against what the store says that they show: what is missing, was asked for again
 * without a word to us, went stale, or stands for another configuration is shown anew. So no required check hangs.
 */
import type { CheckEffect } from "../../core/effects.ts";
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
import { type LoadedSettings, loadSettings } from "../site.ts";

export type CheckDeps = HeadDeps & Deps<"ownChecks">;

/** So many pull requests at a time, the newest first: each costs a request. */
const MOST = 100;

/** @param open pull requests whose heads are on record @returns how many checks are shown anew */
export async function reconcileChecks(
  deps: CheckDeps,
  repository: Repository,
  open: readonly PullRequest[],
): Promise<number> {
  const newest = open.toSorted((one, other) => other.number - one.number).slice(0, MOST);
  if (newest.length === 0) return 0;
  const loaded = await loadSettings(deps, repository);
  let repaired = 0;
  for (const pull_request of newest) {
    const shared = open.some((one) => one !== pull_request && one.head_sha === pull_request.head_sha);
    repaired += await repair(deps, loaded, { repository, pull_request, shared });
  }
  return repaired;
}

interface Head {
  readonly repository: Repository;
  readonly pull_request: PullRequest;
  /** Another pull request is at the same commit: its checks are these, too. */
  readonly shared: boolean;
}

async function repair(deps: CheckDeps, loaded: LoadedSettings, input: Head): Promise<number> {
  const { repository, pull_request } = input;
  const head = await classifyWith(deps, loaded, input);
  if (head === null) return 0;
  const { head_sha } = pull_request;
  // GitHub first: what is written meanwhile is then newer in the store, and is at worst written twice.
  const real = await deps.github.ownChecks(repository, head_sha);
  return deps.store.transaction(async (tx) => {
    const shown = await tx.shownChecks(repository.id, head_sha, idsOf(loaded, head, real));
    const kept = await keepsChecks(tx, { repository_id: repository.id, head_sha, head });
    const expected = kept ? [] : initialChecks(head_sha, head);
    const judged = input.shared || (await wasJudged(tx, input));
    const anew = expected.filter((effect) => isDue(effect, shown.get(effect.external_id), judged));
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

/** Every check that may have been shown: of all environments, since a commit may be in several pull requests. */
function idsOf(loaded: LoadedSettings, head: HeadKind, real: readonly OwnCheck[]): readonly string[] {
  const names = loaded.ok ? Object.keys(loaded.settings.config.environments) : [];
  const gates = names.flatMap((name) => GATES.map((gate) => checkExternalId(name, gate)));
  const expected = initialChecks("", head).map(({ external_id }) => external_id);
  return [...new Set([...gates, ...expected, ...real.map(({ external_id }) => external_id)])];
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
