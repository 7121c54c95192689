/**
 * A GitHub with state, over HTTP on loopback, for tests and for the demo. It knows GitHub and nothing of Belay: every request, answer
 * and webhook is checked against GitHub's own descriptions, and what is wrong is in `problems`.
 */
import type { Server } from "node:http";
import type { Double, DoubleOptions } from "./api.ts";
import { Refusal } from "./github/errors.ts";
import { makeWorld, type World, when } from "./github/world.ts";
import { acting, looking } from "./handles.ts";
import { makeFaults } from "./http/faults.ts";
import { makeServer, type Seen } from "./http/server.ts";
import { makeOidc } from "./oidc.ts";
import { servePage } from "./pages/pages.ts";
import { allRoutes } from "./routes/all.ts";
import { makeRuns, type Runs } from "./runner/runs.ts";
import { populate } from "./setup.ts";
import { makeWebhooks } from "./webhooks.ts";

export type { Double, DoubleOptions } from "./api.ts";

const idle = async (world: World): Promise<void> => {
  while (world.background.size > 0) await Promise.all(world.background);
};

const stopRuns = (world: World, runs: Runs): void => {
  for (const run of world.state.runs.filter(({ status }) => status !== "completed")) {
    try {
      runs.cancel(run);
    } catch (error) {
      if (!(error instanceof Refusal)) throw error;
    }
  }
};

/** The address at which the server then listens. */
const listenOn = async (server: Server, port: number): Promise<string> => {
  await new Promise<void>((resolve, reject) =>
    server.once("error", reject).listen(port, "127.0.0.1", resolve),
  );
  const address = server.address();
  return `http://127.0.0.1:${typeof address === "object" && address !== null ? address.port : 0}`;
};

/** Starts a double; `close()` it. */
export const startDouble = async (options: DoubleOptions): Promise<Double> => {
  const world = makeWorld(options.now ?? (() => new Date()));
  const webhooks = makeWebhooks(world);
  world.emit = webhooks.emit;
  const oidc = makeOidc(world);
  const runs = makeRuns({ world, oidc, options: options.runner ?? null });
  const faults = makeFaults();
  const requests: Seen[] = [];
  const app = populate(world, options.repositories, options.app);
  const server = makeServer({
    world,
    routes: allRoutes(webhooks, runs),
    faults,
    seen: requests,
    beside: async (request, response, url) =>
      servePage(world, request, response, url) || (await oidc.handle(request, response, url)),
  });
  world.url = await listenOn(server, options.port ?? 0);
  const parts = { app, requests, webhooks, faults, oidc, runs, state: world.state, problems: world.problems };
  return {
    ...parts,
    url: world.url,
    apiUrl: `${world.url}/api/v3`,
    ...acting(world, app, runs),
    ...looking(world),
    when: (what, look, withinMs = 60_000) => when(world, what, look, withinMs),
    idle: () => idle(world),
    close: async () => {
      stopRuns(world, runs);
      await idle(world);
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
};
