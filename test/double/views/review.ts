/** Reviews as GitHub's JSON: capitals in the API, small letters in webhooks. */
import type { Review } from "../github/state.ts";
import { fullName, repositoryOf, type World } from "../github/world.ts";
import { association, nodeId, userNamed, type View } from "./account.ts";
import { repositoryUrl } from "./repository.ts";

export const reviewView = (world: World, review: Review): View => {
  const repository = repositoryOf(world, review.repository);
  const html = `${world.url}/${fullName(repository)}/pull/${review.pull}#pullrequestreview-${review.id}`;
  const pull = `${repositoryUrl(world, repository)}/pulls/${review.pull}`;
  return {
    id: review.id,
    node_id: nodeId("PullRequestReview", review.id),
    user: userNamed(world, review.author),
    body: review.body,
    state: review.state,
    html_url: html,
    pull_request_url: pull,
    _links: { html: { href: html }, pull_request: { href: pull } },
    submitted_at: review.submittedAt,
    commit_id: review.commit,
    author_association: association(world, repository, review.author),
  };
};

export const reviewEventView = (world: World, review: Review): View => ({
  ...reviewView(world, review),
  state: review.state.toLowerCase(),
});
