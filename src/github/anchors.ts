/** Annotated tags: one that is there already is the one that was made before. The audit log's head is remembered by one. */
import { anchorText } from "../core/audit.ts";
import type { AnchorEffect, EffectResult, TagEffect } from "../core/effects.ts";
import type { Applying } from "./applying.ts";
import { nameOf } from "./name.ts";

export async function applyAnchor(applying: Applying, effect: AnchorEffect): Promise<EffectResult> {
  const { seq, commit } = effect;
  return applyTag(applying, { tag: `belay/audit/${seq}`, commit, message: anchorText(effect) });
}

export async function applyTag(
  { client, repository }: Applying,
  { tag, commit, message }: Omit<TagEffect, "kind">,
): Promise<EffectResult> {
  const done: EffectResult = { ok: true, external_id: null, url: null };
  const target = nameOf(repository);
  const { data } = await client.rest.git.createTag({
    ...target,
    tag,
    message,
    object: commit,
    type: "commit",
  });
  try {
    await client.rest.git.createRef({ ...target, ref: `refs/tags/${tag}`, sha: data.sha });
  } catch (error) {
    if (!isThereAlready(error)) throw error;
  }
  return done;
}

function isThereAlready(error: unknown): boolean {
  return (
    error instanceof Error &&
    "status" in error &&
    error.status === 422 &&
    /already exists/i.test(error.message)
  );
}
