/** A merge queue asks for the checks of a group: its head is a commit of GitHub's own, and gets what its pull request deserves. */
import { groupChecks, initialChecks } from "../core/rendering/initial-checks.ts";
import type { Repository } from "../ports/sites.ts";
import type { Tx } from "../ports/store.ts";
import { classify, type HeadDeps } from "./classify-head.ts";
import { isPromoted } from "./promoted-head.ts";

export interface MergeGroupInput {
  readonly repository: Repository;
  /** `refs/heads/gh-readonly-queue/<base>/pr-<number>-<sha>` */
  readonly head_ref: string;
  readonly head_sha: string;
  readonly base_ref: string;
}

export interface MergeGroupOutcome {
  readonly kind: "shown" | "ignored";
  readonly reason: string;
}

export async function mergeGroupRequested(
  deps: HeadDeps,
  { repository, head_ref, head_sha, base_ref }: MergeGroupInput,
): Promise<MergeGroupOutcome> {
  const number = Number(/\/pr-([1-9]\d{0,9})-[0-9a-f]{40}$/.exec(head_ref)?.[1] ?? 0);
  const pull = number === 0 ? null : await deps.github.pullRequest(repository, number);
  const base = base_ref.replace(/^refs\/heads\//, "");
  if (pull === null || pull.base_ref !== base) return { kind: "ignored", reason: "no pull request is named" };
  const head = await classify(deps, { repository, pull_request: pull });
  if (head === null) return { kind: "ignored", reason: "not set up here" };
  return deps.store.transaction(async (tx) => {
    const promoted =
      head.kind === "environment" && (await stands(tx, { repository, head, head_sha: pull.head_sha }));
    const checks =
      promoted && head.kind === "environment"
        ? groupChecks(head_sha, head, number)
        : initialChecks(head_sha, head);
    for (const effect of checks) {
      const row = { id: deps.clock.id(), operation_id: null, repository, effect };
      await tx.addEffect({ ...row, not_before: deps.clock.now() });
    }
    return { kind: "shown", reason: promoted ? "promoted" : head.kind };
  });
}

interface Standing {
  readonly repository: Repository;
  readonly head: { readonly source: string; readonly target: string };
  readonly head_sha: string;
}

async function stands(tx: Tx, { repository, head, head_sha }: Standing): Promise<boolean> {
  const site = await tx.siteOfRepository(repository.id);
  const rows = site === null ? [] : await tx.environmentsOf(site.id);
  const source = rows.find(({ name }) => name === head.source);
  const target = rows.find(({ name }) => name === head.target);
  if (source === undefined || target === undefined) return false;
  return isPromoted(tx, { source_environment_id: source.id, target_environment_id: target.id, head_sha });
}
