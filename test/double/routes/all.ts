/** Every route of the double. */
import type { Route } from "../http/router.ts";
import type { Runs } from "../runner/runs.ts";
import type { Webhooks } from "../webhooks.ts";
import { actionRoutes } from "./actions.ts";
import { appRoutes } from "./app.ts";
import { checkRoutes } from "./checks.ts";
import { contentRoutes } from "./contents.ts";
import { deliveryRoutes } from "./deliveries.ts";
import { deploymentRoutes } from "./deployments.ts";
import { gitDataRoutes } from "./git-data.ts";
import { historyRoutes } from "./history.ts";
import { protectionRoutes } from "./protection.ts";
import { pullRoutes } from "./pulls.ts";
import { repositoryRoutes } from "./repositories.ts";
import { teamRoutes } from "./teams.ts";
import { tokenRoutes } from "./tokens.ts";

export const allRoutes = (webhooks: Webhooks, runs: Runs): readonly Route[] => [
  ...appRoutes,
  ...tokenRoutes,
  ...deliveryRoutes(webhooks),
  ...contentRoutes,
  ...historyRoutes,
  ...gitDataRoutes,
  ...repositoryRoutes,
  ...pullRoutes,
  ...teamRoutes,
  ...checkRoutes,
  ...deploymentRoutes,
  ...protectionRoutes,
  ...actionRoutes(runs),
];
