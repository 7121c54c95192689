/** Baselines as flows use them: one that is damaged counts as none, and whatever would have been judged by it says so. */
import type { BaselineRow, DamagedBaseline } from "../ports/findings.ts";
import type { Work } from "./work.ts";

export function isDamaged(row: BaselineRow | DamagedBaseline): row is DamagedBaseline {
  return "damaged" in row;
}

/** Null where there is none that can be used. */
export function undamaged(row: BaselineRow | DamagedBaseline | null): BaselineRow | null {
  return row === null || isDamaged(row) ? null : row;
}

export interface BoundBaseline {
  /** The baseline that the operation is bound to, if it can be used. */
  readonly row: BaselineRow | null;
  /** What is wrong with it; null: nothing, or there is none. */
  readonly damaged: string | null;
}

export async function boundBaseline({
  tx,
  operation,
}: Pick<Work, "tx" | "operation">): Promise<BoundBaseline> {
  const found = operation.baseline_id === null ? null : await tx.baseline(operation.baseline_id);
  return { row: undamaged(found), damaged: found !== null && isDamaged(found) ? found.damaged : null };
}
