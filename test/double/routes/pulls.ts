/** Pull requests, their comments and reactions. */
import { z } from "zod";
import { comment, editComment, react } from "../github/comments.ts";
import { forbidden, notFound } from "../github/errors.ts";
import { between, pullChanges } from "../github/git.ts";
import type { Comment, PullRequest } from "../github/state.ts";
import { commitOf, inBackground, pullOf, repositoryOf, type World } from "../github/world.ts";
import { type Actor, loginOf } from "../http/auth.ts";
import { bodyAs, type Call, numberIn, type Reply, type Route, repositoryIn, route } from "../http/router.ts";
import { commentView, reactionView } from "../views/comment.ts";
import { commentsOf, pullListView, pullView } from "../views/pull.ts";
import { commitView, diffEntryView } from "../views/repository.ts";
import { reviewView } from "../views/review.ts";

const pullIn = (call: Call, name = "pull_number"): PullRequest => {
  const found = pullOf(call.world, repositoryIn(call), numberIn(call, name));
  if (!found) throw notFound();
  return found;
};

const list = (call: Call): Reply => {
  const repository = repositoryIn(call);
  const { world, query } = call;
  const wanted = { state: query.get("state") ?? "open", head: query.get("head"), base: query.get("base") };
  const label = (pull: PullRequest): string =>
    `${repositoryOf(world, pull.headRepository).owner}:${pull.head}`;
  const own = world.state.pulls.filter(
    (pull) =>
      pull.repository === repository.id &&
      (wanted.state === "all" || pull.state === wanted.state) &&
      (wanted.head === null || label(pull) === wanted.head) &&
      (wanted.base === null || pull.base === wanted.base),
  );
  const ordered = query.get("direction") === "asc" ? own : own.toReversed();
  return { list: ordered.map((pull) => pullListView(world, pull)) };
};

/** GitHub lists no more files of a pull request than these, on however many pages. */
const MOST_FILES = 3_000;

const files = (call: Call): Reply => {
  const pull = pullIn(call);
  const repository = repositoryIn(call);
  const head = commitOf(call.world, pull.headSha);
  const changed = pullChanges(call.world.state.commits, pull.baseSha, pull.headSha);
  return {
    list: changed.slice(0, MOST_FILES).map((change) => diffEntryView(call.world, repository, head, change)),
  };
};

const commits = (call: Call): Reply => {
  const pull = pullIn(call);
  const shas = between(call.world.state.commits, pull.baseSha, pull.headSha);
  return { list: shas.map((sha) => commitView(call.world, repositoryIn(call), commitOf(call.world, sha))) };
};

const reviews = (call: Call): Reply => {
  const pull = pullIn(call);
  const own = call.world.state.reviews.filter(
    (one) => one.repository === pull.repository && one.pull === pull.number,
  );
  return { list: own.map((review) => reviewView(call.world, review)) };
};

const commentIn = (call: Call): Comment => {
  const repository = repositoryIn(call);
  const found = call.world.state.comments.find(
    (one) => one.id === numberIn(call, "comment_id") && !one.deleted,
  );
  if (!found || found.repository !== repository.id) throw notFound();
  return found;
};

const Body = z.object({ body: z.string() });

/** GitHub's limit for a comment. */
const LONGEST = 65_536;

const bodyOf = (call: Call): string => {
  const { body } = bodyAs(
    call,
    Body.refine((one) => one.body.length <= LONGEST, "body is too long (maximum is 65536 characters)"),
  );
  return body;
};

const by = (world: World, actor: Actor): { readonly login: string; readonly app: number | null } => {
  const installation = actor.kind === "token" && actor.token.kind === "installation";
  return { login: loginOf(world, actor), app: installation ? (world.state.apps[0]?.id ?? null) : null };
};

const addComment = (call: Call): Reply => {
  const { made, told } = comment(
    call.world,
    pullIn(call, "issue_number"),
    by(call.world, call.actor),
    bodyOf(call),
  );
  inBackground(call.world, told);
  return { status: 201, body: commentView(call.world, made) };
};

const changeComment = (call: Call): Reply => {
  const edited = commentIn(call);
  const login = loginOf(call.world, call.actor);
  if (call.actor.kind === "token" && call.actor.token.kind === "user" && edited.author !== login)
    throw forbidden();
  inBackground(call.world, editComment(call.world, edited, login, bodyOf(call)));
  return { body: commentView(call.world, edited) };
};

const listComments = (call: Call): Reply => {
  const since = call.query.get("since");
  const own = commentsOf(call.world, pullIn(call, "issue_number"));
  const wanted = own.filter((one) => since === null || Date.parse(one.updatedAt) >= Date.parse(since));
  return { list: wanted.map((one) => commentView(call.world, one)) };
};

const addReaction = (call: Call): Reply => {
  const { content } = bodyAs(call, z.object({ content: z.string() }));
  const { reaction, fresh } = react(call.world, commentIn(call), loginOf(call.world, call.actor), content);
  return { status: fresh ? 201 : 200, body: reactionView(call.world, reaction) };
};

export const pullRoutes: readonly Route[] = [
  route("GET /repos/{owner}/{repo}/pulls", "pull_requests:read", list),
  route("GET /repos/{owner}/{repo}/pulls/{pull_number}", "pull_requests:read", (call) => ({
    body: pullView(call.world, pullIn(call)),
  })),
  route("GET /repos/{owner}/{repo}/pulls/{pull_number}/files", "pull_requests:read", files),
  route("GET /repos/{owner}/{repo}/pulls/{pull_number}/commits", "pull_requests:read", commits),
  route("GET /repos/{owner}/{repo}/pulls/{pull_number}/reviews", "pull_requests:read", reviews),
  route("GET /repos/{owner}/{repo}/commits/{commit_sha}/pulls", "pull_requests:read", (call) => {
    const repository = repositoryIn(call);
    const own = call.world.state.pulls.filter(
      (one) => one.repository === repository.id && one.headSha === call.params.commit_sha,
    );
    return { list: own.map((pull) => pullListView(call.world, pull)) };
  }),
  route(
    "GET /repos/{owner}/{repo}/issues/{issue_number}/comments",
    "issues|pull_requests:read",
    listComments,
  ),
  route(
    "POST /repos/{owner}/{repo}/issues/{issue_number}/comments",
    "issues|pull_requests:write",
    addComment,
  ),
  route("GET /repos/{owner}/{repo}/issues/comments/{comment_id}", "issues|pull_requests:read", (call) => ({
    body: commentView(call.world, commentIn(call)),
  })),
  route(
    "PATCH /repos/{owner}/{repo}/issues/comments/{comment_id}",
    "issues|pull_requests:write",
    changeComment,
  ),
  route(
    "POST /repos/{owner}/{repo}/issues/comments/{comment_id}/reactions",
    "issues|pull_requests:write",
    addReaction,
  ),
];
