/** Heads that are asked for beside a pull request's own events: a check that is to run again, a merge group. */
import * as words from "../../core/rendering/packages/words.ts";
import type { Repository } from "../../ports/sites.ts";
import { pullsAt } from "../checks-again.ts";
import type { Deps } from "../deps.ts";
import { type HeadJudgement, judgeLoaded } from "./judge-head.ts";
import { type PackagesDeps, packagesChanged } from "./pull-request.ts";
import { loadPackages } from "./scene.ts";
import { emitFor } from "./show.ts";

export interface Rerequested {
  readonly repository: Repository;
  readonly head_sha: string;
  /** Anybody can write one, so it only chooses among checks that are ours to show. */
  readonly external_id: string;
}

/** Judges this head anew, once, however many open pull requests have it; null where the check is none of packages. */
export async function packagesRerequested(
  deps: PackagesDeps & Deps<"pullRequest">,
  { repository, head_sha, external_id }: Rerequested,
): Promise<{ readonly kind: "shown" | "ignored"; readonly reason: string } | null> {
  const own = external_id === words.RELEASE_CHECK || external_id.startsWith(`${words.VALIDATION_CHECK}:`);
  if (!own) return null;
  const pulls = await pullsAt(deps, { repository, head_sha });
  const pull_request = pulls.find(({ base_ref }) => base_ref === repository.default_branch);
  if (pull_request === undefined) return { kind: "ignored", reason: "no open pull request has this head" };
  await packagesChanged(deps, { repository, pull_request });
  return { kind: "shown", reason: `pull request ${pull_request.number}` };
}

export interface Group {
  readonly repository: Repository;
  readonly head_sha: string;
  readonly base_ref: string;
}

/** Required checks are asked of the group's head, too; its pull requests were staged before they came in. */
export async function packagesGroup(
  deps: PackagesDeps,
  { repository, head_sha, base_ref }: Group,
): Promise<"judged" | null> {
  if (base_ref.replace(/^refs\/heads\//, "") !== repository.default_branch) return null;
  const loaded = await loadPackages(deps, repository);
  if (loaded === null) return null;
  const judged = await judgeLoaded(deps, loaded, head_sha);
  const said = saidOfGroup(judged);
  await deps.store.transaction(async (tx) => {
    if (judged.kind === "judged")
      await emitFor(deps, tx, repository, words.validationCheck(head_sha, judged));
    else await emitFor(deps, tx, repository, words.plainCheck(head_sha, "validation", said));
    await emitFor(deps, tx, repository, words.plainCheck(head_sha, "release", said));
  });
  return "judged";
}

function saidOfGroup(judged: HeadJudgement): Parameters<typeof words.plainCheck>[2] {
  if (judged.kind === "unreadable") return words.notJudged(judged.why.sentence);
  return judged.kind === "elsewhere" || judged.report.valid ? words.GROUP_VALID : words.GROUP_INVALID;
}
