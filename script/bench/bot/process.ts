/** The bot as people run it: `node src/server.ts` with environment variables, killed and started again at will. */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { z } from "zod";
import type { GithubOfTests } from "../../../test/support/bot.ts";

/** What `npm start` gives to Node, so that the same is measured that people start. */
const { scripts } = z
  .object({ scripts: z.object({ start: z.string().regex(/^node .*src\/server\.ts$/) }) })
  .parse(JSON.parse(readFileSync(new URL("../../../package.json", import.meta.url), "utf8")));
const FLAGS = scripts.start.split(" ").slice(1, -1);

export const BELAY = fileURLToPath(new URL("../../../src/server.ts", import.meta.url));
export const RAW_PROBOT = fileURLToPath(new URL("probot-process.ts", import.meta.url));
const STARTS_WITHIN_MS = 60_000;
const Listening = z.object({ msg: z.literal("listening"), url: z.string() });

/** What a bot is told of its GitHub. */
export type GithubSettings = Pick<GithubOfTests, "app" | "apiUrl"> & { readonly issuer: string };

export type BotProcess = {
  readonly webhook_url: string;
  /** Of the program now, without what it shares with others. */
  readonly rss_mb: () => number;
  /** The most that it ever had. */
  readonly peak_rss_mb: () => number;
  /** Processor time of all its threads since its start. */
  readonly cpu_ms: () => number;
  readonly kill: (signal: NodeJS.Signals) => Promise<void>;
};

export type BotOptions = {
  /** Variables beside those that every bot has: where its store is. */
  readonly env: Readonly<Record<string, string>>;
  /** What Node runs; Belay's bot when absent. */
  readonly program?: string;
  /** Told of every line of its log. */
  readonly onLine?: (line: string) => void;
};

export async function startBotProcess(
  github: GithubSettings,
  { env, program = BELAY, onLine = () => undefined }: BotOptions,
): Promise<BotProcess> {
  const { app, apiUrl, issuer } = github;
  const child = spawn(process.execPath, [...(program === BELAY ? FLAGS : []), program], {
    stdio: ["ignore", "pipe", "pipe"],
    env: {
      PATH: process.env.PATH,
      APP_ID: String(app.id),
      PRIVATE_KEY: app.privateKey,
      WEBHOOK_SECRET: app.webhookSecret,
      CLIENT_ID: app.clientId,
      CLIENT_SECRET: app.clientSecret,
      GITHUB_API_URL: apiUrl,
      BELAY_OIDC_ISSUER: issuer,
      PORT: "0",
      ...env,
    },
  });
  // However this program ends, its bots end with it.
  const abandon = () => child.kill("SIGKILL");
  process.once("exit", abandon);
  child.once("exit", () => process.off("exit", abandon));
  const url = await listening(child, onLine);
  const { pid } = child;
  return {
    webhook_url: `${url}/api/github/webhooks`,
    rss_mb: () => megabytes(pid, "VmRSS"),
    peak_rss_mb: () => megabytes(pid, "VmHWM"),
    cpu_ms: () => cpu(pid),
    kill: async (signal) => {
      const ended = once(child, "exit");
      if (child.exitCode === null && child.signalCode === null && child.kill(signal)) await ended;
    },
  };
}

/** The address that it tells in its log. */
function listening(child: ChildProcess, onLine: (line: string) => void): Promise<string> {
  let said = "";
  child.stderr?.on("data", (chunk) => {
    said += chunk;
  });
  return new Promise((resolve, reject) => {
    const give_up = () => {
      child.kill("SIGKILL");
      reject(new Error(`The bot did not start: ${said}`));
    };
    const timer = setTimeout(give_up, STARTS_WITHIN_MS);
    child.once("exit", give_up);
    if (child.stdout === null) return give_up();
    createInterface({ input: child.stdout }).on("line", (line) => {
      onLine(line);
      const told = line.includes('"listening"') ? Listening.safeParse(JSON.parse(line)) : null;
      if (!told?.success) return;
      clearTimeout(timer);
      child.off("exit", give_up);
      resolve(told.data.url);
    });
  });
}

function megabytes(pid: number | undefined, field: "VmRSS" | "VmHWM"): number {
  const status = readFileSync(`/proc/${pid}/status`, "utf8");
  return Math.round(Number(new RegExp(`^${field}:\\s+(\\d+)`, "m").exec(status)?.[1]) / 1024);
}

/** Linux counts in hundredths of a second on every architecture that it shows to programs. */
function cpu(pid: number | undefined): number {
  const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  return (Number(fields[11]) + Number(fields[12])) * 10;
}
