/** What a pull request's head would do to the packages, once it is merged into the branch as it is now. */
import { digestOf } from "../../core/canonical.ts";
import type { Unreadable } from "../../core/gates/validation.ts";
import type { HeadFound } from "../../core/packages/judging/types.ts";
import type { PackageVersion } from "../../core/packages/types.ts";
import { answerLine } from "../../core/rendering/answers.ts";
import { notRead } from "../../core/rendering/packages/words.ts";
import type { Deps } from "../deps.ts";
import { ask, listingsOf } from "./reading.ts";
import { type LoadedPackages, type PackagesScene, packagesRowsOf } from "./scene.ts";

export type HeadReads = "branchHead" | "mergeBase" | "tree" | "blobs";

export interface JudgedHead extends HeadFound {
  readonly kind: "judged";
  readonly head_sha: string;
  readonly base_sha: string;
  /** Equal where the same was judged by the same rules. */
  readonly digest: string;
}

export type HeadJudgement =
  | JudgedHead
  /** The head touches no package. */
  | { readonly kind: "elsewhere" }
  | { readonly kind: "unreadable"; readonly why: Unreadable };

/** Settings or a policy that cannot be read judge nothing, and say so. @throws GithubError when asking again later can help */
export async function judgeLoaded(
  deps: Deps<HeadReads>,
  loaded: LoadedPackages,
  head_sha: string,
): Promise<HeadJudgement> {
  if (loaded.ok) return judgeHead(deps, loaded.scene, head_sha);
  return { kind: "unreadable", why: { ...loaded.answer, sentence: answerLine(loaded.answer), remedy: "" } };
}

/** @throws GithubError when asking again later can help */
export async function judgeHead(
  deps: Deps<HeadReads>,
  scene: PackagesScene,
  head_sha: string,
): Promise<HeadJudgement> {
  const { repository, settings, guardrails } = scene;
  const base_sha = await deps.github.branchHead(repository, repository.default_branch);
  const start = base_sha === null ? null : await deps.github.mergeBase(repository, base_sha, head_sha);
  if (base_sha === null || start === null)
    return { kind: "unreadable", why: notRead("the branches have no common commit") };
  const listing = await listingsOf(deps, repository, { base: base_sha, start, head: head_sha });
  const trees = { base: listing("base"), start: listing("start"), head: listing("head") };
  const released = await releasedVersions(deps, repository.id);
  const rules = { configuration: settings.configuration, guardrails };
  const asked = await ask(deps, repository, { kind: "head", ...trees, ...rules, released });
  if (!asked.ok) return { kind: "unreadable", why: asked.why };
  const { found } = asked.answer;
  if (found === null) return { kind: "elsewhere" };
  const digest = digestOf({ head_sha, base_sha, settings: scene.digest });
  return { kind: "judged", head_sha, base_sha, digest, ...found };
}

/** What the records know to have been active once, vetoed since or not. */
async function releasedVersions(
  deps: Deps<never>,
  repository_id: number,
): Promise<readonly PackageVersion[]> {
  return deps.store.transaction(async (tx) => {
    const rows = await packagesRowsOf(tx, repository_id);
    if (rows === null) return [];
    const filter = { site_id: rows.site.id, states: ["released", "superseded", "vetoed"] } as const;
    const found = await tx.packageReleases(filter, { limit: MOST_RECORDS });
    return found
      .filter(({ status, released_at }) => status !== "vetoed" || released_at !== null)
      .map(({ root, kind, package: id, version }) => ({ root, kind, id, version }));
  });
}

const MOST_RECORDS = 100_000;
