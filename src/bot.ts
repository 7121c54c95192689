/** Puts the bot together from its settings: store, GitHub, webhooks, API, and the loops that do the work. */
import { randomUUID } from "node:crypto";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { type Logger, pino } from "pino";
import { Probot } from "probot";
import { belay, handleDelivery } from "./app.ts";
import { loadCatalog } from "./catalog-files.ts";
import { DEFAULT_SETTINGS, type Deps, type FlowSettings } from "./flows/deps.ts";
import { boundedFetch, octokitClass } from "./github/client.ts";
import { github } from "./github/github.ts";
import { userTokens } from "./github/user-token.ts";
import { apiRoutes } from "./http/api.ts";
import { runnerVerifier } from "./http/oidc.ts";
import { router, send } from "./http/router.ts";
import { WEBHOOK_PATH, webhookHandler } from "./http/webhook.ts";
import { logOptions } from "./log.ts";
import type { Clock } from "./ports.ts";
import type { BotSettings } from "./settings.ts";
import { type OpenStore, openStore } from "./store/open.ts";
import { startWork } from "./work.ts";

export interface Bot {
  /** Where it listens: `http://127.0.0.1:3000`. */
  readonly url: string;
  readonly webhook_url: string;
  /** What it serves besides webhooks: `GET /api/jobs`, ... */
  readonly routes: readonly string[];
  /** Takes nothing more, ends what it is at, and closes the store. */
  stop(): Promise<void>;
}

export interface BotOptions extends Omit<BotSettings, "store"> {
  /** In memory everything is lost at the end: for tests. */
  readonly store: BotSettings["store"] | { readonly memory: true };
  /** Other values than the shipped ones, for tests. */
  readonly flow_settings?: Partial<FlowSettings>;
  readonly log?: Logger;
}

/** Longest wait for requests that are being answered when the bot stops. */
const DRAIN_MS = 10_000;

const clock: Clock = { now: () => new Date().toISOString(), id: randomUUID };

/** @throws StoreError when the store cannot be opened; an error of the system when the port cannot be had */
export async function startBot(options: BotOptions): Promise<Bot> {
  const log = options.log ?? pino(logOptions(options.log_level));
  const probot = new Probot({
    appId: options.app.id,
    privateKey: options.app.private_key,
    secret: options.app.webhook_secret,
    baseUrl: options.github.api_url,
    Octokit: octokitClass(),
    request: { fetch: boundedFetch() },
    log,
  });
  await probot.ready();
  const opened = await openStore(placeOf(options, log));
  try {
    return await serve({ options, log, probot, opened });
  } catch (error) {
    await opened.close();
    throw error;
  }
}

function placeOf({ store }: BotOptions, log: Logger) {
  if ("memory" in store) return { kind: "memory" } as const;
  if ("directory" in store) return { kind: "directory", path: store.directory } as const;
  const onLost = (error: Error) => log.warn({ err: error }, "a connection to the database broke");
  return { kind: "postgres", url: store.database_url, onLost } as const;
}

interface Parts {
  readonly options: BotOptions;
  readonly log: Logger;
  readonly probot: Probot;
  readonly opened: OpenStore;
}

async function serve({ options, log, probot, opened }: Parts): Promise<Bot> {
  const deps = flowDeps(options, probot, opened);
  let stopping = false;
  const routes = apiRoutes({
    deps,
    loginOf: userTokens({ ...options.app, base_url: options.github.api_url, fetch: boundedFetch() }),
    verifyRunner: runnerVerifier({
      issuer: options.github.oidc_issuer,
      audience: options.github.oidc_audience,
    }),
    ready: async () => !stopping && (await opened.ready()),
  });
  const work = startWork({ deps, queue: opened.queue, log, handleDelivery });
  belay(probot, { queue: opened.queue, clock, wake: work.wakeDeliveries });
  const server = httpServer({ routes, probot, log, afterwards: work.wakeEffects });
  const stop = async () => {
    stopping = true;
    await closeServer(server);
    await work.stop();
    await opened.close();
    log.info("stopped");
  };
  try {
    await listen(server, options.listen);
  } catch (error) {
    await work.stop();
    throw error;
  }
  const url = urlOf(server);
  log.info({ url, store: "database_url" in options.store ? "postgresql" : "embedded" }, "listening");
  const served = routes.map(({ method, path }) => `${method} ${path}`);
  return { url, webhook_url: `${url}${WEBHOOK_PATH}`, routes: served, stop };
}

function flowDeps(options: BotOptions, probot: Probot, { store }: OpenStore): Deps {
  return {
    store,
    github: github({ clients: (id) => probot.auth(id), app_id: options.app.id }),
    clock,
    catalog: loadCatalog(),
    settings: {
      ...DEFAULT_SETTINGS,
      reusable_workflows: options.github.workflows,
      ...options.flow_settings,
    },
  };
}

interface Serving {
  readonly routes: Parameters<typeof router>[0];
  readonly probot: Probot;
  readonly log: Logger;
  /** What a request wrote may be applied now. */
  readonly afterwards: () => void;
}

function httpServer({ routes, probot, log, afterwards }: Serving): Server {
  const fault = (error: unknown) => log.error({ err: error }, "a request failed");
  const webhooks = webhookHandler(
    {
      verify: (text, signature) => probot.webhooks.verify(text, signature),
      // Probot checks names and payloads no further: the table of app.ts parses what it uses.
      receive: (delivery) => probot.receive(delivery as Parameters<Probot["receive"]>[0]),
    },
    fault,
  );
  const api = router(routes, fault);
  const server = createServer(
    { requestTimeout: 60_000, headersTimeout: 20_000 },
    async (request, response) => {
      const started = performance.now();
      response.on("finish", () => {
        const { method, url } = request;
        const ms = Math.round(performance.now() - started);
        log.debug({ method, path: url?.split("?", 1)[0], status: response.statusCode, ms }, "request");
      });
      const answered = (await webhooks(request, response)) || (await api(request, response));
      if (!answered)
        send(response, { status: 404, body: { code: "not_found", message: "There is nothing here." } });
      afterwards();
    },
  );
  return server;
}

function listen(server: Server, { host, port }: BotOptions["listen"]): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once("error", reject);
    server.listen(port, host, resolve);
  });
}

function urlOf(server: Server): string {
  const { address, family, port } = server.address() as AddressInfo;
  return `http://${family === "IPv6" ? `[${address}]` : address}:${port}`;
}

async function closeServer(server: Server): Promise<void> {
  const closed = new Promise<void>((resolve) => server.close(() => resolve()));
  server.closeIdleConnections();
  const late = setTimeout(() => server.closeAllConnections(), DRAIN_MS);
  await closed;
  clearTimeout(late);
}
