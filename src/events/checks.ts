/** Check runs: other Apps' that were completed, our own that were asked for again, and their buttons. */
import { z } from "zod";
import { buttonClicked } from "../flows/button-clicked.ts";
import { checkRerequested } from "../flows/checks-again.ts";
import { packagesRerequested } from "../flows/packages/heads.ts";
import { foreignCheckChanged } from "../flows/rejudge.ts";
import { handler, Repository, repositoryOf } from "./handler.ts";

const CheckRun = Repository.extend({ check_run: z.object({ head_sha: z.string() }) });

export const checkRunCompleted = handler(CheckRun, async (deps, event) => {
  const { head_sha } = event.check_run;
  return { ...(await foreignCheckChanged(deps, { repository: repositoryOf(event), head_sha })) };
});

const CheckSuite = Repository.extend({ check_suite: z.object({ head_sha: z.string() }) });

export const checkSuiteCompleted = handler(CheckSuite, async (deps, event) => {
  const { head_sha } = event.check_suite;
  return { ...(await foreignCheckChanged(deps, { repository: repositoryOf(event), head_sha })) };
});

const Rerequested = Repository.extend({
  check_run: z.object({ head_sha: z.string(), external_id: z.string().nullable() }),
});

export const checkRunRerequested = handler(Rerequested, async (deps, event) => {
  const { head_sha, external_id } = event.check_run;
  if (external_id === null) return null;
  const asked = { repository: repositoryOf(event), head_sha, external_id };
  return { ...((await packagesRerequested(deps, asked)) ?? (await checkRerequested(deps, asked))) };
});

const Clicked = Repository.extend({
  check_run: z.object({
    id: z.number(),
    head_sha: z.string(),
    external_id: z.string().nullable(),
    completed_at: z.string().nullable(),
  }),
  requested_action: z.object({ identifier: z.string() }),
  sender: z.object({ login: z.string(), type: z.string() }),
});

export const checkRunClicked = handler(Clicked, async (deps, event) => {
  const { id, head_sha, external_id, completed_at } = event.check_run;
  return buttonClicked(deps, {
    repository: repositoryOf(event),
    check_run: { id, head_sha, external_id: external_id ?? "", completed_at: completed_at ?? "" },
    button: event.requested_action.identifier,
    login: event.sender.login,
    is_person: event.sender.type === "User",
  });
});
