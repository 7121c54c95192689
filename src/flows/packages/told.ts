/** What became of telling the runtime that pointers moved. The activation stays what it is: it happened. */
import type { EffectResult, SyncEffect } from "../../core/effects.ts";
import type { Told } from "../../core/packages/activation.ts";
import { showComment } from "../announce.ts";
import type { Deps } from "../deps.ts";
import { change, openWork, record } from "../work.ts";

/** The runtime was told, or could not be: on record either way. */
export async function syncApplied(
  deps: Pick<Deps<never>, "store" | "clock">,
  {
    effect,
    result,
    last,
  }: { readonly effect: SyncEffect; readonly result: EffectResult; readonly last: boolean },
): Promise<void> {
  if (!result.ok && !last) return;
  await deps.store.transaction(async (tx) => {
    const work = await openWork(deps, tx, effect.operation_id);
    const packages = work?.operation.packages ?? null;
    if (work === null || packages === null) return;
    const { by } = effect.how;
    const before = (packages.told ?? []).find((one) => one.by === by);
    // Told again by a person's wish, after it had been given up: that ended otherwise, and is news.
    if (before?.ok === result.ok) return;
    const now: Told = result.ok
      ? { by, ok: true, code: null, message: null }
      : { by, ok: false, code: result.code, message: result.message };
    const told = [...(packages.told ?? []).filter((one) => one.by !== by), now];
    const known = await change(work, { packages: { ...packages, told } });
    const details = { by, commit: effect.commit, code: now.code };
    const said = { actor: "bot", reason: now.message ?? `by ${by}`, details };
    await record(known, { ...said, action: result.ok ? "synced" : "sync_failed" });
    if (before !== undefined || !result.ok) await showComment(known, "now");
  });
}
