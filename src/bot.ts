/** Puts the bot together from its settings: store, GitHub, webhooks, API, and the loops that do the work. */
import { randomUUID } from "node:crypto";
import { type Logger, pino } from "pino";
import { Probot } from "probot";
import { handleDelivery, isKnownEvent, receiveInto } from "./app.ts";
import { loadCatalog } from "./catalog-files.ts";
import { DEFAULT_SETTINGS, type Deps, type FlowSettings } from "./flows/deps.ts";
import { boundedFetch, type Clients, octokitClass } from "./github/client.ts";
import { appDeliveries } from "./github/deliveries.ts";
import { github } from "./github/github.ts";
import { remembering, userTokens } from "./github/user-token.ts";
import { apiRoutes } from "./http/api.ts";
import { runnerVerifier } from "./http/oidc.ts";
import { closeServer, httpServer, listen, urlOf } from "./http/server.ts";
import { WEBHOOK_PATH, type WebhookReceiver } from "./http/webhook.ts";
import { logOptions } from "./log.ts";
import { startLoop } from "./loop.ts";
import type { Clock } from "./ports/clock.ts";
import { startReconciler } from "./reconcile.ts";
import type { BotSettings } from "./settings.ts";
import { type OpenStore, openStore } from "./store/open.ts";
import { type JudgePool, judgePool } from "./validation/pool.ts";
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

export interface BotOptions extends Omit<BotSettings, "store" | "flow_settings"> {
  /** In memory everything is lost at the end: for tests. */
  readonly store: BotSettings["store"] | { readonly memory: true };
  /** Other values than the shipped ones, for tests. */
  readonly flow_settings?: Partial<FlowSettings>;
  readonly log?: Logger;
  /** A newer Belay changed the store's tables: the bot has stopped, once and for all. */
  readonly onOutdated?: () => void;
}

const clock: Clock = { now: () => new Date().toISOString(), id: randomUUID };

/** How soon a bot notices that a newer one has changed the tables. */
const OUTDATED_MS = 10_000;

/** @throws StoreError when the store cannot be opened; an error of the system when the port cannot be had */
export async function startBot(options: BotOptions): Promise<Bot> {
  const log = options.log ?? pino(logOptions(options.log_level));
  const probot = new Probot({
    appId: options.app.id,
    privateKey: options.app.private_key,
    secret: options.app.webhook_secret,
    baseUrl: options.github.api_url,
    Octokit: octokitClass(options.github.writes_per_minute),
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
  const packages = judgePool();
  const deps = flowDeps(options, { probot, opened, packages });
  let stopping = false;
  const routes = apiRoutes({
    deps,
    queue: opened.queue,
    loginOf: remembering(
      userTokens({ ...options.app, base_url: options.github.api_url, fetch: boundedFetch() }),
      () => performance.now(),
    ),
    verifyRunner: runnerVerifier({
      issuer: options.github.oidc_issuer,
      audience: options.github.oidc_audience,
    }),
    metrics: { figures: () => opened.queue.figures(clock.now()), token: options.metrics_token },
    ready: async () => !stopping && (await opened.ready()),
  });
  const work = startWork({ deps, queue: opened.queue, log, handleDelivery });
  const receiver: WebhookReceiver = {
    verify: (text, signature) => probot.webhooks.verify(text, signature),
    receive: receiveInto({ queue: opened.queue, clock, wake: work.wakeDeliveries }),
  };
  const reconciler = startReconciler({
    deps,
    queue: opened.queue,
    sweeps: opened.sweeps,
    deliveries: appDeliveries(() => probot.auth()),
    wanted: isKnownEvent,
    receive: receiver.receive,
    log,
    wake: work.wakeEffects,
  });
  const stopWork = async () => {
    await Promise.all([work.stop(), reconciler.stop()]);
    await packages.close();
  };
  const server = httpServer({ routes, receiver, log, afterwards: work.wakeEffects });
  const watch = startLoop({
    step: async () => {
      const error = stopping ? null : await opened.outdated();
      if (error === null) return false;
      log.fatal({ code: error.code }, error.message);
      // It waits for this step to end, among others.
      stop().then(options.onOutdated, (fault: unknown) =>
        log.fatal({ err: fault }, "could not stop cleanly"),
      );
      return false;
    },
    workers: 1,
    pollMs: OUTDATED_MS,
    onFault: (error) => log.debug({ err: error }, "the store could not be asked for its steps"),
  });
  let ended: Promise<void> | undefined;
  const stop = () => {
    ended ??= end();
    return ended;
  };
  const end = async () => {
    stopping = true;
    await Promise.all([closeServer(server), watch.stop()]);
    await stopWork();
    await opened.close();
    log.info("stopped");
  };
  try {
    await listen(server, options.listen);
  } catch (error) {
    await Promise.all([stopWork(), watch.stop()]);
    throw error;
  }
  const url = urlOf(server);
  log.info({ url, store: "database_url" in options.store ? "postgresql" : "embedded" }, "listening");
  const served = routes.map(({ method, path }) => `${method} ${path}`);
  return { url, webhook_url: `${url}${WEBHOOK_PATH}`, routes: served, stop };
}

interface Adapters {
  readonly probot: Probot;
  readonly opened: OpenStore;
  readonly packages: JudgePool;
}

function flowDeps(options: BotOptions, { probot, opened, packages }: Adapters): Deps {
  return {
    store: opened.store,
    github: github({
      clients: keptClients(probot),
      app_id: options.app.id,
      sync_webhooks: options.sync_webhooks,
    }),
    clock,
    catalog: loadCatalog(),
    packages,
    settings: {
      ...DEFAULT_SETTINGS,
      reusable_workflows: options.github.workflows,
      policy_repositories: options.policy_repositories,
      ...options.flow_settings,
    },
  };
}

/** One client for each installation: it gets new tokens by itself, and to make one takes longer than a request. */
function keptClients(probot: Probot): Clients {
  const kept = new Map<number, ReturnType<Clients>>();
  return (installation_id) => {
    const known = kept.get(installation_id);
    if (known !== undefined) return known;
    const made = probot.auth(installation_id);
    kept.set(installation_id, made);
    made.catch(() => kept.delete(installation_id));
    return made;
  };
}
