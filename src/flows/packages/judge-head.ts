/** What a pull request's head would do to the packages, once it is merged into the branch as it is now. */
import { digestOf } from "../../core/canonical.ts";
import type { Unreadable } from "../../core/gates/validation.ts";
import { digestIn, keyOfPackage, type Move, movedByHand } from "../../core/packages/activation.ts";
import { mergedTree, touchesPackages } from "../../core/packages/merged.ts";
import type { PackageVersion, PointerChange, TreeView, ValidationReport } from "../../core/packages/types.ts";
import { GuardrailError, validate } from "../../core/packages/validate.ts";
import { badGuardrail, notRead } from "../../core/rendering/packages.ts";
import type { Deps } from "../deps.ts";
import { readAll, treesOf } from "./reading.ts";
import { type PackagesScene, packagesRowsOf } from "./scene.ts";

export type HeadReads = "branchHead" | "mergeBase" | "tree" | "blobs";

export interface JudgedHead {
  readonly kind: "judged";
  readonly head_sha: string;
  readonly base_sha: string;
  readonly report: ValidationReport;
  readonly by_hand: readonly PointerChange[];
  /** What an activation would move. */
  readonly moves: readonly Move[];
  /** Every release that the head brings or edits, with what it holds. */
  readonly releases: readonly BroughtRelease[];
  /** Equal where the same was judged by the same rules. */
  readonly digest: string;
}

export interface BroughtRelease {
  readonly root: string;
  readonly kind: string;
  readonly id: string;
  readonly version: string;
  readonly digest: string;
}

export type HeadJudgement =
  | JudgedHead
  /** The head touches no package. */
  | { readonly kind: "elsewhere" }
  | { readonly kind: "unreadable"; readonly why: Unreadable };

/** @throws GithubError when asking again later can help */
export async function judgeHead(
  deps: Deps<HeadReads>,
  scene: PackagesScene,
  head_sha: string,
): Promise<HeadJudgement> {
  const { repository, settings, guardrails } = scene;
  const { configuration } = settings;
  const base_sha = await deps.github.branchHead(repository, repository.default_branch);
  const start = base_sha === null ? null : await deps.github.mergeBase(repository, base_sha, head_sha);
  if (base_sha === null || start === null)
    return { kind: "unreadable", why: notRead("the branches have no common commit") };
  const trees = await treesOf(deps, repository, { base: base_sha, start, head: head_sha });
  const { entries, changes } = mergedTree({
    base: trees("base"),
    start: trees("start"),
    head: trees("head"),
  });
  if (!touchesPackages(changes, configuration)) return { kind: "elsewhere" };
  const released = await releasedVersions(deps, repository.id);
  try {
    const read = await readAll(deps, repository, (read) => {
      const head: TreeView = { entries, read };
      const input = { head, base: { changes, read }, configuration };
      const report = validate({ ...input, guardrails, scope: "changed", released });
      return { report, by_hand: movedByHand(input) };
    });
    if (!read.ok) return { kind: "unreadable", why: notRead(read.what) };
    const { report, by_hand } = read.value;
    const digestOfRelease = digestIn(entries, configuration);
    const releases = broughtBy(report, digestOfRelease);
    const moves = movesOf(report, by_hand, digestOfRelease);
    const digest = digestOf({ head_sha, base_sha, settings: scene.digest });
    return { kind: "judged", head_sha, base_sha, report, by_hand, moves, releases, digest };
  } catch (error) {
    if (!(error instanceof GuardrailError)) throw error;
    return { kind: "unreadable", why: badGuardrail(error.message) };
  }
}

/** What the records know to have been active once. */
async function releasedVersions(
  deps: Deps<never>,
  repository_id: number,
): Promise<readonly PackageVersion[]> {
  return deps.store.transaction(async (tx) => {
    const rows = await packagesRowsOf(tx, repository_id);
    if (rows === null) return [];
    const filter = { site_id: rows.site.id, states: ["released", "superseded"] } as const;
    const found = await tx.packageReleases(filter, { limit: MOST_RECORDS });
    return found.map(({ root, kind, package: id, version }) => ({ root, kind, id, version }));
  });
}

const MOST_RECORDS = 100_000;

type DigestOf = ReturnType<typeof digestIn>;

function broughtBy(report: ValidationReport, digestOfRelease: DigestOf): readonly BroughtRelease[] {
  return report.packages.flatMap(({ root, kind, id, version, change }) => {
    const digest = digestOfRelease({ root, kind, id }, version);
    return change === "removed" || digest === null ? [] : [{ root, kind, id, version, digest }];
  });
}

function movesOf(
  report: ValidationReport,
  by_hand: readonly PointerChange[],
  digestOfRelease: DigestOf,
): readonly Move[] {
  const hands = new Set(by_hand.map(keyOfPackage));
  return report.pointers.flatMap(({ root, kind, id, from, to }) => {
    const name = { root, kind, id };
    const digest = to === null || hands.has(keyOfPackage(name)) ? null : digestOfRelease(name, to);
    return to === null || digest === null
      ? []
      : [{ ...name, from, from_digest: from === null ? null : digestOfRelease(name, from), to, digest }];
  });
}
