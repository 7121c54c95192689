/** A new deployment, made by an app or by a workflow job that names an environment. */
import type { Deployment } from "./state.ts";
import { timestamp, type World } from "./world.ts";

export const deploy = (
  world: World,
  what: Omit<Deployment, "id" | "createdAt" | "statuses" | "app">,
  app: number | null = world.state.apps[0]?.id ?? null,
): Deployment => {
  const made: Deployment = { id: world.nextId(), createdAt: timestamp(world), statuses: [], app, ...what };
  world.state.deployments.push(made);
  return made;
};
