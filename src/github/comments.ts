/** Comments and reactions. A comment of ours is found again by the hidden marker in its first line, and only if our App wrote it. */
import type { AnswerEffect, CommentEffect, EffectResult, ReactionEffect } from "../core/effects.ts";
import type { Repository } from "../ports/sites.ts";
import type { Applying } from "./applying.ts";
import type { Client } from "./client.ts";
import { isMissing } from "./error.ts";
import { nameOf } from "./name.ts";

export async function applyReaction(
  { client, repository }: Applying,
  effect: ReactionEffect,
): Promise<EffectResult> {
  const { data } = await client.rest.reactions.createForIssueComment({
    ...nameOf(repository),
    comment_id: effect.comment_id,
    content: effect.content,
  });
  return { ok: true, external_id: data.id, url: null };
}

/** Edits the comment if there is one, else writes it; one that somebody deleted is written anew. */
export async function applyComment(applying: Applying, effect: CommentEffect): Promise<EffectResult> {
  const { client, repository, known, untried } = applying;
  if (untried) return writeComment(client, repository, effect);
  const edit = (id: number) => editComment(client, repository, { id, body: effect.body });
  if (known?.external_id != null) {
    const edited = await edit(known.external_id);
    if (edited !== null) return edited;
  }
  const found = await findComment(applying, effect);
  if (found?.body === effect.body) return { ok: true, external_id: found.id, url: found.html_url };
  return (found && (await edit(found.id))) ?? writeComment(client, repository, effect);
}

/** Writes the answer unless it is there already; what was written stays as it is. */
export async function applyAnswer(applying: Applying, effect: AnswerEffect): Promise<EffectResult> {
  const { client, repository, known, untried } = applying;
  if (untried) return writeComment(client, repository, effect);
  if (known?.external_id != null) return { ok: true, external_id: known.external_id, url: known.url };
  const found = await findComment(applying, effect);
  if (found !== null) return { ok: true, external_id: found.id, url: found.html_url };
  return writeComment(client, repository, effect);
}

async function findComment(
  { client, repository, app_id }: Applying,
  { pull_request, marker }: CommentEffect | AnswerEffect,
): Promise<{ id: number; html_url: string; body?: string } | null> {
  const request = { ...nameOf(repository), issue_number: pull_request, per_page: 100 };
  for await (const page of client.paginate.iterator(client.rest.issues.listComments, request)) {
    const found = page.data.find(
      ({ body, performed_via_github_app: app }) =>
        app?.id === app_id && body?.split("\n", 1)[0]?.trim() === marker,
    );
    if (found !== undefined) return found;
  }
  return null;
}

async function writeComment(
  { rest }: Client,
  repository: Repository,
  { pull_request, body }: CommentEffect | AnswerEffect,
): Promise<EffectResult> {
  const { data } = await rest.issues.createComment({
    ...nameOf(repository),
    issue_number: pull_request,
    body,
  });
  return { ok: true, external_id: data.id, url: data.html_url };
}

async function editComment(
  { rest }: Client,
  repository: Repository,
  { id, body }: { id: number; body: string },
): Promise<EffectResult | null> {
  try {
    const { data } = await rest.issues.updateComment({ ...nameOf(repository), comment_id: id, body });
    return { ok: true, external_id: data.id, url: data.html_url };
  } catch (error) {
    if (isMissing(error)) return null;
    throw error;
  }
}
