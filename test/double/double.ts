/**
 * A GitHub with state, over HTTP on loopback, for tests and for the demo. It knows GitHub and nothing of Belay: every request, answer
 * and webhook is checked against GitHub's own descriptions, and what is wrong is in `problems`.
 */
import { randomBytes } from "node:crypto";
import type { Double, DoubleOptions } from "./api.ts";
import { createCheck } from "./github/checks.ts";
import { Refusal } from "./github/errors.ts";
import { ACTIONS_APP, type App, type Repository } from "./github/state.ts";
import { fullName, makeWorld, repositoryNamed, repositoryOf, type World, when } from "./github/world.ts";
import { makeFaults } from "./http/faults.ts";
import { makeServer, type Seen } from "./http/server.ts";
import { makeOidc } from "./oidc.ts";
import { servePage } from "./pages/pages.ts";
import { makePerson } from "./people.ts";
import { actionRoutes } from "./routes/actions.ts";
import { appRoutes } from "./routes/app.ts";
import { checkRoutes } from "./routes/checks.ts";
import { contentRoutes } from "./routes/contents.ts";
import { deliveryRoutes } from "./routes/deliveries.ts";
import { deploymentRoutes } from "./routes/deployments.ts";
import { historyRoutes } from "./routes/history.ts";
import { pullRoutes } from "./routes/pulls.ts";
import { repositoryRoutes } from "./routes/repositories.ts";
import { tokenRoutes } from "./routes/tokens.ts";
import { makeRuns, type Runs } from "./runner/runs.ts";
import { createApp, createRepository, ensureAccount, install, type RepositoryOptions } from "./setup.ts";
import { commentsOf } from "./views/pull.ts";
import { makeWebhooks } from "./webhooks.ts";

export type { Double, DoubleOptions } from "./api.ts";

const DAY_MS = 86_400_000;

const issueUserToken = (world: World, login: string, clientId: string): string => {
  const token = `ghu_${randomBytes(18).toString("hex")}`;
  const { login: known } = ensureAccount(world, login);
  world.state.tokens.set(token, {
    kind: "user",
    token,
    login: known,
    clientId,
    expiresAt: world.now().getTime() + DAY_MS,
  });
  return token;
};

const populate = (world: World, options: DoubleOptions): App => {
  const [first] = options.repositories;
  const app = createApp(world, first?.name.split("/")[0] ?? "owner", options.app ?? {});
  for (const one of options.repositories) addRepository(world, one);
  return app;
};

const addRepository = (world: World, options: RepositoryOptions): Repository => {
  const repository = createRepository(world, options);
  if (!repository.fork) install(world, repository.owner);
  return repository;
};

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

/** Starts a double; `close()` it. */
export const startDouble = async (options: DoubleOptions): Promise<Double> => {
  const world = makeWorld(options.now ?? (() => new Date()));
  const webhooks = makeWebhooks(world);
  world.emit = webhooks.emit;
  const oidc = makeOidc(world);
  const runs = makeRuns({ world, oidc, options: options.runner ?? null });
  const faults = makeFaults();
  const seen: Seen[] = [];
  const app = populate(world, options);
  const routes = [
    ...appRoutes,
    ...tokenRoutes,
    ...deliveryRoutes(webhooks),
    ...contentRoutes,
    ...historyRoutes,
    ...repositoryRoutes,
    ...pullRoutes,
    ...checkRoutes,
    ...deploymentRoutes,
    ...actionRoutes(runs),
  ];
  const server = makeServer({
    world,
    routes,
    faults,
    seen,
    beside: async (request, response, url) =>
      servePage(world, request, response, url) || (await oidc.handle(request, response, url)),
  });
  await new Promise<void>((resolve, reject) =>
    server.once("error", reject).listen(options.port ?? 0, "127.0.0.1", resolve),
  );
  const address = server.address();
  world.url = `http://127.0.0.1:${typeof address === "object" && address !== null ? address.port : 0}`;
  const first = (): Repository => repositoryNamed(world, options.repositories[0]?.name ?? "");
  return {
    url: world.url,
    apiUrl: `${world.url}/api/v3`,
    app,
    state: world.state,
    problems: world.problems,
    requests: seen,
    webhooks,
    faults,
    oidc,
    runs,
    connect: (webhookUrl) => {
      app.webhookUrl = webhookUrl;
    },
    as: (login) => makePerson(world, runs, ensureAccount(world, login).login),
    repository: (name) => (name === undefined ? first() : repositoryNamed(world, name)),
    addRepository: (more) => addRepository(world, more),
    userToken: (login, clientId = app.clientId) => issueUserToken(world, login, clientId),
    comments: (pull) => commentsOf(world, pull),
    checks: (sha) => [
      ...new Map(
        world.state.checks.filter((one) => one.headSha === sha).map((one) => [`${one.app}/${one.name}`, one]),
      ).values(),
    ],
    deployments: (environment) =>
      world.state.deployments.filter((one) => (environment ?? one.environment) === one.environment),
    foreignCheck: async (sha, name, conclusion, by = ACTIONS_APP) => {
      const { made, told } = createCheck(
        world,
        { repository: first().id, headSha: sha, app: by, name },
        { status: "completed", conclusion },
      );
      await told;
      return made;
    },
    pageOf: (what) => {
      const name = fullName(repositoryOf(world, what.repository));
      return "head" in what
        ? `${world.url}/${name}/pull/${what.number}`
        : `${world.url}/${name}/actions/runs/${what.id}`;
    },
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
