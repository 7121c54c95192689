/** The answer of Belay's deployment protection rule to a run that waits for it. */
import type { EffectResult, ProtectionEffect } from "../core/effects.ts";
import type { Applying } from "./applying.ts";
import { nameOf } from "./name.ts";

/** Answering twice changes nothing: a rule that is answered waits no more, and GitHub says so. */
export async function applyProtection(
  { client, repository }: Applying,
  { run_id, environment, state, comment }: ProtectionEffect,
): Promise<EffectResult> {
  await client.rest.actions.reviewCustomGatesForRun({
    ...nameOf(repository),
    run_id,
    environment_name: environment,
    state,
    comment,
  });
  return { ok: true, external_id: run_id, url: null };
}
