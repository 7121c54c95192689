/** What an admitted command on packages reads of GitHub, and what it then writes. */
import type { Acting } from "../../core/admission.ts";
import type { Answer } from "../../core/answer.ts";
import type { Bound } from "../../core/approval.ts";
import type { NamedPackage } from "../../core/commands.ts";
import type { Move } from "../../core/packages/activation.ts";
import { answerMarker } from "../../core/rendering/answers.ts";
import { renderHelp } from "../../core/rendering/help.ts";
import * as words from "../../core/rendering/packages.ts";
import type { Tx } from "../../ports/store.ts";
import { approvedByCommand } from "../approvals.ts";
import { type ApproveScene, approveIn } from "../approve.ts";
import type { CommandOutcome } from "../deps.ts";
import { type Evidence, gatherEvidence, NO_EVIDENCE } from "../evidence.ts";
import { judgeHead } from "./judge-head.ts";
import { type Branch, judgeMove, movesFrom, readBranch } from "./judge-move.ts";
import type { Loaded, PackagesCommandDeps } from "./loaded.ts";
import { beginMove } from "./move.ts";
import { rollbackMoves } from "./rollback-moves.ts";
import { type PackagesScene, packagesRows, packagesRowsOf } from "./scene.ts";
import { statesBody } from "./show.ts";
import { stage } from "./stage.ts";

export interface Begin {
  readonly command: Acting;
  readonly named: readonly NamedPackage[];
  readonly scene: PackagesScene;
  readonly reason: string;
}

/** The two ways of answering: an answer in the usual form, or a text of its own. */
export interface Saying {
  readonly say: (answer: Answer) => Promise<CommandOutcome>;
  readonly write: (body: string) => Promise<void>;
}
export type Act = (tx: Tx, saying: Saying) => Promise<CommandOutcome>;

type Asked = Loaded & Begin;

/** Null: nothing is read. @throws GithubError when asking again later can help */
export async function begin(deps: PackagesCommandDeps, asked: Asked): Promise<Act | null> {
  switch (asked.command.kind) {
    case "stage":
      return beginStage(deps, asked);
    case "activate":
    case "rollback":
      return beginMoves(deps, asked);
    case "plan":
      return plan(deps, asked);
    case "approve":
      return approve(deps, asked);
    case "status":
      return status(asked);
    case "help":
      return help(asked);
    default:
      return null;
  }
}

const written = (code: string): CommandOutcome => ({
  kind: "answered",
  answer: { code, sentences: [], remedy: null },
});

const markerOf = ({ input }: Asked): string => answerMarker(`comment:${input.comment_id}`);

async function beginStage(deps: PackagesCommandDeps, asked: Asked): Promise<Act> {
  const { scene, pull_request, comment, input, reason } = asked;
  const judged = await judgeHead(deps, scene, pull_request.head_sha);
  return (tx, { say }) => {
    if (judged.kind === "elsewhere") return say(words.touchesNone());
    const by = { requested_by: comment.author, comment_id: input.comment_id };
    return stage(deps, tx, { scene, pull_request, judged, reason, ...by });
  };
}

async function plan(deps: PackagesCommandDeps, asked: Asked): Promise<Act> {
  const judged = await judgeHead(deps, asked.scene, asked.pull_request.head_sha);
  return async (_tx, { say, write }) => {
    if (judged.kind === "elsewhere") return say(words.touchesNone());
    if (judged.kind === "unreadable") {
      const { code, sentence, remedy } = judged.why;
      return say({ code, sentences: [sentence], remedy });
    }
    await write(words.planAnswer(markerOf(asked), judged.report));
    return written("plan");
  };
}

function help(asked: Asked): Act {
  return async (_tx, { write }) => {
    await write(renderHelp({ policy: asked.scene.policy, from: null }, markerOf(asked)));
    return written("help");
  };
}

