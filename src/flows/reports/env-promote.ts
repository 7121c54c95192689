/** A promotion was switched and found healthy: the baseline advances where both sides are equal now. */
import { shortId } from "../../core/rendering/words.ts";
import { advanceBaseline } from "../../core/wordpress/baseline.ts";
import { boundBaseline } from "../baselines.ts";
import { can, change, move, type Work } from "../work.ts";
import { builtFrom } from "./drift-check.ts";
import type { Conclusion, Reported } from "./reported.ts";

export async function promoted({ work: before, facts }: Reported<"env_promote">): Promise<Conclusion> {
  const activated = can(before, "activated") ? await move(before, "activated") : before;
  const work = await change(activated, {
    release_before: shortId(facts.previous_release),
    release_after: shortId(facts.release),
  });
  await keepBaseline(work, facts);
  const { release_id } = work.operation;
  const release = release_id === null ? null : await work.tx.release(release_id);
  await supersede(work, release_id);
  if (release !== null) await work.tx.putRelease({ ...release, status: "released" });
  const target = await work.tx.updateEnvironment(work.target.id, { current_release_id: release_id });
  return { kind: "go_on", work: { ...work, target } };
}

async function supersede(work: Work, release_id: string | null): Promise<void> {
  const { current_release_id } = work.target;
  if (current_release_id === null || current_release_id === release_id) return;
  const before = await work.tx.release(current_release_id);
  if (before !== null) await work.tx.putRelease({ ...before, status: "superseded" });
}

async function keepBaseline(work: Work, facts: Reported<"env_promote">["facts"]): Promise<void> {
  const { tx, operation } = work;
  const { baseline_id, drift_check_id } = operation;
  const { row: baseline, damaged } = await boundBaseline(work);
  const check = drift_check_id === null ? null : await tx.driftCheck(drift_check_id);
  const source = await builtFrom(work);
  // The switch has happened: a record that was damaged since stays as it is, and the next command says so.
  if (damaged !== null || check?.fingerprint === null) return;
  if (baseline_id === null || baseline === null || check === null || source === null) {
    throw new Error("A promotion succeeded without the facts that its gates rest on.");
  }
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
}
