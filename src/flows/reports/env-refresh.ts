/** The source was refreshed: a new baseline of both sides; what was known of drift no longer says anything. */
import { baselineAfterRefresh } from "../../core/wordpress/baseline.ts";
import { boundBaseline } from "../baselines.ts";
import { forgetVerdicts } from "../forget-verdicts.ts";
import type { Conclusion, Reported } from "./reported.ts";

export async function refreshed({ work, facts }: Reported<"env_refresh">): Promise<Conclusion> {
  const { tx, operation } = work;
  const { row: old } = await boundBaseline(work);
  const keep = {
    keep_tables: [...(operation.refresh?.keep_tables ?? [])],
    keep_options: [...(operation.refresh?.keep_options ?? [])],
  };
  const next = baselineAfterRefresh(old, facts, keep);
  await tx.addBaseline({
    id: work.clock.id(),
    source_environment_id: work.source.id,
    target_environment_id: work.target.id,
    operation_id: operation.id,
    source: next.source,
    target: next.target,
    created_at: work.now,
  });
  const target = await tx.updateEnvironment(work.target.id, { drift_status: "unknown" });
  await forgetVerdicts(work);
  return { kind: "go_on", work: { ...work, target } };
}
