/** The answer of Belay's deployment protection rule to a run that waits for it. */
import type { EffectResult, ProtectionEffect } from "../core/effects.ts";
import type { Applying } from "./applying.ts";
import { nameOf } from "./name.ts";

/** A rule that is answered waits no more, and GitHub refuses (422) to have it answered again: then there is nothing left to do. */
export async function applyProtection(
  applying: Applying,
  { run_id, environment, state, comment }: ProtectionEffect,
): Promise<EffectResult> {
  const where = { ...nameOf(applying.repository), run_id };
  try {
    await applying.client.rest.actions.reviewCustomGatesForRun({
      ...where,
      environment_name: environment,
      state,
      comment,
    });
  } catch (error) {
    if (!isRefused(error) || (await stillWaits(applying, where))) throw error;
  }
  return { ok: true, external_id: run_id, url: null };
}

const isRefused = (error: unknown): boolean =>
  error instanceof Error && "status" in error && error.status === 422;

type Where = ReturnType<typeof nameOf> & { readonly run_id: number };

/** A run waits for other rules, too: what was answered before is not asked for any more, whatever else it waits for. */
async function stillWaits({ client, untried }: Applying, where: Where): Promise<boolean> {
  if (!untried) return false;
  const { data } = await client.rest.actions.getWorkflowRun(where);
  return data.status === "waiting";
}
