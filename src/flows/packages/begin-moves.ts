/** An activation or a way back, asked for by a comment or through the API: what it moves, judged before anything is written. */
import type { Answer } from "../../core/answer.ts";
import type { NamedPackage } from "../../core/commands.ts";
import type { Move } from "../../core/packages/activation.ts";
import * as words from "../../core/rendering/packages/words.ts";
import type { PullRequest } from "../../ports/github.ts";
import type { Repository } from "../../ports/sites.ts";
import type { Tx } from "../../ports/store.ts";
import { approvedByCommand } from "../approvals.ts";
import type { CommandOutcome, Deps } from "../deps.ts";
import { type Evidence, type EvidenceReads, gatherEvidence, NO_EVIDENCE } from "../evidence.ts";
import { type Branch, judgeMove, type MoveReads, movesFrom, readBranch } from "./judge-move.ts";
import { beginMove } from "./move.ts";
import { rollbackMoves } from "./rollback-moves.ts";
import { type PackagesScene, packagesRowsOf } from "./scene.ts";

export type MovesDeps = Deps<EvidenceReads | MoveReads>;

export interface MovesAsked {
  readonly kind: "activate" | "rollback";
  readonly scene: PackagesScene;
  readonly pull_request: PullRequest;
  /** Whose pointers go back; an activation moves what was staged. */
  readonly named: readonly NamedPackage[];
  readonly reason: string;
  readonly requested_by: string;
  /** Null: asked for through the API. */
  readonly comment_id: number | null;
}

export type Moves =
  | { readonly ok: true; readonly act: (tx: Tx) => Promise<CommandOutcome> }
  | { readonly ok: false; readonly answer: Answer };

/** @throws GithubError when asking again later can help */
export async function beginMoves(deps: MovesDeps, asked: MovesAsked): Promise<Moves> {
  const { scene, pull_request, kind } = asked;
  const branch = await readBranch(deps, scene);
  if (!("head" in branch)) {
    const { code, sentence, remedy } = branch;
    return { ok: false, answer: { code, sentences: [sentence], remedy } };
  }
  const moves = await wantedMoves(deps, asked, branch);
  if ("code" in moves) return { ok: false, answer: moves };
  const judged = await judgeMove(deps, scene, { branch, moves, kind });
  const about = { repository: scene.repository, scene, pull_request, approver: null };
  const evidence = await evidenceFor(deps, { ...about, kind: kind === "rollback" ? "rollback" : "promote" });
  return { ok: true, act: (tx) => beginMove(deps, tx, { ...asked, branch, moves, judged, evidence }) };
}

/** Which pointers are to move where, as the command means it; or why that cannot be told. */
async function wantedMoves(
  deps: MovesDeps,
  { kind, scene, named, pull_request }: MovesAsked,
  branch: Branch,
): Promise<readonly Move[] | Answer> {
  if (kind === "rollback") {
    return deps.store.transaction((tx) => rollbackMoves(tx, { scene, named, branch }));
  }
  const staged = await deps.store.transaction(async (tx) => {
    const rows = await packagesRowsOf(tx, scene.repository.id);
    if (rows === null) return null;
    const filter = { site_id: rows.site.id, pull_request: pull_request.number };
    const [newest] = await tx.operations(
      { ...filter, kinds: ["stage"], states: ["succeeded"] },
      { limit: 1 },
    );
    return newest?.packages ?? null;
  });
  if (staged === null || staged.moves.length === 0) return words.nothingStaged();
  const moves = movesFrom(branch, staged.moves);
  return moves.length === 0 ? words.alreadyThere() : moves;
}

export interface EvidenceAsked {
  readonly repository: Repository;
  readonly scene: PackagesScene;
  readonly pull_request: PullRequest;
  readonly kind: "promote" | "rollback";
  /** Who says yes by this very command; null: nobody. */
  readonly approver: string | null;
}

/** What GitHub tells of approvals and other Apps' checks. */
export async function evidenceFor(
  deps: MovesDeps,
  { repository, scene, pull_request, kind, approver }: EvidenceAsked,
): Promise<Evidence> {
  const { number, head_sha, author } = pull_request;
  const known = await deps.store.transaction(async (tx) => {
    const rows = await packagesRowsOf(tx, repository.id);
    if (rows === null) return null;
    return approvedByCommand(tx, { target: rows.target, pull_request: number, kind });
  });
  if (known === null) return NO_EVIDENCE;
  const by_command = approver === null ? known : [...known, approver];
  const about = { repository, pull_request: number, head_sha, author };
  return gatherEvidence(deps, { ...about, policy: scene.policy, kind, by_command });
}
