/** Telling the runtime that pointers moved. It is told where to look, not what to do, so being told twice does no harm. */
import { createHmac } from "node:crypto";
import type { EffectResult, SyncEffect } from "../core/effects.ts";
import type { Repository } from "../ports/sites.ts";
import type { Applying } from "./applying.ts";
import { branchRef } from "./dispatch.ts";
import { nameOf } from "./name.ts";

/** Where a repository's runtime listens, and the key that proves who tells it. Known to whoever runs the bot, not to repositories. */
export interface SyncWebhook {
  readonly url: string;
  readonly secret: string;
}
/** By `owner/name` in small letters. */
export type SyncWebhooks = Readonly<Record<string, SyncWebhook>>;

export interface Telling extends Applying {
  readonly webhooks: SyncWebhooks;
  readonly fetch: typeof fetch;
}

const DONE: EffectResult = { ok: true, external_id: null, url: null };

export async function applySync(telling: Telling, effect: SyncEffect): Promise<EffectResult> {
  const { client, repository } = telling;
  const { how, operation_id, commit } = effect;
  switch (how.by) {
    case "repository_dispatch":
      await client.rest.repos.createDispatchEvent({
        ...nameOf(repository),
        event_type: how.event_type,
        client_payload: { ...bodyOf(repository, effect) },
      });
      return DONE;
    case "workflow":
      await client.rest.actions.createWorkflowDispatch({
        ...nameOf(repository),
        workflow_id: how.workflow,
        ref: branchRef(how.ref),
        inputs: { operation: operation_id, commit },
      });
      return DONE;
    case "webhook":
      return post(telling, effect);
  }
}

function bodyOf({ owner, name }: Repository, { operation_id, commit, branch, packages }: SyncEffect) {
  return {
    event: "packages.activated",
    repository: `${owner}/${name}`,
    operation_id,
    branch,
    commit,
    packages,
  };
}

const TIMEOUT_MS = 10_000;

/** `X-Belay-Signature-256: sha256=<HMAC of the body>`, as GitHub signs its own. Redirects are not followed: they would carry the body elsewhere. */
async function post(telling: Telling, effect: SyncEffect): Promise<EffectResult> {
  const { repository, webhooks } = telling;
  const name = `${repository.owner}/${repository.name}`.toLowerCase();
  const hook = Object.hasOwn(webhooks, name) ? webhooks[name] : undefined;
  if (hook === undefined) {
    const message = `No webhook is set for ${name}: whoever runs the bot adds it to BELAY_SYNC_WEBHOOKS.`;
    return { ok: false, retry: false, code: "SYNC_WEBHOOK_UNKNOWN", message };
  }
  const body = JSON.stringify(bodyOf(repository, effect));
  const signature = createHmac("sha256", hook.secret).update(body).digest("hex");
  try {
    const answer = await telling.fetch(hook.url, {
      method: "POST",
      redirect: "error",
      signal: AbortSignal.timeout(TIMEOUT_MS),
      headers: {
        "content-type": "application/json",
        "x-belay-event": "packages.activated",
        "x-belay-delivery": effect.operation_id,
        "x-belay-signature-256": `sha256=${signature}`,
      },
      body,
    });
    await answer.body?.cancel();
    if (answer.ok) return DONE;
    return refused(`it answered ${answer.status}`, answer.status >= 500 || answer.status === 429);
  } catch {
    return refused("it did not answer", true);
  }
}

const refused = (why: string, retry: boolean): EffectResult => ({
  ok: false,
  retry,
  code: "SYNC_WEBHOOK_FAILED",
  message: `The runtime's webhook did not take the activation: ${why}.`,
});
