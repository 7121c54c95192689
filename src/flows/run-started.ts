/** GitHub answered which run it started for an operation: only that run may claim its jobs. */
import type { Deps } from "./deps.ts";

export interface StartedRun {
  readonly operation_id: string;
  readonly run_id: number;
  readonly run_url: string | null;
}

/** Telling it twice changes nothing; a run that was bound before stays the one. */
export async function runStarted(
  deps: Pick<Deps<never>, "store" | "clock">,
  { operation_id, run_id, run_url }: StartedRun,
): Promise<void> {
  await deps.store.transaction(async (tx) => {
    const operation = await tx.operationForUpdate(operation_id);
    if (operation === null || operation.run_id !== null) return;
    await tx.updateOperation(operation_id, { run_id, run_url, dispatched_at: deps.clock.now() });
  });
}
