/** Somebody asks GitHub to run one of our checks again: what is known of it is shown anew; commands judge anew. */

import type { CheckEffect } from "../core/effects.ts";
import { type HeadKind, initialChecks } from "../core/rendering/initial-checks.ts";
import type { OperationKind } from "../core/vocabulary.ts";
import type { PullRequest } from "../ports/github.ts";
import type { Repository } from "../ports/sites.ts";
import type { Tx } from "../ports/store.ts";
import { checkOfGate } from "./announce.ts";
import { classify, type HeadDeps } from "./classify-head.ts";
import type { Deps } from "./deps.ts";
import { isPromoted, keepsChecks } from "./promoted-head.ts";
import { openWork } from "./work.ts";

export interface AgainInput {
  readonly repository: Repository;
  readonly head_sha: string;
  /** `belay:<target>:<gate>`; anybody can write one, so it only chooses among checks that are ours to show. */
  readonly external_id: string;
}

export interface AgainOutcome {
  readonly kind: "shown" | "ignored";
  readonly reason: string;
}

export async function checkRerequested(deps: HeadDeps, input: AgainInput): Promise<AgainOutcome> {
  const { repository, head_sha, external_id } = input;
  for (const pull_request of await pullsAt(deps, input)) {
    const head = await classify(deps, { repository, pull_request });
    if (head === null) continue;
    const shown = await deps.store.transaction(async (tx) => {
      const known = await judged(deps, tx, { ...input, head });
      const kept =
        known === null && (await keepsChecks(tx, { repository_id: repository.id, head_sha, head }));
      const first = initialChecks(head_sha, head).find((one) => one.external_id === external_id);
      const effect = known ?? (kept ? undefined : first);
      if (effect === undefined) return false;
      const row = { id: deps.clock.id(), operation_id: null, repository, effect };
      await tx.addEffect({ ...row, not_before: deps.clock.now() });
      return true;
    });
    if (shown) return { kind: "shown", reason: `pull request ${pull_request.number}` };
  }
  return { kind: "ignored", reason: "no such check of ours" };
}

/** Open pull requests that are at this commit now. */
export async function pullsAt(
  deps: Deps<"pullRequest">,
  { repository, head_sha }: Pick<AgainInput, "repository" | "head_sha">,
): Promise<readonly PullRequest[]> {
  const numbers = await deps.store.transaction(async (tx) => {
    const found: number[] = [];
    for (const { number, state } of await tx.pullRequestsOf(repository.id)) {
      const heads = await tx.headsOf(repository.id, number);
      if (state === "open" && heads.at(-1)?.sha === head_sha) found.push(number);
    }
    return found;
  });
  const now = await Promise.all(numbers.map((number) => deps.github.pullRequest(repository, number)));
  return now.flatMap((pull) => (pull?.state === "open" && pull.head_sha === head_sha ? [pull] : []));
}

/** After these, what was judged before holds no more. */
const RESETTING: readonly OperationKind[] = ["refresh", "baseline", "rollback"];

/** What the newest operation that judged this gate on this commit found, if it still holds. */
async function judged(
  deps: HeadDeps,
  tx: Tx,
  { repository, head_sha, external_id, head }: AgainInput & { readonly head: HeadKind },
): Promise<CheckEffect | null> {
  const pair = head.kind === "environment" ? await rowsOf(tx, repository, head) : null;
  if (pair === null) return null;
  for (const operation of await tx.operations(pair, { limit: 50 })) {
    if (RESETTING.includes(operation.kind)) return null;
    if (operation.head_sha !== head_sha) continue;
    const over = operation.kind === "promote" && operation.state === "succeeded";
    if (over && !(await isPromoted(tx, { ...pair, head_sha }))) return null;
    const work = await openWork(deps, tx, operation.id);
    const check = work === null ? null : await checkOfGate(work, external_id);
    if (check !== null) return check;
  }
  return null;
}

async function rowsOf(
  tx: Tx,
  { id }: Repository,
  { source, target }: { readonly source: string; readonly target: string },
) {
  const site = await tx.siteOfRepository(id);
  const rows = site === null ? [] : await tx.environmentsOf(site.id);
  const source_environment_id = rows.find(({ name }) => name === source)?.id;
  const target_environment_id = rows.find(({ name }) => name === target)?.id;
  if (source_environment_id === undefined || target_environment_id === undefined) return null;
  return { source_environment_id, target_environment_id };
}
