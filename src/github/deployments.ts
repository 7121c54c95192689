/** GitHub's Deployment of an operation and its statuses. */
import { z } from "zod";
import type { DeploymentEffect, DeploymentStatusEffect, EffectResult } from "../core/effects.ts";
import type { Applying } from "./applying.ts";
import { nameOf } from "./name.ts";

const MOST_CHARACTERS = 140;

export async function applyDeployment(applying: Applying, effect: DeploymentEffect): Promise<EffectResult> {
  const { client, repository, known, untried } = applying;
  if (known?.external_id != null) return { ok: true, external_id: known.external_id, url: known.url };
  const found = untried ? null : await findDeployment(applying, effect);
  if (found !== null) return { ok: true, external_id: found.id, url: found.url };
  const { data } = await client.rest.repos.createDeployment({
    ...nameOf(repository),
    ref: effect.sha,
    task: "promote",
    environment: effect.environment,
    description: shortened(effect.description),
    payload: { operation_id: effect.operation_id },
    production_environment: effect.production,
    // The defaults would merge the default branch and demand every status, our own included.
    auto_merge: false,
    required_contexts: [],
  });
  if ("id" in data) return { ok: true, external_id: data.id, url: data.url };
  return {
    ok: false,
    retry: false,
    code: "GITHUB_REFUSED",
    message: data.message ?? "GitHub made no deployment.",
  };
}

const Payload = z.object({ operation_id: z.string() });

async function findDeployment({ client, repository }: Applying, effect: DeploymentEffect) {
  const { data } = await client.rest.repos.listDeployments({
    ...nameOf(repository),
    sha: effect.sha,
    environment: effect.environment,
    per_page: 100,
  });
  return data.find(({ payload }) => payloadOf(payload)?.operation_id === effect.operation_id) ?? null;
}

/** GitHub gives a payload back as an object or as the text it was sent as. */
function payloadOf(payload: unknown): z.infer<typeof Payload> | null {
  let value = payload;
  if (typeof payload === "string") {
    try {
      value = JSON.parse(payload);
    } catch {
      return null;
    }
  }
  return Payload.safeParse(value).data ?? null;
}

export async function applyDeploymentStatus(
  { client, repository, known, untried }: Applying,
  effect: DeploymentStatusEffect,
): Promise<EffectResult> {
  if (known?.external_id == null) {
    return { ok: false, retry: false, code: "DEPLOYMENT_MISSING", message: "The deployment was never made." };
  }
  const target = { ...nameOf(repository), deployment_id: known.external_id };
  const done: EffectResult = { ok: true, external_id: known.external_id, url: known.url };
  const description = shortened(effect.description);
  const list = () => client.rest.repos.listDeploymentStatuses({ ...target, per_page: 1 });
  const latest = untried ? undefined : (await list()).data[0];
  if (latest?.state === effect.state && latest.description === description) return done;
  await client.rest.repos.createDeploymentStatus({
    ...target,
    state: effect.state,
    description,
    environment_url: effect.environment_url,
  });
  return done;
}

function shortened(text: string): string {
  const characters = [...text];
  return characters.length <= MOST_CHARACTERS
    ? text
    : `${characters.slice(0, MOST_CHARACTERS - 1).join("")}…`;
}
