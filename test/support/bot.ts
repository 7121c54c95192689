/** The bot in this process, on a store in memory, as the App of a double of GitHub. */
import { randomBytes } from "node:crypto";
import { pino } from "pino";
import { type Bot, type BotOptions, startBot } from "../../src/bot.ts";
import { logOptions } from "../../src/log.ts";

/** Made anew for each process. */
export const METRICS_TOKEN = randomBytes(16).toString("hex");

/** What the bot must be told of a GitHub; the double's own `Double` has it. */
export interface GithubOfTests {
  readonly url: string;
  readonly apiUrl: string;
  readonly app: {
    readonly id: number;
    readonly privateKey: string;
    readonly clientId: string;
    readonly clientSecret: string;
    readonly webhookSecret: string;
  };
  readonly oidc: { readonly issuer: () => string };
  readonly connect: (webhookUrl: string | null) => void;
}

/** Starts a bot and points the App's webhooks at it. `lines` receives its log, one JSON object a line. */
export async function startTestBot(
  github: GithubOfTests,
  options: Partial<BotOptions> & { readonly lines?: string[] } = {},
): Promise<Bot> {
  const { lines, ...more } = options;
  const log = pino(logOptions("debug"), { write: (line: string) => void lines?.push(line) });
  const bot = await startBot({ ...settingsFor(github), log, ...more });
  github.connect(bot.webhook_url);
  return bot;
}

export function settingsFor({ app, apiUrl, oidc }: GithubOfTests): BotOptions {
  return {
    app: {
      id: app.id,
      private_key: app.privateKey,
      webhook_secret: app.webhookSecret,
      client_id: app.clientId,
      client_secret: app.clientSecret,
    },
    github: {
      api_url: apiUrl,
      oidc_issuer: oidc.issuer(),
      oidc_audience: "belay",
      workflows: ["belay-bot/belay/.github/workflows/promote.yml"],
      writes_per_minute: 10_000,
    },
    policy_repositories: {},
    sync_webhooks: {},
    store: { memory: true },
    listen: { host: "127.0.0.1", port: 0 },
    metrics_token: METRICS_TOKEN,
    log_level: "debug",
  };
}
