/**
 * Starting a workflow run. GitHub would start a second one happily, so a lost answer is looked for by the nonce in the run's name, and
 * nothing else is done for as long as the run may not be listed yet.
 */
import { z } from "zod";
import type { DispatchEffect, EffectResult } from "../core/effects.ts";
import type { Applying } from "./applying.ts";
import { nameOf } from "./name.ts";

/** With `return_run_details` GitHub answers which run it started. */
const Started = z.object({ workflow_run_id: z.number(), html_url: z.string() });

export async function applyDispatch(applying: Applying, effect: DispatchEffect): Promise<EffectResult> {
  const { client, repository, known, untried } = applying;
  if (known?.external_id != null) return { ok: true, external_id: known.external_id, url: known.url };
  const found = await findRun(applying, effect);
  if (found !== null) return { ok: true, external_id: found.id, url: found.html_url };
  if (!untried) return notListed("GitHub may have started the run already, and does not list it yet.");
  const { data } = await client.rest.actions.createWorkflowDispatch({
    ...nameOf(repository),
    workflow_id: effect.workflow,
    ref: branchRef(effect.ref),
    inputs: { ...effect.inputs },
    return_run_details: true,
  });
  const started = Started.safeParse(data);
  if (started.success) {
    return { ok: true, external_id: started.data.workflow_run_id, url: started.data.html_url };
  }
  // A GitHub Enterprise Server that does not know the parameter answers with nothing: the next attempt finds the run.
  return notListed("GitHub started the run and did not say which one it is; Belay looks for it by its name.");
}

const notListed = (message: string): EffectResult => ({
  ok: false,
  retry: true,
  code: "RUN_NOT_LISTED_YET",
  message,
});

/** A tag may bear the name of a branch, and whoever may push can make one: the full name is the branch alone. */
export const branchRef = (branch: string): string => `refs/heads/${branch}`;

/** The oldest of that name: only who has seen the run of the bot can know its nonce. */
async function findRun({ client, repository }: Applying, effect: DispatchEffect) {
  const { data } = await client.rest.actions.listWorkflowRuns({
    ...nameOf(repository),
    workflow_id: effect.workflow,
    event: "workflow_dispatch",
    branch: effect.ref,
    per_page: 100,
  });
  return data.workflow_runs.findLast((run) => run.display_title.includes(effect.nonce)) ?? null;
}
