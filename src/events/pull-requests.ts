/** Pull requests, their reviews, and the groups of a merge queue. */
import { z } from "zod";
import { isBehind } from "../core/merge-settings.ts";
import { configurationProposed } from "../flows/configuration-proposed.ts";
import { mergeGroupRequested } from "../flows/merge-group.ts";
import { packagesGroup } from "../flows/packages/heads.ts";
import { packagesChanged } from "../flows/packages/pull-request.ts";
import { pullRequestChanged } from "../flows/pull-request-changed.ts";
import { reviewChanged } from "../flows/rejudge.ts";
import { handler, Repository, repositoryOf } from "./handler.ts";

const PullRequest = Repository.extend({
  pull_request: z.object({
    number: z.number(),
    state: z.enum(["open", "closed"]),
    merged: z.boolean().nullish(),
    title: z.string(),
    user: z.object({ login: z.string() }).nullable(),
    base: z.object({ ref: z.string() }),
    head: z.object({ ref: z.string(), sha: z.string(), repo: z.object({ id: z.number() }).nullable() }),
    updated_at: z.string(),
    mergeable_state: z.string().nullish(),
  }),
});

export const pullRequestEvent = handler(PullRequest, async (deps, event) => {
  const { number, state, merged, title, user, base, head, updated_at, mergeable_state } = event.pull_request;
  const input = {
    repository: repositoryOf(event),
    pull_request: {
      ...{ number, title, updated_at, base_ref: base.ref, head_ref: head.ref, head_sha: head.sha },
      state: merged === true ? ("merged" as const) : state,
      author: user?.login ?? "ghost",
      head_repository_id: head.repo?.id ?? null,
      behind: isBehind(mergeable_state),
    },
  };
  const outcome = await pullRequestChanged(deps, input);
  const configuration = await configurationProposed(deps, input);
  return { ...outcome, configuration, packages: await packagesChanged(deps, input) };
});

const PullRequestReview = Repository.extend({ pull_request: z.object({ number: z.number() }) });

export const reviewEvent = handler(PullRequestReview, async (deps, event) => {
  const pull_request = event.pull_request.number;
  return { ...(await reviewChanged(deps, { repository: repositoryOf(event), pull_request })) };
});

const MergeGroup = Repository.extend({
  merge_group: z.object({ head_sha: z.string(), head_ref: z.string(), base_ref: z.string() }),
});

export const mergeGroup = handler(MergeGroup, async (deps, event) => {
  const asked = { repository: repositoryOf(event), ...event.merge_group };
  const packages = await packagesGroup(deps, asked);
  return { ...(await mergeGroupRequested(deps, asked)), packages };
});
