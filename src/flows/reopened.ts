/** Whether a webhook that says "closed" comes too late: the pull request was opened again since, and nothing is to stop. */
import type { PullRequestInput } from "./classify-head.ts";
import type { Deps } from "./deps.ts";

/** GitHub may answer with what it knew a moment ago: only what it says of a later moment counts. */
export async function wasReopened(
  { github }: Deps<"pullRequest">,
  { repository, pull_request }: PullRequestInput,
): Promise<boolean> {
  if (pull_request.state !== "closed") return false;
  const now = await github.pullRequest(repository, pull_request.number);
  return now?.state === "open" && Date.parse(now.updated_at) > Date.parse(pull_request.updated_at);
}
