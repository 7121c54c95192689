/** The tag that remembers the audit log's head. A tag that is there already is the one that was made before. */
import { anchorText } from "../core/audit.ts";
import type { AnchorEffect, EffectResult } from "../core/effects.ts";
import type { Applying } from "./applying.ts";
import { nameOf } from "./read.ts";

export async function applyAnchor(
  { client, repository }: Applying,
  effect: AnchorEffect,
): Promise<EffectResult> {
  const done: EffectResult = { ok: true, external_id: null, url: null };
  const tag = `belay/audit/${effect.seq}`;
  const target = nameOf(repository);
  const { data } = await client.rest.git.createTag({
    ...target,
    tag,
    message: anchorText(effect),
    object: effect.commit,
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
