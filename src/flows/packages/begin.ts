/** What an admitted command on packages reads of GitHub, and what it then writes. */
import type { Acting } from "../../core/admission.ts";
import type { Answer } from "../../core/answer.ts";
import type { Bound } from "../../core/approval.ts";
import type { NamedPackage } from "../../core/commands.ts";
import type { Unreadable } from "../../core/gates/validation.ts";
import { answerMarker } from "../../core/rendering/answers.ts";
import { renderHelp } from "../../core/rendering/help.ts";
import * as words from "../../core/rendering/packages/words.ts";
import type { Tx } from "../../ports/store.ts";
import { type ApproveScene, approveIn } from "../approve.ts";
import type { CommandOutcome } from "../deps.ts";
import { lockByPerson, unlockByPerson } from "../person-lock.ts";
import { beginMoves, evidenceFor } from "./begin-moves.ts";
import { judgeHead } from "./judge-head.ts";
import { readBranch } from "./judge-move.ts";
import type { Loaded, PackagesCommandDeps } from "./loaded.ts";
import { type PackagesScene, packagesRows, packagesRowsOf } from "./scene.ts";
import { statesBody } from "./show.ts";
import { stage } from "./stage.ts";
import { type Vetoing, veto } from "./veto.ts";

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
      return moves(deps, asked, asked.command.kind);
    case "veto":
      return beginVeto(deps, asked);
    case "lock":
    case "unlock":
      return personLock(deps, asked);
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

async function moves(
  deps: PackagesCommandDeps,
  { scene, pull_request, named, reason, comment, input }: Asked,
  kind: "activate" | "rollback",
): Promise<Act> {
  const by = { requested_by: comment.author, comment_id: input.comment_id };
  const begun = await beginMoves(deps, { kind, scene, pull_request, named, reason, ...by });
  return (tx, { say }) => (begun.ok ? begun.act(tx) : say(begun.answer));
}

const written = (code: string): CommandOutcome => ({
  kind: "answered",
  answer: { code, sentences: [], remedy: null },
});

const markerOf = ({ input }: Asked): string => answerMarker(`comment:${input.comment_id}`);

async function beginVeto(deps: PackagesCommandDeps, asked: Asked): Promise<Act> {
  const { command, scene, comment } = asked;
  if (command.kind !== "veto") throw new Error("A veto was admitted as another command.");
  const branch = await readBranch(deps, scene);
  if (!("head" in branch)) return unread(branch);
  const vetoing: Vetoing = { scene, branch, command, by: comment.author };
  return async (tx, { say }) => say(await veto(deps, tx, vetoing));
}

function personLock(deps: PackagesCommandDeps, { command, scene, comment, pull_request }: Asked): Act {
  return async (tx, { say }) => {
    const { target } = await packagesRows(tx, deps.clock, scene.repository);
    const asked = { target, pull_request: pull_request.number, login: comment.author };
    if (command.kind !== "lock") return say(await unlockByPerson(deps, tx, asked));
    return say(await lockByPerson(deps, tx, { ...asked, reason: command.reason }));
  };
}

const unread =
  ({ code, sentence, remedy }: Unreadable): Act =>
  (_tx, { say }) =>
    say({ code, sentences: [sentence], remedy });

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
  return async (tx, saying) => {
    const { say, write } = saying;
    if (judged.kind === "elsewhere") return say(words.touchesNone());
    if (judged.kind === "unreadable") return unread(judged.why)(tx, saying);
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
    const shown = { ...showing, state, report: null };
    await write(await statesBody(tx, shown, markerOf(asked)));
    return written("status");
  };
}

async function approve(deps: PackagesCommandDeps, asked: Asked): Promise<Act> {
  const { command, comment, input, scene, pull_request } = asked;
  if (command.kind !== "approve") throw new Error("An approval was admitted as another command.");
  const by = { approver: comment.author, kind: command.what };
  const evidence = await evidenceFor(deps, { repository: input.repository, scene, pull_request, ...by });
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
