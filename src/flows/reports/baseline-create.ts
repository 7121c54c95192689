/** Both sides are measured, one after the other: they are compared, and what was accepted becomes their baseline. */
import { FACTS, type Fingerprint } from "../../core/facts.ts";
import { compared } from "../../core/rendering/endings.ts";
import { shortId } from "../../core/rendering/words.ts";
import { compareSides } from "../../core/wordpress/comparison.ts";
import type { Sides } from "../../core/wordpress/types.ts";
import { forgetVerdicts } from "../forget-verdicts.ts";
import { sideOf } from "../next-job.ts";
import { change, namesOf, record, type Work } from "../work.ts";
import type { Conclusion, Judged } from "./reported.ts";

export async function baselineMeasured({ work, job, facts }: Judged<"baseline_create">): Promise<Conclusion> {
  if (sideOf(work, job) === "target") return { kind: "go_on", work };
  const target = await measuredTarget(work);
  const sides = { source: facts.fingerprint, target };
  const comparison = compareSides(sides);
  const done = await change(work, { comparison });
  const { accept } = work.operation.asked;
  const names = namesOf(work);
  if (accept === null) {
    const ending = { event: "finished", code: "baseline_compared", message: compared.only(names) } as const;
    return { kind: "end", work: done, ending };
  }
  if (shortId(comparison.digest) !== accept) {
    const message = compared.other(names, accept);
    return { kind: "end", work: done, ending: { event: "blocked", code: "baseline_changed", message } };
  }
  const ending = { event: "finished", code: "done", message: compared.recorded(names) } as const;
  return { kind: "end", work: await declare(done, sides, comparison.digest), ending };
}

async function measuredTarget(work: Work): Promise<Fingerprint> {
  const jobs = await work.tx.jobsOf(work.operation.id);
  const measured = jobs.find((job) => job.environment_id === work.target.id);
  return FACTS.baseline_create.parse(measured?.report?.facts).fingerprint;
}

/** What was judged so far was judged against another baseline, or none. */
async function declare(work: Work, sides: Sides, comparison: string): Promise<Work> {
  const { tx, operation, source, target } = work;
  const id = work.clock.id();
  await tx.addBaseline({
    id,
    source_environment_id: source.id,
    target_environment_id: target.id,
    operation_id: operation.id,
    source: sides.source,
    target: sides.target,
    created_at: work.now,
  });
  const row = await tx.updateEnvironment(target.id, { drift_status: "unknown" });
  await forgetVerdicts(work);
  await record(work, {
    actor: `github:${operation.requested_by}`,
    action: "declared",
    reason: `accepted the comparison ${shortId(comparison)}`,
    details: { baseline: id, comparison, replaces: operation.baseline_id },
  });
  return { ...work, target: row };
}
