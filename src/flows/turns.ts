/** The queue for environments: promotions that wait, in the order in which they were asked for, and what their comments say. */
import type { LockHeld } from "../core/lock.ts";
import { heldSides } from "../core/operations.ts";
import { OPEN_STATES } from "../core/promotion.ts";
import { heldBy, queued } from "../core/rendering/locks.ts";
import type { OperationRow } from "../ports/operations.ts";
import type { Tx } from "../ports/store.ts";
import { showChecks, showComment } from "./announce.ts";
import type { CommandOutcome } from "./deps.ts";
import { change, move, record, type Work } from "./work.ts";

const MOST_WAITING = 500;

/** All that wait, oldest first. */
export async function allWaiting(tx: Tx): Promise<readonly OperationRow[]> {
  const open = await tx.operations({ states: ["waiting"] }, { limit: MOST_WAITING });
  return open.filter(({ queued_at }) => queued_at !== null).reverse();
}

/** Those that wait for one of this operation's environments and came before it. */
export async function waitingBefore({
  tx,
  operation,
}: Pick<Work, "tx" | "operation">): Promise<readonly OperationRow[]> {
  const waiting = await allWaiting(tx);
  const at = waiting.findIndex(({ id }) => id === operation.id);
  const before = at === -1 ? waiting : waiting.slice(0, at);
  return before.filter((other) => overlaps(other, operation));
}

function overlaps(one: OperationRow, other: OperationRow): boolean {
  const held = new Set(heldIds(one));
  return heldIds(other).some((id) => held.has(id));
}

const heldIds = (operation: OperationRow): readonly string[] =>
  heldSides(operation.kind).map((side) => operation[`${side}_environment_id`]);

/** The same promotion of the same pull request that is under way or waits already: a second one would say nothing new. */
export async function askedForBefore({ tx, operation }: Work): Promise<OperationRow | null> {
  const { pull_request, target_environment_id, id } = operation;
  if (pull_request === null) return null;
  const filter = { target_environment_id, pull_request, kinds: ["promote"], states: OPEN_STATES } as const;
  return (await tx.operations(filter, { limit: 10 })).find((other) => other.id !== id) ?? null;
}

/** @param held who holds an environment; null: others wait before it */
export async function enqueue(before: Work, held: LockHeld | null): Promise<CommandOutcome> {
  const work = await move(before, "waited", { queued_at: before.now });
  const told = await tellPlace(work, held);
  await record(told, { actor: "bot", action: "queued", reason: told.operation.result_message ?? "" });
  await showChecks(told);
  return { kind: "queued", operation_id: work.operation.id };
}

/** The comment says its place and who is before it; nothing is written where that has not changed. */
export async function tellPlace(work: Work, held: LockHeld | null): Promise<Work> {
  const before = await waitingBefore(work);
  const holder = held === null ? heldBy.queue : await holderSentence(work.tx, held);
  const message = queued(holder, before.length + 1);
  if (message === work.operation.result_message) return work;
  return showComment(await change(work, { result_message: message }), "now");
}

async function holderSentence(tx: Tx, held: LockHeld): Promise<string> {
  const environment = (await tx.environment(held.environment_id))?.name ?? "the environment";
  if (held.by === "person") {
    const { login, reason, since } = held;
    return heldBy.person({ environment, by: login, reason, since });
  }
  const holder = await tx.operation(held.held_by);
  const running = { kind: holder?.kind ?? "promote", by: holder?.requested_by ?? "somebody" };
  return heldBy.operation(environment, running, holder?.pull_request ?? null);
}
