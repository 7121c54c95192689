/** Where a pull request's packages stand, shown on its head and in its one comment. */

import type { Effect } from "../../core/effects.ts";
import { releaseKey } from "../../core/packages/repository.ts";
import * as words from "../../core/rendering/packages/words.ts";
import type { PullRequest } from "../../ports/github.ts";
import type { PackageReleaseRow, PackageReportRow } from "../../ports/packages.ts";
import type { Repository } from "../../ports/sites.ts";
import type { Tx } from "../../ports/store.ts";
import type { Deps } from "../deps.ts";

/** More releases than a pull request can bring. */
export const MOST_RELEASES = 5_000;

export interface Showing {
  readonly repository: Repository;
  readonly site_id: string;
  readonly pull_request: number;
  readonly head_sha: string;
  /** As GitHub tells of it at this moment; absent: as the store knows it. */
  readonly state?: PullRequest["state"];
  /** Null: the newest one of the pull request. */
  readonly report: PackageReportRow | null;
}

/** `belay / release` and the comment, from what the store holds now. */
export async function showPackages(
  deps: Pick<Deps<never>, "clock">,
  tx: Tx,
  showing: Showing,
): Promise<void> {
  const { pull_request, head_sha, repository } = showing;
  const { releases, gate } = await factsOf(tx, showing);
  await emitFor(deps, tx, repository, words.releaseCheck(head_sha, releases, gate));
  const body = await statesBody(tx, showing, words.packagesMarker);
  await emitFor(deps, tx, repository, { kind: "comment", pull_request, marker: words.packagesMarker, body });
}

/** The same as text, below a marker. */
export async function statesBody(tx: Tx, showing: Showing, marker: string): Promise<string> {
  return words.packagesComment(await factsOf(tx, showing), marker);
}

async function factsOf(tx: Tx, showing: Showing): Promise<words.CommentFacts> {
  const { site_id, pull_request, head_sha, repository } = showing;
  const report = showing.report ?? (await tx.newestPackageReport(site_id, pull_request));
  const own = await tx.packageReleases({ site_id, pull_request }, { limit: MOST_RELEASES });
  const vetoed = await tx.packageReleases({ site_id, states: ["vetoed"] }, { limit: MOST_RELEASES });
  const brought = new Set(report?.report.packages.map((one) => releaseKey(one, one.version)));
  const others = vetoed.filter((row) => row.pull_request !== pull_request && brought.has(keyOfRow(row)));
  const releases = [...own, ...others].map(viewOf).reverse();
  const valid = report?.report.valid ?? false;
  const known = showing.state ?? (await tx.pullRequest(repository.id, pull_request))?.state;
  const by_hand = report?.by_hand ?? [];
  const gate = words.statesGate({ releases, valid, by_hand, pull_request: known ?? "open" });
  return { head_sha, releases, gate, report: report?.report ?? null, report_id: report?.id ?? null };
}

const keyOfRow = ({ root, kind, package: id, version }: PackageReleaseRow): string =>
  releaseKey({ root, kind, id }, version);

const viewOf = (row: PackageReleaseRow): words.ReleaseView => {
  const { package: id, version, status, staged_by, veto } = row;
  return { id, version, status, staged_by, veto };
};

/** An effect that belongs to no operation. */
export async function emitFor(
  { clock }: Pick<Deps<never>, "clock">,
  tx: Tx,
  repository: Repository,
  effect: Effect,
): Promise<void> {
  await tx.addEffect({
    id: clock.id(),
    operation_id: null,
    repository,
    effect,
    not_before: clock.now(),
  });
}
