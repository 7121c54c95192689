/** The bot as a process, on a store directory: killed at any moment it loses nothing and repeats nothing. */
import { type ChildProcess, spawn } from "node:child_process";
import { randomUUID } from "node:crypto";
import { once } from "node:events";
import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { afterAll, afterEach, beforeAll, expect, test, vi } from "vitest";
import { z } from "zod";
import { startPostgres } from "../../script/bench/frame/postgres.ts";
import { MIGRATIONS } from "../../src/store/migrate.ts";
import { openStore } from "../../src/store/open.ts";
import { type Double, startDouble } from "../double/double.ts";
import { sign } from "../double/webhooks.ts";

const SERVER = join(import.meta.dirname, "../../src/server.ts");
const PATIENT = { timeout: 40_000, interval: 50 };
const Listening = z.object({ msg: z.literal("listening"), url: z.string() });

let double: Double;
let directory: string;
const running = new Set<ChildProcess>();

beforeAll(async () => {
  directory = mkdtempSync(join(tmpdir(), "belay-server-"));
  double = await startDouble({
    repositories: [
      { name: "acme/shop", files: { "a.txt": "a" }, branches: ["staging"], people: { ann: "write" } },
    ],
  });
});
afterEach(async () => {
  for (const child of running) await end(child, "SIGKILL");
});
afterAll(async () => {
  await double.close();
  rmSync(directory, { recursive: true });
});

function spawnBot(given: Readonly<Record<string, string>> = {}): ChildProcess {
  const { app } = double;
  const child = spawn(process.execPath, [SERVER], {
    stdio: ["ignore", "pipe", "pipe"],
    env: {
      PATH: process.env.PATH,
      APP_ID: String(app.id),
      PRIVATE_KEY: app.privateKey,
      WEBHOOK_SECRET: app.webhookSecret,
      CLIENT_ID: app.clientId,
      CLIENT_SECRET: app.clientSecret,
      GITHUB_API_URL: double.apiUrl,
      BELAY_OIDC_ISSUER: double.oidc.issuer(),
      BELAY_STORE_DIR: directory,
      PORT: "0",
      ...given,
    },
  });
  running.add(child);
  child.once("exit", () => running.delete(child));
  return child;
}

async function end(child: ChildProcess, signal: NodeJS.Signals): Promise<number | null> {
  const exited = once(child, "exit");
  child.kill(signal);
  const [code] = await exited;
  return code;
}

interface Running {
  readonly child: ChildProcess;
  readonly webhook_url: string;
  /** What it has logged so far. */
  readonly lines: readonly string[];
}

async function startBot(given: Readonly<Record<string, string>> = {}): Promise<Running> {
  const child = spawnBot(given);
  if (child.stdout === null) throw new Error("the bot has no output");
  const lines: string[] = [];
  createInterface({ input: child.stdout }).on("line", (line) => lines.push(line));
  const url = await vi.waitFor(() => {
    const listening = lines
      .map((line) => Listening.safeParse(JSON.parse(line)))
      .find(({ success }) => success);
    if (listening?.data === undefined) throw new Error("the bot does not listen");
    return listening.data.url;
  }, PATIENT);
  const webhook_url = `${url}/api/github/webhooks`;
  double.connect(webhook_url);
  return { child, webhook_url, lines };
}

/** Someone who saw a delivery sends it again under another id: the signature does not cover the id. */
async function replay({ webhook_url }: Running, body: string): Promise<string> {
  const id = randomUUID();
  const response = await fetch(webhook_url, {
    method: "POST",
    body,
    headers: {
      "content-type": "application/json",
      "x-github-delivery": id,
      "x-github-event": "issue_comment",
      "x-hub-signature-256": sign(double.app.webhookSecret, body),
    },
  });
  expect(response.status).toBe(200);
  return id;
}

test("killed after it took a comment, it answers once after the restart; told again, it stays silent", async () => {
  const first = await startBot();
  const ann = double.as("ann");
  await ann.push("staging", { "a.txt": "b" });
  const pull = await ann.openPullRequest({ title: "Promote", head: "staging", base: "main" });
  double.faults.plan("POST */issues/*/comments", "lost-answer");
  await ann.comment(pull, "/help");
  await end(first.child, "SIGKILL");

  const second = await startBot();
  const answers = () => double.comments(pull).filter(({ author }) => author !== "ann");
  await vi.waitFor(() => expect(answers()).toHaveLength(1), PATIENT);

  const delivery = double.webhooks.deliveries.findLast(
    ({ event, body }) => event === "issue_comment" && body.includes("/help"),
  );
  if (delivery === undefined) throw new Error("the comment was not delivered");
  await double.webhooks.redeliver(delivery);
  const replayed = await replay(second, delivery.body);
  await vi.waitFor(() => {
    const handled = second.lines.find((line) => line.includes(replayed) && line.includes("delivery handled"));
    expect(handled).toContain("seen before");
  }, PATIENT);
  expect(await end(second.child, "SIGTERM")).toBe(0);
  expect(answers()).toHaveLength(1);
  expect(second.lines.join()).not.toContain(double.app.webhookSecret);
}, 120_000);

test("without a webhook secret it does not start, says so in a sentence, and touches no store", async () => {
  const bot = spawnBot({ WEBHOOK_SECRET: "", BELAY_STORE_DIR: join(directory, "never") });
  let said = "";
  bot.stderr?.on("data", (chunk) => {
    said += chunk;
  });
  const [code] = await once(bot, "close");
  expect(code).toBe(1);
  expect(said).toBe(
    "Belay cannot start:\n- WEBHOOK_SECRET is not set: without it anybody could send webhooks in GitHub's name; " +
      "it is the secret of the App's webhook.\n",
  );
  expect(existsSync(join(directory, "never"))).toBe(false);
}, 60_000);

test("a second bot on the same store is refused while the first one runs", async () => {
  const first = await startBot();
  const second = spawnBot();
  let said = "";
  second.stderr?.on("data", (chunk) => {
    said += chunk;
  });
  const [code] = await once(second, "close");
  expect(code).toBe(1);
  expect(said).toBe(
    `The store in ${directory} is in use by another Belay (process ${first.child.pid}), and only one may use a directory. ` +
      "Stop the other one, choose another BELAY_STORE_DIR, or let both use one PostgreSQL through DATABASE_URL.\n",
  );
  expect(await end(first.child, "SIGTERM")).toBe(0);
}, 120_000);

test("a newer Belay changed the tables of the database meanwhile: the older bot stops, and says what to do", async () => {
  const postgres = await startPostgres();
  try {
    const url = await postgres.database("outdated");
    const old = await startBot({ DATABASE_URL: url, BELAY_STORE_DIR: "" });
    // Not `exit`: what it wrote last may still be on its way then.
    const exited = once(old.child, "close");
    const newer = await openStore({ kind: "postgres", url, onLost: () => undefined });
    const version = MIGRATIONS.length + 1;
    await newer.sql(`insert into belay_migrations (version, name) values (${version}, 'of-a-newer-one')`);
    await newer.close();
    expect((await exited)[0]).toBe(1);
    expect(old.lines.join("\n")).toContain("The database has been changed by a newer Belay (step ");
    // Both are written within a millisecond, and which comes first is the logger's.
    expect(old.lines.join("\n")).toContain('"msg":"stopped"');

    const again = spawnBot({ DATABASE_URL: url, BELAY_STORE_DIR: "" });
    expect((await once(again, "close"))[0]).toBe(1);
  } finally {
    await postgres.stop();
  }
}, 120_000);
