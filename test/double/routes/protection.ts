/** Answers of an app to its deployment protection rule. */
import { z } from "zod";
import { unprocessable } from "../github/errors.ts";
import { bodyAs, numberIn, type Route, repositoryIn, route } from "../http/router.ts";

const Answer = z.object({
  environment_name: z.string(),
  state: z.enum(["approved", "rejected"]),
  comment: z.string().default(""),
});

export const protectionRoutes: readonly Route[] = [
  route(
    "POST /repos/{owner}/{repo}/actions/runs/{run_id}/deployment_protection_rule",
    "deployments:write",
    (call) => {
      repositoryIn(call);
      const { environment_name, state, comment } = bodyAs(call, Answer);
      const { waiting } = call.world.state;
      const at = waiting.findIndex(
        (one) => one.run === numberIn(call, "run_id") && one.environment === environment_name,
      );
      const [found] = at === -1 ? [] : waiting.splice(at, 1);
      if (found === undefined) throw unprocessable("No pending deployment requests to approve or reject");
      found.answer({ state, comment });
      return { status: 204 };
    },
  ),
];
