/** Comments and reactions: what people and apps do alike. */
import { commentView } from "../views/comment.ts";
import { issueView } from "../views/pull.ts";
import { notFound } from "./errors.ts";
import type { Comment, PullRequest, Reaction } from "./state.ts";
import { accountOf, pullOf, repositoryOf, timestamp, type World } from "./world.ts";

const tell = (
  world: World,
  comment: Comment,
  action: string,
  more: Readonly<Record<string, unknown>> = {},
  by = comment.author,
): Promise<void> => {
  const repository = repositoryOf(world, comment.repository);
  const pull = pullOf(world, repository, comment.issue);
  if (!pull) throw notFound();
  return world.emit({
    webhook: `issue-comment-${action}`,
    repository,
    sender: accountOf(world, by),
    body: { action, issue: issueView(world, pull), comment: commentView(world, comment), ...more },
  });
};

export type Told<T> = { readonly made: T; readonly told: Promise<void> };

/** A new comment; `told` resolves when the webhook was answered. */
export const comment = (
  world: World,
  pull: PullRequest,
  by: { readonly login: string; readonly app: number | null },
  body: string,
): Told<Comment> => {
  const now = timestamp(world);
  const made: Comment = {
    id: world.nextId(),
    repository: pull.repository,
    issue: pull.number,
    author: by.login,
    app: by.app,
    createdAt: now,
    updatedAt: now,
    body,
    deleted: false,
  };
  world.state.comments.push(made);
  return { made, told: tell(world, made, "created") };
};

export const editComment = (world: World, edited: Comment, by: string, body: string): Promise<void> => {
  const before = edited.body;
  edited.body = body;
  edited.updatedAt = timestamp(world);
  return tell(world, edited, "edited", { changes: { body: { from: before } } }, by);
};

export const deleteComment = (world: World, deleted: Comment, by: string): Promise<void> => {
  deleted.deleted = true;
  return tell(world, deleted, "deleted", {}, by);
};

/** The reaction, and whether it is new: a person reacts to a comment once with the same content. */
export const react = (
  world: World,
  to: Comment,
  author: string,
  content: string,
): { readonly reaction: Reaction; readonly fresh: boolean } => {
  const known = world.state.reactions.find(
    (one) => one.comment === to.id && one.author === author && one.content === content,
  );
  if (known) return { reaction: known, fresh: false };
  const reaction = { id: world.nextId(), comment: to.id, author, content, createdAt: timestamp(world) };
  world.state.reactions.push(reaction);
  return { reaction, fresh: true };
};
