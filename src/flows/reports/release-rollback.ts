/** A release was rolled back: what went back gets its entries of before in the baseline, and the promotion's check says so. */
import { evaluate as promotionGate } from "../../core/gates/promotion.ts";
import { renderCheck } from "../../core/rendering/check.ts";
import { shortId } from "../../core/rendering/words.ts";
import { baselineAfterRollback } from "../../core/wordpress/baseline.ts";
import type { OperationRow } from "../../ports/operations.ts";
import { undamaged } from "../baselines.ts";
import { lastStandingPromotion } from "../create-operation.ts";
import { can, change, emit, move, type Work } from "../work.ts";
import type { Conclusion, Reported } from "./reported.ts";

export async function rolledBack({ work: before, facts }: Reported<"release_rollback">): Promise<Conclusion> {
  const activated = can(before, "activated") ? await move(before, "activated") : before;
  const undone = await lastStandingPromotion(activated.tx, activated.target.id);
  const work = await change(activated, { release_after: shortId(facts.release) });
  if (undone !== null) {
    await keepBaseline(work, undone, facts);
    await tellPromotion(work, undone);
  }
  const current_release_id = await releaseNamed(work, facts.release, undone);
  const target = await work.tx.updateEnvironment(work.target.id, { current_release_id });
  return { kind: "go_on", work: { ...work, target } };
}

async function keepBaseline(
  work: Work,
  undone: OperationRow,
  facts: Reported<"release_rollback">["facts"],
): Promise<void> {
  const { tx } = work;
  const { source_environment_id, target_environment_id } = undone;
  const current = undamaged(await tx.baselineOf(source_environment_id, target_environment_id));
  const before = undone.baseline_id === null ? null : undamaged(await tx.baseline(undone.baseline_id));
  if (current === null || before === null) return;
  const next = baselineAfterRollback({ current, before, facts });
  const pair = { source_environment_id, target_environment_id };
  const made = { id: work.clock.id(), operation_id: work.operation.id, created_at: work.now };
  await tx.addBaseline({ ...pair, ...made, source: next.source, target: next.target });
}

/** The commit that was promoted is neither promoted nor deployed any more. */
async function tellPromotion(work: Work, undone: OperationRow): Promise<void> {
  if (undone.head_sha === "") return;
  const description = `Rolled back: ${work.target.name} runs the release before.`;
  const environment_url = work.target.url;
  const gone = { operation_id: undone.id, state: "inactive", description, environment_url } as const;
  await emit(work, { kind: "deployment_status", ...gone });
  const promotion = { state: "rolled_back", message: null } as const;
  const gate = promotionGate({ source: work.source.name, target: work.target.name, promotion });
  const { head_sha, verdict } = undone;
  await emit(work, renderCheck(gate, { target: work.target.name, head_sha, verdict }));
}

/** The release that the target runs again, where Belay promoted it. */
async function releaseNamed(work: Work, name: string, undone: OperationRow | null): Promise<string | null> {
  if (undone?.release_id != null) {
    const left = await work.tx.release(undone.release_id);
    if (left !== null) await work.tx.putRelease({ ...left, status: "superseded" });
  }
  const done = await work.tx.operations(
    { target_environment_id: work.target.id, kinds: ["promote"], states: ["succeeded"] },
    { limit: 100 },
  );
  const again = done.find((operation) => operation.release_after === shortId(name))?.release_id ?? null;
  const release = again === null ? null : await work.tx.release(again);
  if (release !== null) await work.tx.putRelease({ ...release, status: "released" });
  return again;
}
