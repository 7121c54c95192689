/** What a person does on GitHub. Each act resolves when every webhook that it causes was answered. */

import { clickAction, rerequest } from "./github/checks.ts";
import { comment, deleteComment, editComment } from "./github/comments.ts";
import { closePull, mergePull, moveBranch, openPull, type Proposal, reopenPull } from "./github/pulls.ts";
import { commitTo, type Files } from "./github/pushes.ts";
import { dismissReview, review } from "./github/reviews.ts";
import type { CheckRun, Comment, PullRequest, Repository, Review, Run } from "./github/state.ts";
import { repositoryNamed, repositoryOf, type World } from "./github/world.ts";
import type { Runs } from "./runner/runs.ts";

/** `owner/name`; the double's first repository when absent. */
type Where = { readonly repository?: string };

export type Person = {
  readonly push: (
    branch: string,
    files: Files,
    where?: Where & { readonly message?: string },
  ) => Promise<string>;
  /** Sets a branch to a commit, as a forced push or the creation of a branch does. */
  readonly pointBranch: (branch: string, sha: string, where?: Where) => Promise<void>;
  readonly openPullRequest: (
    proposal: Omit<Proposal, "headRepository"> & Where & { readonly headRepository?: string },
  ) => Promise<PullRequest>;
  readonly closePullRequest: (pull: PullRequest) => Promise<void>;
  readonly reopenPullRequest: (pull: PullRequest) => Promise<void>;
  /** The commit that the base has afterwards. */
  readonly merge: (pull: PullRequest, method?: "merge" | "squash" | "fast-forward") => Promise<string>;
  /** @param via the App that writes in the person's name; an App's own account writes by its App */
  readonly comment: (pull: PullRequest, body: string, via?: number | null) => Promise<Comment>;
  readonly editComment: (edited: Comment, body: string) => Promise<void>;
  readonly deleteComment: (deleted: Comment) => Promise<void>;
  /** Reviews the head as it is now. */
  readonly review: (
    pull: PullRequest,
    state: "APPROVED" | "CHANGES_REQUESTED" | "COMMENTED",
    body?: string,
  ) => Promise<Review>;
  readonly dismissReview: (dismissed: Review) => Promise<void>;
  readonly clickCheckAction: (check: CheckRun, identifier: string) => Promise<void>;
  readonly rerunCheck: (check: CheckRun) => Promise<void>;
  /** The button "Run workflow". */
  readonly runWorkflow: (
    workflow: string,
    inputs?: Readonly<Record<string, string>>,
    where?: Where & { readonly ref?: string },
  ) => Run;
};

export const makePerson = (world: World, runs: Runs, login: string): Person => {
  const at = ({ repository }: Where): Repository => {
    const [first] = world.state.repositories;
    if (repository === undefined && !first) throw new Error("the double has no repository");
    return repository === undefined && first ? first : repositoryNamed(world, repository ?? "");
  };
  return {
    push: async (branch, files, where = {}) => {
      const commit = commitTo(world, at(where), branch, {
        files,
        by: login,
        message: where.message ?? `Change ${Object.keys(files).join(", ")}`,
      });
      await moveBranch(world, at(where), branch, { to: commit.sha, by: login });
      return commit.sha;
    },
    pointBranch: (branch, sha, where = {}) => moveBranch(world, at(where), branch, { to: sha, by: login }),
    openPullRequest: ({ repository, headRepository, ...proposal }) => {
      const to = at(repository === undefined ? {} : { repository });
      const from = headRepository === undefined ? to : repositoryNamed(world, headRepository);
      return openPull(world, to, login, { ...proposal, headRepository: from });
    },
    closePullRequest: (pull) => closePull(world, pull, login),
    reopenPullRequest: (pull) => reopenPull(world, pull, login),
    merge: (pull, method = "merge") => mergePull(world, pull, login, method),
    comment: async (pull, body, via = null) => {
      const app = via ?? world.state.apps.find(({ bot }) => bot.login === login)?.id ?? null;
      const { made, told } = comment(world, pull, { login, app }, body);
      await told;
      return made;
    },
    editComment: (edited, body) => editComment(world, edited, login, body),
    deleteComment: (deleted) => deleteComment(world, deleted, login),
    review: async (pull, state, body = "") => {
      const { made, told } = review(world, pull, { login, state, body });
      await told;
      return made;
    },
    dismissReview: (dismissed) => dismissReview(world, dismissed, login),
    clickCheckAction: (check, identifier) => clickAction(world, check, login, identifier),
    rerunCheck: (check) => rerequest(world, check, login),
    runWorkflow: (workflow, inputs = {}, where = {}) => {
      const repository = repositoryOf(world, at(where).id);
      return runs.dispatch({
        repository,
        workflow,
        ref: where.ref ?? repository.defaultBranch,
        inputs,
        actor: login,
      });
    },
  };
};
