/** The source was refreshed: a new baseline of both sides; what was known of drift no longer says anything. */

import { initialChecks } from "../../core/rendering/initial-checks.ts";
import { checkName } from "../../core/rendering/words.ts";
import { baselineAfterRefresh } from "../../core/wordpress/baseline.ts";
import { isPromoted } from "../promoted-head.ts";
import { emit, type Work } from "../work.ts";
import type { Conclusion, Reported } from "./reported.ts";

export async function refreshed({ work, facts }: Reported<"env_refresh">): Promise<Conclusion> {
  const { tx, operation } = work;
  const old = operation.baseline_id === null ? null : await tx.baseline(operation.baseline_id);
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

/** What was judged on this head was judged against the old baseline. A promotion that stands has happened all the same. */
async function forgetVerdicts({ operation, ...work }: Work): Promise<void> {
  if (operation.head_sha === "") return;
  const head = { kind: "environment", source: work.source.name, target: work.target.name } as const;
  const keeps = (await isPromoted(work.tx, operation)) ? checkName(head.target, "promotion") : null;
  for (const check of initialChecks(operation.head_sha, head)) {
    if (check.name !== keeps) await emit({ operation, ...work }, check);
  }
}
