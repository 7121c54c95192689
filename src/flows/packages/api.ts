/** Activation and the way back through the API: what the commands of these names do, for a pull request that is named. */
import type { NamedPackage } from "../../core/commands.ts";
import { allows, teamsOf } from "../../core/policy.ts";
import * as answers from "../../core/rendering/answers.ts";
import * as words from "../../core/rendering/packages/words.ts";
import type { SiteRow } from "../../ports/sites.ts";
import { answeredBefore, answerOnce, type Once } from "../api-once.ts";
import { type ApiOutcome, answered, refuse } from "../api-scene.ts";
import type { Deps } from "../deps.ts";
import { askPerson } from "../person.ts";
import type { SettingsReads } from "../site.ts";
import { beginMoves, type MovesDeps } from "./begin-moves.ts";
import { loadPackages } from "./scene.ts";

export interface ApiMoves {
  readonly kind: "activate" | "rollback";
  readonly site: SiteRow;
  readonly pull_request: number;
  /** Whose pointers go back. */
  readonly named: readonly NamedPackage[];
  /** Empty: what the pull request is called. */
  readonly reason: string;
  /** Login of the person whose token was checked. */
  readonly actor: string;
  readonly once: Once | null;
}

export type ApiMovesDeps = MovesDeps & Deps<SettingsReads | "pullRequest" | "permission" | "isTeamMember">;

/** @throws GithubError: nothing was written */
export async function apiMoves(deps: ApiMovesDeps, asked: ApiMoves): Promise<ApiOutcome> {
  const before = await answeredBefore(deps, asked);
  if (before !== null) return before;
  const { kind, site, actor, named } = asked;
  const loaded = await loadPackages(deps, site.repository);
  if (loaded === null) return refuse(409, answers.noPackages(kind));
  if (!loaded.ok) return refuse(409, loaded.answer);
  const { scene } = loaded;
  const { repository } = scene;
  const teams = teamsOf(scene.policy.permissions[kind]);
  const leave = allows(scene.policy, kind, await askPerson(deps, repository, { login: actor, teams }));
  if (!leave.ok) return refuse(403, answers.notAllowed(kind, leave));
  const pull_request = await deps.github.pullRequest(repository, asked.pull_request);
  if (pull_request?.base_ref !== repository.default_branch)
    return refuse(404, answers.notFound("pull request"));
  if (kind === "activate" && pull_request.state !== "merged") {
    return refuse(409, words.notMerged(pull_request.state));
  }
  const reason = asked.reason === "" ? pull_request.title : asked.reason;
  const by = { requested_by: actor, comment_id: null };
  const begun = await beginMoves(deps, { kind, scene, pull_request, named, reason, ...by });
  if (!begun.ok) return refuse(409, begun.answer);
  return answerOnce(deps, asked, async (tx) => answered(await begun.act(tx)));
}
