/** Check runs. One of ours is found by our App's id, the commit and the external id, never by its name alone. */
import type { CheckEffect, EffectResult } from "../core/effects.ts";
import { ANNOTATIONS_PER_REQUEST } from "../core/packages/rendering/annotations.ts";
import type { OwnCheck } from "../ports/github.ts";
import type { Repository } from "../ports/sites.ts";
import type { Applying } from "./applying.ts";
import type { Client } from "./client.ts";
import { isMissing } from "./error.ts";
import { nameOf } from "./name.ts";

/** With many annotations it takes several requests: whichever of them was lost, what GitHub has already is not sent again. */
export async function applyCheck(applying: Applying, effect: CheckEffect): Promise<EffectResult> {
  const known = applying.known?.external_id ?? null;
  const id = known ?? (applying.untried ? null : await findCheck(applying, effect));
  const updated = id === null ? null : await updateCheck(applying, id, effect);
  const made = updated ?? (await createCheck(applying, effect));
  if (made.ok && made.external_id !== null) await annotate(applying, made.external_id, effect);
  return made;
}

async function annotate(
  { client, repository }: Applying,
  check_run_id: number,
  effect: CheckEffect,
): Promise<void> {
  const { title, summary, text, annotations = [] } = effect;
  if (annotations.length === 0) return;
  const where = { ...nameOf(repository), check_run_id };
  const { data } = await client.rest.checks.get(where);
  for (let from = data.output.annotations_count; from < annotations.length; ) {
    const batch = annotations.slice(from, from + ANNOTATIONS_PER_REQUEST);
    const output = { title, summary, ...(text !== undefined && { text }) };
    await client.rest.checks.update({
      ...where,
      output: { ...output, annotations: batch.map((one) => ({ ...one })) },
    });
    from += batch.length;
  }
}

/** The newest of each name: an older one of ours has been replaced, and GitHub shows it no more. */
export async function ownChecks(
  client: Client,
  {
    repository,
    sha,
    app_id,
  }: { readonly repository: Repository; readonly sha: string; readonly app_id: number },
): Promise<readonly OwnCheck[]> {
  const request = { ...nameOf(repository), ref: sha, app_id, filter: "latest", per_page: 100 } as const;
  const found = await client.paginate(client.rest.checks.listForRef, request);
  return found.flatMap(({ app, external_id, status, conclusion, output }) =>
    app?.id !== app_id || external_id === null
      ? []
      : [{ external_id, status, conclusion, title: output.title }],
  );
}

async function findCheck(
  { client, repository, app_id }: Applying,
  effect: CheckEffect,
): Promise<number | null> {
  const request = {
    ...nameOf(repository),
    ref: effect.head_sha,
    check_name: effect.name,
    app_id,
    filter: "all",
    per_page: 100,
  } as const;
  for await (const page of client.paginate.iterator(client.rest.checks.listForRef, request)) {
    const found = page.data.find((run) => run.external_id === effect.external_id && run.app?.id === app_id);
    if (found !== undefined) return found.id;
  }
  return null;
}

async function createCheck({ client, repository }: Applying, effect: CheckEffect): Promise<EffectResult> {
  const { data } = await client.rest.checks.create({
    ...nameOf(repository),
    name: effect.name,
    head_sha: effect.head_sha,
    external_id: effect.external_id,
    ...appearance(effect),
  });
  return { ok: true, external_id: data.id, url: data.html_url };
}

/** Null when the check run is gone: then a new one is made. */
async function updateCheck(
  { client, repository }: Applying,
  id: number,
  effect: CheckEffect,
): Promise<EffectResult | null> {
  try {
    const { data } = await client.rest.checks.update({
      ...nameOf(repository),
      check_run_id: id,
      ...appearance(effect),
    });
    return { ok: true, external_id: data.id, url: data.html_url };
  } catch (error) {
    if (isMissing(error)) return null;
    throw error;
  }
}

function appearance({ status, conclusion, title, summary, text, details_url, actions = [] }: CheckEffect) {
  return {
    status,
    ...(conclusion !== undefined && { conclusion }),
    ...(details_url !== undefined && { details_url }),
    // An empty list takes the buttons of an earlier state away.
    actions: actions.map((action) => ({ ...action })),
    output: { title, summary, ...(text !== undefined && { text }) },
  };
}
