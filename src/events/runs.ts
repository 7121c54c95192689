/** Workflow runs that ended, and jobs that want a protected environment. */
import { z } from "zod";
import { protectionRequested } from "../flows/deployment-protection.ts";
import { runEnded } from "../flows/run-lost.ts";
import { handler, Repository, repositoryOf } from "./handler.ts";

const WorkflowRun = z.object({
  repository: z.object({ id: z.number() }),
  workflow_run: z.object({ id: z.number() }),
});

export const workflowRunCompleted = handler(WorkflowRun, async (deps, { repository, workflow_run }) => {
  const outcome = await runEnded(deps, { repository_id: repository.id, run_id: workflow_run.id });
  return outcome === null ? null : { ...outcome };
});

const ProtectionRule = Repository.extend({
  environment: z.string(),
  deployment_callback_url: z.string(),
  deployment: z.object({ id: z.number() }).nullish(),
});

export const protectionRule = handler(ProtectionRule, async (deps, event) => {
  const { environment, deployment_callback_url: callback_url, deployment } = event;
  const deployment_id = deployment?.id ?? null;
  const asked = { repository: repositoryOf(event), environment, callback_url, deployment_id };
  return { ...(await protectionRequested(deps, asked)) };
});
