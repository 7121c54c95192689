/** A promotion was switched and found healthy: the baseline advances where both sides are equal now. */
import { shortId } from "../../core/rendering/words.ts";
import { advanceBaseline } from "../../core/wordpress/baseline.ts";
import { boundBaseline } from "../baselines.ts";
import { can, change, move, type Work } from "../work.ts";
import { builtFrom } from "./drift-check.ts";
import type { Conclusion, Reported } from "./reported.ts";

type Promoted = Pick<Reported<"env_promote">, "work" | "facts">;

export async function promoted(reported: Promoted): Promise<Conclusion> {
  const { work, baseline } = await keepPromotion(reported);
  if (baseline === "missing")
    throw new Error("A promotion succeeded without the facts that its gates rest on.");
  return { kind: "go_on", work };
}

/** `damaged`: a record that it rests on was damaged since, so it stays as it is and the next command says so. */
export type BaselineKept = "advanced" | "damaged" | "missing";

export async function keepPromotion({
  work: before,
  facts,
}: Promoted): Promise<{ readonly work: Work; readonly baseline: BaselineKept }> {
  const activated = can(before, "activated") ? await move(before, "activated") : before;
  const work = await change(activated, {
    release_before: shortId(facts.previous_release),
    release_after: shortId(facts.release),
  });
  const baseline = await keepBaseline(work, facts);
  const { release_id } = work.operation;
  const release = release_id === null ? null : await work.tx.release(release_id);
  await supersede(work, release_id);
  if (release !== null) await work.tx.putRelease({ ...release, status: "released" });
  const target = await work.tx.updateEnvironment(work.target.id, { current_release_id: release_id });
  return { work: { ...work, target }, baseline };
}

async function supersede(work: Work, release_id: string | null): Promise<void> {
  const { current_release_id } = work.target;
  if (current_release_id === null || current_release_id === release_id) return;
  const before = await work.tx.release(current_release_id);
  if (before !== null) await work.tx.putRelease({ ...before, status: "superseded" });
}

async function keepBaseline(work: Work, facts: Reported<"env_promote">["facts"]): Promise<BaselineKept> {
  const { tx, operation } = work;
  const { baseline_id, drift_check_id } = operation;
  const { row: baseline, damaged } = await boundBaseline(work);
  const check = drift_check_id === null ? null : await tx.driftCheck(drift_check_id);
  const source = await builtFrom(work);
  // The switch has happened, whatever became of the record.
  if (damaged !== null || check?.fingerprint === null) return "damaged";
  if (baseline_id === null || baseline === null || check === null || source === null) return "missing";
  const now = { source: source.fingerprint, target: check.fingerprint };
  const next = advanceBaseline({ baseline, now, facts });
  await tx.addBaseline({
    id: work.clock.id(),
    source_environment_id: work.source.id,
    target_environment_id: work.target.id,
    operation_id: operation.id,
    source: next.source,
    target: next.target,
    created_at: work.now,
  });
  return "advanced";
}
