/** A pull request on the branch of packages was opened, moved or closed: its head is judged, and what a push outdates is un-staged. */
import type { BroughtRelease } from "../../core/packages/judging/types.ts";
import { advancePackage, type BeforeVeto } from "../../core/packages/states.ts";
import * as words from "../../core/rendering/packages/words.ts";
import type { PackageReleaseRow, PackageReportRow } from "../../ports/packages.ts";
import type { Tx } from "../../ports/store.ts";
import type { PullRequestInput } from "../classify-head.ts";
import type { Deps } from "../deps.ts";
import { wasReopened } from "../reopened.ts";
import type { SettingsReads } from "../site.ts";
import { type HeadJudgement, type HeadReads, type JudgedHead, judgeLoaded } from "./judge-head.ts";
import { loadPackages, type PackagesRows, packagesRows, packagesRowsOf } from "./scene.ts";
import { emitFor, MOST_RELEASES, showPackages } from "./show.ts";

export type PackagesDeps = Deps<SettingsReads | HeadReads | "pullRequest">;

/** What was made of the head; null where the repository has no packages that Belay knows of, or they are on another branch. */
export async function packagesChanged(
  deps: PackagesDeps,
  input: PullRequestInput,
): Promise<HeadJudgement["kind"] | "closed" | "late" | null> {
  const { repository, pull_request } = input;
  if (pull_request.base_ref !== repository.default_branch) return null;
  if (await wasReopened(deps, input)) return "late";
  if (pull_request.state !== "open") return closed(deps, input);
  const loaded = await loadPackages(deps, repository);
  if (loaded === null) return null;
  const { head_sha } = pull_request;
  const judged = await judgeLoaded(deps, loaded, head_sha);

  return deps.store.transaction(async (tx) => {
    const heads = await tx.headsOf(repository.id, pull_request.number);
    if ((heads.at(-1)?.sha ?? head_sha) !== head_sha) return "late";
    await keepJudgement(deps, tx, { input, judged });
    return judged.kind;
  });
}

interface Judged {
  readonly input: PullRequestInput;
  readonly judged: HeadJudgement;
}

/** Checks, states and comment as the judgement leaves them; a report is stored once. */
export async function keepJudgement(deps: PackagesDeps, tx: Tx, { input, judged }: Judged): Promise<void> {
  const { repository, pull_request } = input;
  const { head_sha, number } = pull_request;
  const rows = await packagesRows(tx, deps.clock, repository);
  const brought = judged.kind === "judged" ? judged.releases : [];
  await bringStates(deps, tx, { rows, number, head_sha, brought });
  if (judged.kind === "judged") {
    const report = await keepReport(deps, tx, { rows, number, judged });
    await emitFor(deps, tx, repository, words.validationCheck(head_sha, judged));
    const shown = {
      repository,
      site_id: rows.site.id,
      pull_request: number,
      head_sha,
      state: "open" as const,
    };
    return showPackages(deps, tx, { ...shown, report });
  }
  const said = judged.kind === "elsewhere" ? words.NO_PACKAGES : words.notJudged(judged.why.sentence);
  for (const which of ["validation", "release"] as const) {
    await emitFor(deps, tx, repository, words.plainCheck(head_sha, which, said));
  }
}

export async function keepReport(
  deps: Pick<Deps<never>, "clock">,
  tx: Tx,
  {
    rows,
    number,
    judged,
  }: { readonly rows: PackagesRows; readonly number: number; readonly judged: JudgedHead },
): Promise<PackageReportRow> {
  const { head_sha, base_sha, digest, report, by_hand, moves } = judged;
  const row: PackageReportRow = {
    ...{ id: deps.clock.id(), site_id: rows.site.id, pull_request: number, head_sha, base_sha, digest },
    ...{ report, by_hand, moves, created_at: deps.clock.now() },
  };
  return { ...row, id: await tx.addPackageReport(row) };
}

interface Bringing {
  readonly rows: PackagesRows;
  readonly number: number;
  readonly head_sha: string;
  readonly brought: readonly BroughtRelease[];
}

