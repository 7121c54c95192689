/** Annotated tags. The audit log's head is remembered by one. */
import { anchorText, parseAnchor } from "../core/audit.ts";
import type { AnchorEffect, EffectResult, TagEffect } from "../core/effects.ts";
import type { Applying } from "./applying.ts";
import { nameOf } from "./name.ts";

/** A log that was put back from a backup, or begun anew, counts on where another one was tagged: both are remembered. */
export async function applyAnchor(applying: Applying, effect: AnchorEffect): Promise<EffectResult> {
  const { seq, commit, hash } = effect;
  const message = anchorText(effect);
  const tag = `belay/audit/${seq}`;
  for (const name of [tag, `${tag}-${hash.slice(0, 12)}`]) {
    if (await makeTag(applying, { tag: name, commit, message })) return DONE;
    const there = await messageOfTag(applying, name);
    if (there === message) return DONE;
    if (there === null || parseAnchor(there, name)?.seq !== seq) return taken(name, seq);
  }
  return taken(tag, seq);
}

function taken(tag: string, seq: number): EffectResult {
  return {
    ok: false,
    retry: false,
    code: "ANCHOR_TAKEN",
    message: `There is a tag ${tag} already that Belay did not make: record ${seq} of the audit log is remembered nowhere else. Find out who made it, delete it, and protect belay/audit/* by a ruleset for tags.`,
  };
}

const DONE: EffectResult = { ok: true, external_id: null, url: null };

/** null for a tag without a text of its own. */
async function messageOfTag({ client, repository }: Applying, tag: string): Promise<string | null> {
  const target = nameOf(repository);
  const { data: ref } = await client.rest.git.getRef({ ...target, ref: `tags/${tag}` });
  if (ref.object.type !== "tag") return null;
  const { data } = await client.rest.git.getTag({ ...target, tag_sha: ref.object.sha });
  return data.message.trim();
}

/** One that is there already was made for the same version before. */
export async function applyTag(applying: Applying, tag: Omit<TagEffect, "kind">): Promise<EffectResult> {
  await makeTag(applying, tag);
  return DONE;
}

/** Whether there was none of this name. */
async function makeTag(
  { client, repository }: Applying,
  { tag, commit, message }: Omit<TagEffect, "kind">,
): Promise<boolean> {
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
    return false;
  }
  return true;
}

function isThereAlready(error: unknown): boolean {
  return (
    error instanceof Error &&
    "status" in error &&
    error.status === 422 &&
    /already exists/i.test(error.message)
  );
}
