/** Begins what somebody asked for: on record first. A promotion whose environments are held waits for its turn. */

import { waitsAlready } from "../core/rendering/answers.ts";
import type { Tx } from "../ports/store.ts";
import { beginWork } from "./begin.ts";
import { createOperation, type StartRequest } from "./create-operation.ts";
import type { CommandOutcome, Deps } from "./deps.ts";
import { holderOf, refuse } from "./refuse-operation.ts";
import { askedForBefore, enqueue, waitingBefore } from "./turns.ts";

/** Inside the transaction that claimed the command. A refusal leaves a blocked operation on record, too. */
export async function startOperation(
  deps: Deps<never>,
  tx: Tx,
  request: StartRequest,
): Promise<CommandOutcome> {
  const work = await createOperation(deps, tx, request);
  const { kind, run_id, on_records } = request;
  const may_wait = kind === "promote" && run_id === null && !on_records;
  const before = may_wait ? await askedForBefore(work) : null;
  // It would begin past those who came before it, and the one that waits would do the same once more.
  if (before !== null && before.queued_at !== null) return refuse(work, waitsAlready(work.target.name));
  if (may_wait && before === null && (await waitingBefore(work)).length > 0) return enqueue(work, null);
  const begun = await beginWork(deps, work, request);
  if (begun.kind !== "held") return begun;
  if (may_wait && before === null) return enqueue(work, begun.by);
  return refuse(work, await holderOf(tx, begun.by));
}
