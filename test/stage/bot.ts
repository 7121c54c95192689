/** The bot as a process of its own, configured as docs/operating.md says, with its embedded store below the laboratory's folder. */
import { writeFile } from "node:fs/promises";
import path from "node:path";
import type { Double } from "../double/double.ts";
import type { Laboratory } from "../lab/laboratory.ts";
import { type Server, startServer } from "../lab/servers.ts";
import { BELAY } from "./github.ts";
import { PROJECT } from "./host.ts";

export async function startBot(lab: Laboratory, double: Double, port: number): Promise<Server> {
  const key = path.join(lab.folder, "app.pem");
  await writeFile(key, double.app.privateKey, { mode: 0o600 });
  const url = `http://127.0.0.1:${port}`;
  const settings = {
    PORT: String(port),
    HOST: "127.0.0.1",
    APP_ID: String(double.app.id),
    PRIVATE_KEY_PATH: key,
    WEBHOOK_SECRET: double.app.webhookSecret,
    CLIENT_ID: double.app.clientId,
    CLIENT_SECRET: double.app.clientSecret,
    GITHUB_API_URL: double.url,
    BELAY_OIDC_ISSUER: double.oidc.issuer(),
    BELAY_STORE_DIR: path.join(lab.folder, "store"),
    BELAY_WORKFLOWS: `${BELAY}/.github/workflows/promote.yml`,
    // A story that breaks something wants to see it broken, not mended a minute later.
    BELAY_RETRY_WAITS: "none",
    // Nobody comments as quickly as these stories do; the double has no such limit.
    BELAY_WRITES_PER_MINUTE: "10000",
    LOG_LEVEL: "info",
  };
  const assignments = Object.entries(settings).map(([name, value]) => `${name}=${value}`);
  const bot = await startServer({
    name: "the bot",
    command: ["env", ...assignments, process.execPath, path.join(PROJECT, "src/server.ts")],
    log: path.join(lab.folder, "bot.log"),
    ready: async () => (await fetch(`${url}/readyz`)).ok,
  });
  double.connect(`${url}/api/github/webhooks`);
  return bot;
}
