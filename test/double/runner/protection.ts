/** An environment with a rule of the app: the job waits until the app has said yes or no. */
import { Refusal } from "../github/errors.ts";
import type { Environment } from "../github/state.ts";
import { accountOf, changed, fullName, repositoryOf } from "../github/world.ts";
import { api } from "../views/account.ts";
import { deploymentView } from "../views/deployment.ts";
import type { JobOrder } from "./surroundings.ts";

/** Throws what GitHub writes on the run's page when the rule says no. The job's deployment must have been recorded. */
export const passRule = async (order: JobOrder, environment: Environment | null): Promise<void> => {
  if (!environment?.rule) return;
  const { world, run, stop } = order;
  const repository = repositoryOf(world, run.repository);
  const deployment = world.state.deployments.at(-1);
  if (order.planned.job.environment?.deployment === "false" || deployment === undefined) {
    throw new Refusal(
      422,
      `A job without a deployment cannot use ${environment.name}, which has a custom rule.`,
    );
  }
  const callback = api(
    world,
    `/repos/${fullName(repository)}/actions/runs/${run.id}/deployment_protection_rule`,
  );
  const answer = new Promise<{ readonly state: string; readonly comment: string }>((resolve) => {
    world.state.waiting.push({ run: run.id, environment: environment.name, answer: resolve });
    stop.addEventListener("abort", () => resolve({ state: "rejected", comment: "cancelled" }));
  });
  await world.emit({
    webhook: "deployment-protection-rule-requested",
    repository,
    sender: accountOf(world, run.actor),
    body: {
      action: "requested",
      environment: environment.name,
      event: run.event,
      deployment_callback_url: callback,
      deployment: deploymentView(world, deployment),
      pull_requests: [],
    },
  });
  changed(world);
  const { state, comment } = await answer;
  if (state !== "approved")
    throw new Refusal(403, `The deployment to ${environment.name} was rejected: ${comment}`);
};
