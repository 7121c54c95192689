/** Why an operation cannot begin although the command may be given, and how that is said and kept. */
import type { Answer } from "../core/answer.ts";
import type { LockHeld } from "../core/lock.ts";
import * as answers from "../core/rendering/answers.ts";
import { lockedByPerson } from "../core/rendering/locks.ts";
import type { Tx } from "../ports/store.ts";
import type { CommandOutcome } from "./deps.ts";
import { emit, record, type Work } from "./work.ts";

/** Null: the environments take it, as far as their rows say. */
export function unfit(work: Work): Answer | null {
  return unfitEnvironment(work) ?? nothingToUndo(work);
}

/** An environment left in a failed state takes only what brings it back. */
function unfitEnvironment({ operation, source, target }: Work): Answer | null {
  const { kind } = operation;
  if (target.status === "failed" && ["promote", "refresh", "baseline"].includes(kind)) {
    return answers.environmentFailed(target.name, "/rollback");
  }
  if (source.status === "failed" && ["promote", "plan", "baseline"].includes(kind)) {
    return answers.environmentFailed(source.name, "/refresh");
  }
  return null;
}

function nothingToUndo({ operation, target }: Work): Answer | null {
  if (operation.kind !== "rollback" || operation.release_after !== null) return null;
  return answers.nothingToRollBack(target.name);
}

export async function holderOf(tx: Tx, held: LockHeld): Promise<Answer> {
  const environment = await tx.environment(held.environment_id);
  if (held.by === "person") {
    const { login, reason, since } = held;
    return lockedByPerson({ environment: environment?.name ?? "the environment", by: login, reason, since });
  }
  const holder = await tx.operation(held.held_by);
  return answers.locked({
    environment: environment?.name ?? "the environment",
    kind: holder?.kind ?? "promote",
    pull_request: holder?.pull_request ?? null,
    by: holder?.requested_by ?? "somebody",
    since: held.since,
    unknown: holder?.state === "unknown",
  });
}

/** The answer is all that is shown: checks and comment of the operation that holds the environment stay as they are. */
export async function refuse(work: Work, answer: Answer): Promise<CommandOutcome> {
  const message = answers.answerLine(answer);
  await work.tx.updateOperation(work.operation.id, {
    state: "blocked",
    result_code: answer.code,
    result_message: message,
    finished_at: work.now,
  });
  await record(work, { actor: "bot", action: "blocked", reason: message, details: { code: answer.code } });
  const { pull_request, id } = work.operation;
  if (pull_request !== null) {
    const body = answers.renderAnswer(answer, `refused:${id}`);
    const marker = answers.answerMarker(`refused:${id}`);
    await emit(work, { kind: "answer", pull_request, marker, body });
  }
  return { kind: "answered", answer };
}