/** New releases are committed; staged ones of another head, or with other content, are so again; what the head holds no more is a draft. */
async function bringStates(deps: PackagesDeps, tx: Tx, bringing: Bringing): Promise<void> {
  const { rows, number, head_sha, brought } = bringing;
  const site_id = rows.site.id;
  const known = await tx.packageReleases({ site_id, pull_request: number }, { limit: MOST_RELEASES });
  for (const row of known) {
    const still = brought.some((one) => isOf(row, one));
    const next = still ? null : backToDraft(row);
    if (next !== null) await tx.putPackageRelease(next);
  }
  for (const one of brought) {
    const { root, kind, id, version } = one;
    const [row] = await tx.packageReleases({ site_id, root, kind, package: id, version }, { limit: 1 });
    const next = row === undefined ? fresh(deps, bringing, one) : pushed(row, bringing, one);
    if (next === null) continue;
    await tx.putPackageRelease(next);
    if (row?.status === "staged" && next.status !== "staged")
      await recordUnstaged(deps, tx, { row, head_sha });
  }
}

const isOf = (row: PackageReleaseRow, { root, kind, id, version }: BroughtRelease): boolean =>
  row.root === root && row.kind === kind && row.package === id && row.version === version;

function fresh(
  deps: PackagesDeps,
  { rows, number, head_sha }: Bringing,
  one: BroughtRelease,
): PackageReleaseRow {
  const { root, kind, id, version, digest } = one;
  return {
    ...{ id: deps.clock.id(), site_id: rows.site.id, root, kind, package: id, version, digest },
    ...{ status: "committed", pull_request: number, head_sha, report_id: null },
    ...{ staged_by: null, staged_at: null, released_at: null, veto: null, state_version: 0 },
  };
}

/** Null: nothing changes. What was active once stays what it is, whatever a pull request brings; what is vetoed stays vetoed. */
function pushed(
  row: PackageReleaseRow,
  { number, head_sha }: Bringing,
  { digest }: BroughtRelease,
): PackageReleaseRow | null {
  const was = row.veto?.before ?? row.status;
  if (was === "staged" && row.head_sha === head_sha && row.digest === digest) return null;
  // Another pull request has staged it: what it staged stays its own until that is activated or pushed to.
  if (was === "staged" && row.pull_request !== number) return null;
  const step = was === "draft" ? advancePackage("draft", "committed") : advancePackage(was, "pushed");
  if (!step.ok || step.state !== "committed") return null;
  return {
    ...underVeto(row, step.state),
    ...{ digest, head_sha, pull_request: number },
    ...{ staged_by: null, staged_at: null, report_id: null },
  };
}

/** The row in this state; where it is vetoed it stays so, and this is what it will be without the veto. */
const underVeto = (row: PackageReleaseRow, state: BeforeVeto): PackageReleaseRow =>
  row.veto === null ? { ...row, status: state } : { ...row, veto: { ...row.veto, before: state } };

/** Null: it was activated, or is a draft already. */
function backToDraft(row: PackageReleaseRow): PackageReleaseRow | null {
  const was = row.veto?.before ?? row.status;
  if (was !== "committed" && was !== "staged") return null;
  return { ...underVeto(row, "draft"), staged_by: null, staged_at: null };
}

async function recordUnstaged(
  deps: PackagesDeps,
  tx: Tx,
  { row, head_sha }: { readonly row: PackageReleaseRow; readonly head_sha: string },
): Promise<void> {
  await tx.addAudit({
    actor: "bot",
    action: "stage.undone",
    subject: `package:${row.id}`,
    site_id: row.site_id,
    reason: "a push un-stages",
    details: { package: row.package, version: row.version, was: row.head_sha, head_sha },
    at: deps.clock.now(),
  });
}

/** Closed without a merge: nothing of it can be activated. Merged: what is staged waits for `/activate`. */
async function closed(
  deps: PackagesDeps,
  { repository, pull_request }: PullRequestInput,
): Promise<"closed" | null> {
  const { number, head_sha, state } = pull_request;
  return deps.store.transaction(async (tx) => {
    const rows = await packagesRowsOf(tx, repository.id);
    if (rows === null) return null;
    const site_id = rows.site.id;
    const known = await tx.packageReleases({ site_id, pull_request: number }, { limit: MOST_RELEASES });
    if (known.length === 0) return "closed";
    for (const row of state === "merged" ? [] : known) {
      const next = backToDraft(row);
      if (next === null) continue;
      await tx.putPackageRelease(next);
      if (row.status === "staged") await recordUnstaged(deps, tx, { row, head_sha });
    }
    const shown = { repository, site_id, pull_request: number, head_sha, state };
    await showPackages(deps, tx, { ...shown, report: null });
    return "closed";
  });
}
