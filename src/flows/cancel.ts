/** Stopping an operation: at once where no job is at work, else before its next job; never in the middle of its last one. */
import type { Answer } from "../core/answer.ts";
import { jobsOf } from "../core/operations.ts";
import { hasActivated, OPEN_STATES } from "../core/promotion.ts";
import { cancelled } from "../core/rendering/answers.ts";
import { cancelledSentence, reasons } from "../core/rendering/endings.ts";
import type { OperationRow } from "../ports/operations.ts";
import type { Tx } from "../ports/store.ts";
import type { Deps } from "./deps.ts";
import { endSentence, finish } from "./finish.ts";
import { change, namesOf, openWork, record, type Work } from "./work.ts";

type CancelDeps = Pick<Deps<never>, "clock">;

export interface Stop {
  readonly id: string;
  /** Ends the sentence "The promote was stopped before it changed anything: ...". */
  readonly reason: string;
  /** `bot` or `github:<login>`. */
  readonly actor: string;
}

/** For what has become outdated. @returns false where somebody asked before */
export async function stopOperation(deps: CancelDeps, tx: Tx, stop: Stop): Promise<boolean> {
  const work = await openWork(deps, tx, stop.id);
  if (work === null || work.operation.cancel_reason !== null) return false;
  await halt(work, stop, await isAtWork(work));
  return true;
}

/** Ends it now, or leaves word that it is to end. */
async function halt(work: Work, { reason, actor }: Stop, atWork: boolean): Promise<void> {
  const asked = await change(work, { cancel_reason: reason });
  if (atWork) return;
  const message = cancelledSentence(namesOf(asked), reason);
  await finish(asked, { event: "cancelled", code: "cancelled", message, actor });
}

async function isAtWork({ tx, operation }: Work): Promise<boolean> {
  // A commit that is on its way cannot be called back.
  if (operation.packages !== null) return operation.state === "running";
  return (await tx.jobsOf(operation.id)).some((job) => job.state === "running");
}

/** What a person asked to be stopped, and what came of it. */
export interface Cancelling {
  readonly stopped: boolean;
  readonly answer: Answer;
}

const no = (answer: Answer): Cancelling => ({ stopped: false, answer });

/** Asking again for what stops already is answered as the first time. */
export async function cancelOperation(
  deps: CancelDeps,
  tx: Tx,
  { id, login }: { readonly id: string; readonly login: string },
): Promise<Cancelling> {
  const work = await openWork(deps, tx, id);
  if (work === null) return no(cancelled.nothing());
  const { kind, state, cancel_reason } = work.operation;
  if (!OPEN_STATES.includes(state)) return no(cancelled.over(endSentence(work.operation)));
  if (state === "unknown") return no(cancelled.unknown(kind));
  const atWork = await isAtWork(work);
  const last = atWork && (await isLastJob(work));
  // A promotion's last job looks once more, right before the switch, whether somebody asked to stop; the others do not.
  if (hasActivated(state) || (last && kind !== "promote")) return no(cancelled.tooLate(kind));
  const actor = `github:${login}`;
  if (cancel_reason === null) {
    await record(work, { actor, action: "cancel_asked", reason: "/cancel" });
    await halt(work, { id, reason: reasons.asked(login), actor }, atWork);
  }
  if (last) return { stopped: true, answer: cancelled.beforeSwitch() };
  return { stopped: true, answer: atWork ? cancelled.asked(kind) : cancelled.ended(kind) };
}

/** After it there is nothing that could be left undone. */
async function isLastJob({ tx, operation }: Work): Promise<boolean> {
  if (operation.packages !== null) return true;
  const given = (await tx.jobsOf(operation.id)).filter(({ attempt }) => attempt === operation.attempt);
  return given.length >= jobsOf(operation.kind, operation.refresh?.first_clone ?? false).length;
}

/** `/cancel`: all that is under way on a pull request. Where one thing stops and another does not, the first is told. */
export async function cancelOnPullRequest(
  deps: CancelDeps,
  tx: Tx,
  asked: { readonly repository_id: number; readonly pull_request: number; readonly login: string },
): Promise<Answer> {
  const site = await tx.siteOfRepository(asked.repository_id);
  const filter = { pull_request: asked.pull_request, states: OPEN_STATES };
  const open: readonly OperationRow[] =
    site === null ? [] : await tx.operations({ ...filter, site_id: site.id }, { limit: 100 });
  const told: Cancelling[] = [];
  for (const { id } of open) told.push(await cancelOperation(deps, tx, { id, login: asked.login }));
  return (told.find(({ stopped }) => stopped) ?? told[0])?.answer ?? cancelled.nothing();
}
