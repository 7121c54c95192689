/** Why an operation cannot begin although the command may be given, and how that is said and kept. */
import type { Answer } from "../core/answer.ts";
import type { LockHeld } from "../core/lock.ts";
import * as answers from "../core/rendering/answers.ts";
import { lockedByPerson } from "../core/rendering/locks.ts";
import type { OperationKind } from "../core/vocabulary.ts";
import type { OperationRow } from "../ports/operations.ts";
import type { EnvironmentRow } from "../ports/sites.ts";
import type { Tx } from "../ports/store.ts";
import { lastStandingPromotion } from "./create-operation.ts";
import type { CommandOutcome } from "./deps.ts";
import { emit, record, type Work } from "./work.ts";

/** Null: the environments take it, as far as their rows say. */
export async function unfit(work: Work): Promise<Answer | null> {
  return (await unfitEnvironment(work)) ?? nothingToUndo(work);
}

/** Kinds that an environment does not take while something must bring it back first. */
const HELD_BACK = {
  target: ["promote", "refresh", "baseline"],
  source: ["promote", "plan", "baseline"],
} as const satisfies Record<string, readonly OperationKind[]>;

async function unfitEnvironment(work: Work): Promise<Answer | null> {
  for (const side of ["target", "source"] as const) {
    if (!HELD_BACK[side].some((kind) => kind === work.operation.kind)) continue;
    const remedy = await wayBack(work.tx, work[side]);
    if (remedy !== null) return answers.environmentFailed(work[side].name, remedy);
  }
  return null;
}

/**
 * What brings back an environment that was left failed. Null: it runs what it ran before, however it is; its host is asked whether
 * it is healthy before anything changes, and a rollback would take back an older promotion.
 */
async function wayBack(tx: Tx, { id, status }: EnvironmentRow): Promise<"/rollback" | "/refresh" | null> {
  if (status !== "failed") return null;
  if ((await lastStandingPromotion(tx, id))?.state === "failed") return "/rollback";
  const refresh = await lastRefreshAtWork(tx, id);
  return refresh === null || refresh.state === "succeeded" ? null : "/refresh";
}

/** The newest that came so far as to change the environment: one that was refused or cancelled before that has broken nothing. */
async function lastRefreshAtWork(tx: Tx, source_environment_id: string): Promise<OperationRow | null> {
  for (const refresh of await tx.operations({ source_environment_id, kinds: ["refresh"] }, { limit: 100 })) {
    const jobs = await tx.jobsOf(refresh.id);
    if (jobs.some(({ type, claimed_at }) => type === "env_refresh" && claimed_at !== null)) return refresh;
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
