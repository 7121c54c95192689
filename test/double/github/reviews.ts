/** Reviews of pull requests: given by people on the head as it is, and dismissed. */
import { pullListView } from "../views/pull.ts";
import { reviewEventView } from "../views/review.ts";
import type { Told } from "./comments.ts";
import type { PullRequest, Review, ReviewState } from "./state.ts";
import { accountOf, pullOf, repositoryOf, timestamp, type World } from "./world.ts";

const tell = (world: World, review: Review, action: "submitted" | "dismissed", by: string): Promise<void> => {
  const repository = repositoryOf(world, review.repository);
  const pull = pullOf(world, repository, review.pull);
  if (!pull) throw new Error(`the double knows no pull request ${review.pull}`);
  return world.emit({
    webhook: `pull-request-review-${action}`,
    repository,
    sender: accountOf(world, by),
    body: { action, review: reviewEventView(world, review), pull_request: pullListView(world, pull) },
  });
};

export const review = (
  world: World,
  pull: PullRequest,
  given: {
    readonly login: string;
    readonly state: Exclude<ReviewState, "DISMISSED">;
    readonly body: string;
  },
): Told<Review> => {
  const made: Review = {
    id: world.nextId(),
    repository: pull.repository,
    pull: pull.number,
    author: given.login,
    body: given.body,
    commit: pull.headSha,
    submittedAt: timestamp(world),
    state: given.state,
  };
  world.state.reviews.push(made);
  return { made, told: tell(world, made, "submitted", given.login) };
};

export const dismissReview = (world: World, dismissed: Review, by: string): Promise<void> => {
  dismissed.state = "DISMISSED";
  return tell(world, dismissed, "dismissed", by);
};
