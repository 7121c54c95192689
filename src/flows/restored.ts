/**
 * After the store was put back from a backup: it knows nothing of what came since. Operations that it believes to be under way may have
 * ended: those that may have changed something are unknown until a recovery has looked at their host, the others are over.
 */
import { OPEN_STATES } from "../core/promotion.ts";
import { restored as words } from "../core/rendering/restored.ts";
import type { OperationKind } from "../core/vocabulary.ts";
import type { Deps } from "./deps.ts";
import { type Ending, finish } from "./finish.ts";
import { can, namesOf, openWork, type Work } from "./work.ts";

type RestoredDeps = Pick<Deps<never>, "store" | "clock">;

const CHANGING: readonly OperationKind[] = ["promote", "rollback", "refresh"];
/** Those on packages are one commit, which is looked for before it is made. */
const LEFT_ALONE: readonly OperationKind[] = ["stage", "activate"];

/** @returns ids of the operations that were under way */
export async function afterRestore(deps: RestoredDeps): Promise<readonly string[]> {
  const open = await deps.store.transaction((tx) => tx.operations({ states: OPEN_STATES }, { limit: 1_000 }));
  const settled: string[] = [];
  for (const { id } of open) {
    const done = await deps.store.transaction(async (tx) => {
      const work = await openWork(deps, tx, id);
      const ending = work === null ? null : endingOf(work);
      if (work === null || ending === null || !can(work, ending.event)) return false;
      await finish(work, ending);
      return true;
    });
    if (done) settled.push(id);
  }
  return settled;
}

function endingOf(work: Work): Ending | null {
  const { operation, now } = work;
  const { kind, queued_at } = operation;
  const names = namesOf(work);
  if (LEFT_ALONE.includes(kind) || operation.packages !== null) return null;
  const code = "STORE_RESTORED";
  // What waits for its turn holds nothing yet.
  if (queued_at !== null) return { event: "cancelled", code, message: words.waiting(names), actor: "bot" };
  if (!CHANGING.includes(kind)) return { event: "failed", code, message: words.looking(names), actor: "bot" };
  return { event: "restored", code, message: words.changing(names), actor: "bot", recover_at: now };
}
