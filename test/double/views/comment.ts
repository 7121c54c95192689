/** Comments and reactions as GitHub's JSON. */
import type { Comment, Reaction } from "../github/state.ts";
import { fullName, repositoryOf, type World } from "../github/world.ts";
import { api, appViewOrNull, association, nodeId, userNamed, type View } from "./account.ts";
import { repositoryUrl } from "./repository.ts";

const CONTENTS = ["+1", "-1", "laugh", "hooray", "confused", "heart", "rocket", "eyes"];

export const rollup = (_world: World, url: string, reactions: readonly Reaction[]): View => ({
  url,
  total_count: reactions.length,
  ...Object.fromEntries(
    CONTENTS.map((content) => [content, reactions.filter((one) => one.content === content).length]),
  ),
});

export const commentView = (world: World, comment: Comment): View => {
  const repository = repositoryOf(world, comment.repository);
  const url = api(world, `/repos/${fullName(repository)}/issues/comments/${comment.id}`);
  return {
    url,
    html_url: `${world.url}/${fullName(repository)}/pull/${comment.issue}#issuecomment-${comment.id}`,
    issue_url: `${repositoryUrl(world, repository)}/issues/${comment.issue}`,
    id: comment.id,
    node_id: nodeId("IssueComment", comment.id),
    user: userNamed(world, comment.author),
    created_at: comment.createdAt,
    updated_at: comment.updatedAt,
    body: comment.body,
    author_association: association(world, repository, comment.author),
    performed_via_github_app: appViewOrNull(world, comment.app),
    reactions: rollup(
      world,
      `${url}/reactions`,
      world.state.reactions.filter((one) => one.comment === comment.id),
    ),
  };
};

export const reactionView = (world: World, reaction: Reaction): View => ({
  id: reaction.id,
  node_id: nodeId("Reaction", reaction.id),
  user: userNamed(world, reaction.author),
  content: reaction.content,
  created_at: reaction.createdAt,
});
