/** Begins what somebody asked for: on record first. A promotion whose environments are held waits for its turn. */
import type { Tx } from "../ports/store.ts";
import { beginWork } from "./begin.ts";
import { createOperation, type StartRequest } from "./create-operation.ts";
import type { CommandOutcome, Deps } from "./deps.ts";
import { holderOf, refuse } from "./refuse-operation.ts";
import { enqueue, isAskedForTwice, waitingBefore } from "./turns.ts";

/** Inside the transaction that claimed the command. A refusal leaves a blocked operation on record, too. */
export async function startOperation(
  deps: Deps<never>,
  tx: Tx,
  request: StartRequest,
): Promise<CommandOutcome> {
  const work = await createOperation(deps, tx, request);
  const { kind, run_id, on_records } = request;
  const may_wait = kind === "promote" && run_id === null && !on_records;
  if (may_wait && (await waitingBefore(work)).length > 0 && !(await isAskedForTwice(work))) {
    return enqueue(work, null);
  }
  const begun = await beginWork(deps, work, request);
  if (begun.kind !== "held") return begun;
  if (may_wait && !(await isAskedForTwice(work))) return enqueue(work, begun.by);
  return refuse(work, await holderOf(tx, begun.by));
}