function status(asked: Asked): Act {
  const { input, pull_request } = asked;
  return async (tx, { write }) => {
    const rows = await packagesRowsOf(tx, input.repository.id);
    if (rows === null) throw new Error("Packages that were found have no rows.");
    const { number, head_sha, state } = pull_request;
    const showing = { repository: input.repository, site_id: rows.site.id, pull_request: number, head_sha };
    const shown = { ...showing, merged: state === "merged", report: null };
    await write(await statesBody(tx, shown, markerOf(asked)));
    return written("status");
  };
}

/** Which pointers are to move where, as the command means it; or why that cannot be told. */
async function wantedMoves(
  deps: PackagesCommandDeps,
  asked: Asked,
  branch: Branch,
): Promise<readonly Move[] | Answer> {
  if (asked.command.kind === "rollback") {
    return deps.store.transaction((tx) => rollbackMoves(tx, { ...asked, branch }));
  }
  const staged = await deps.store.transaction(async (tx) => {
    const rows = await packagesRowsOf(tx, asked.input.repository.id);
    if (rows === null) return null;
    const filter = { site_id: rows.site.id, pull_request: asked.pull_request.number };
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

async function beginMoves(deps: PackagesCommandDeps, asked: Asked): Promise<Act> {
  const { scene, pull_request, comment, input, reason } = asked;
  const kind = asked.command.kind === "rollback" ? "rollback" : "activate";
  const branch = await readBranch(deps, scene);
  if (branch === null) {
    const { code, sentence, remedy } = words.notRead("the default branch cannot be read");
    return (_tx, { say }) => say({ code, sentences: [sentence], remedy });
  }
  const moves = await wantedMoves(deps, asked, branch);
  if ("code" in moves) return (_tx, { say }) => say(moves);
  const judged = await judgeMove(deps, scene, { branch, moves, kind });
  const evidence = await evidenceFor(deps, asked, kind === "rollback" ? "rollback" : "promote");
  const by = { requested_by: comment.author, comment_id: input.comment_id };
  return (tx) =>
    beginMove(deps, tx, { kind, scene, pull_request, branch, moves, judged, evidence, reason, ...by });
}

async function evidenceFor(
  deps: PackagesCommandDeps,
  { input, scene, pull_request, command, comment }: Asked,
  kind: "promote" | "rollback",
): Promise<Evidence> {
  const known = await deps.store.transaction(async (tx) => {
    const rows = await packagesRowsOf(tx, input.repository.id);
    if (rows === null) return null;
    return approvedByCommand(tx, { target: rows.target, pull_request: input.pull_request, kind });
  });
  if (known === null) return NO_EVIDENCE;
  const by_command = command.kind === "approve" ? [...known, comment.author] : known;
  const { repository } = input;
  const { head_sha, number, author } = pull_request;
  const about = { repository, pull_request: number, head_sha, author };
  return gatherEvidence(deps, { ...about, policy: scene.policy, kind, by_command });
}

async function approve(deps: PackagesCommandDeps, asked: Asked): Promise<Act> {
  const { command, comment, input, scene, pull_request } = asked;
  if (command.kind !== "approve") throw new Error("An approval was admitted as another command.");
  const evidence = await evidenceFor(deps, asked, command.what);
  return async (tx, { say }) => {
    const { site, target } = await packagesRows(tx, deps.clock, input.repository);
    const given = { by: comment.author, at: comment.created_at, comment_id: input.comment_id };
    const where = { repository: input.repository, pull_request: pull_request.number };
    const request = { ...where, head_sha: pull_request.head_sha, command, given, evidence };
    const rows = { site_id: site.id, source: target, target };
    return say(await approveIn(deps, tx, { request, ...rows, policy: scene.policy }, lastAsked));
  };
}

/** What the newest `/rollback` here would have moved. */
async function lastAsked(tx: Tx, { target, request }: ApproveScene): Promise<Bound | Answer> {
  const filter = { target_environment_id: target.id, pull_request: request.pull_request } as const;
  const [newest] = await tx.operations({ ...filter, kinds: ["rollback"] }, { limit: 1 });
  if (newest?.shown == null) return words.rollbackNotApproved();
  const { at: _at, ...bound } = newest.shown;
  return bound;
}
