/** One run on one store: deliveries while the bot is killed and GitHub stumbles, then rest, then the comparison. */
import { randomBytes } from "node:crypto";
import { createServer } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { z } from "zod";
import { type BotProcess, startBotProcess } from "../../bench/bot/process.ts";
import { say } from "../../bench/frame/output.ts";
import {
  type Progress,
  Progress as ProgressShape,
  Remains,
  Settings,
  type Size,
  startGithub,
} from "./github.ts";
import { type Judgement, judge } from "./model.ts";
import { randomFrom } from "./random.ts";
import { keyOf, type Recorded, readStore, type StorePlace } from "./store.ts";

export type Order = {
  readonly place: StorePlace;
  readonly size: Size;
  readonly kills: number;
  /** How long what was interrupted may take to heal. */
  readonly settle_s: number;
};

export type Result = {
  readonly lost: number;
  readonly doubled: number;
  readonly wrong_state: number;
  readonly kills: number;
  readonly faults: number;
  readonly deliveries: number;
  /** What the bot asked for again, and what it read instead. */
  readonly redelivered: number;
  readonly read: number;
  /** Deliveries that the bot never got, though it could have asked for them. */
  readonly undelivered: number;
  readonly settled_s: number;
  readonly seconds: number;
  /** The first of each kind. */
  readonly complaints: readonly string[];
};

const POLL_MS = 500;
/** A bot that was killed while it read deliveries, or met a fault, reads on after its claim to them has run out. */
const QUIET_S = 80;
/** Runs end at once here; their next attempts need not wait for minutes. */
const RETRY_WAITS = "5,10";
const SHOWN = 10;

export async function run({ place, size, kills, settle_s }: Order): Promise<Result> {
  const began = performance.now();
  const github = startGithub();
  const settings = await github.ask({ do: "begin", size }, Settings);
  say(`${size.deliveries} deliveries are ready`);
  const token = randomBytes(16).toString("hex");
  const told = { BELAY_METRICS_TOKEN: token, BELAY_RETRY_WAITS: RETRY_WAITS, LOG_LEVEL: "info" };
  const env = { ...place, ...told, PORT: String(await freePort()) };
  const start = () => startBotProcess(settings, { env });
  let bot = await start();
  const progress = () => github.ask({ do: "progress" }, ProgressShape);
  const random = randomFrom(size.seed);
  try {
    await github.ask({ do: "deliver", url: bot.webhook_url, size }, z.unknown());
    for (let kill = 1; kill <= kills; kill++) {
      await until(async () => (await progress()).sent >= (size.deliveries * kill) / (kills + 1));
      await sleep(random.below(400));
      await bot.kill("SIGKILL");
      bot = await start();
      say(`Killed ${kill} of ${kills} times, and started again`);
    }
    await until(async () => (await progress()).done);
    await github.ask({ do: "heal" }, z.unknown());
    const settled_s = await settle({ bot, token, progress, settle_s });
    await bot.kill("SIGTERM");
    const end = await progress();
    const remains = await github.ask({ do: "end" }, Remains);
    const recorded = await readStore(place, remains.run_titles);
    const undelivered = remains.unanswered.filter((guid) => !recorded.guids.has(guid)).length;
    const figures = summary(compare(remains, recorded), end);
    return { ...figures, undelivered, kills, settled_s, seconds: secondsSince(began) };
  } finally {
    await bot.kill("SIGKILL");
    await github.end();
  }
}

function summary(judged: Judgement, { sent, redelivered, read, faults }: Progress) {
  const { lost, doubled, wrong_state } = judged;
  return {
    ...{ lost: lost.length, doubled: doubled.length, wrong_state: wrong_state.length },
    ...{ faults, deliveries: sent, redelivered, read },
    complaints: [lost, doubled, wrong_state].flatMap((all) => all.slice(0, SHOWN)),
  };
}

function compare({ pulls, problems }: Remains, recorded: Recorded): Judgement {
  const all = pulls.map(({ expected, ...github }) => {
    const key = keyOf(expected.repository, expected.number);
    const stored = recorded.pulls.get(key) ?? null;
    return judge(expected, { ...github, stored, operations: recorded.operations.get(key) ?? [] });
  });
  const unfinished = recorded.unfinished.map(({ what, count }) => `${count} times: ${what}`);
  return {
    lost: [...unfinished, ...all.flatMap(({ lost }) => lost)],
    doubled: all.flatMap(({ doubled }) => doubled),
    wrong_state: [
      ...problems.map((problem) => `GitHub would not have understood: ${problem}`),
      ...all.flatMap(({ wrong_state }) => wrong_state),
    ],
  };
}

type Settling = {
  readonly bot: BotProcess;
  readonly token: string;
  readonly progress: () => Promise<Progress>;
  readonly settle_s: number;
};

/**
 * Until nothing waits, no operation is open and no delivery is asked for any more, and that for a while; or until the time is over, which shows in
 * the comparison. @returns when it became so, in seconds
 */
async function settle({ bot, token, progress, settle_s }: Settling): Promise<number> {
  const began = performance.now();
  let told = 0;
  let quiet = 0;
  let before = -1;
  while (secondsSince(began) < settle_s) {
    const { unanswered } = await progress();
    const waiting = await waitingIn(bot, token);
    if (unanswered !== before || waiting > 0) quiet = secondsSince(began);
    else if (secondsSince(began) - quiet >= QUIET_S) return quiet;
    before = unanswered;
    if (secondsSince(began) - told >= 30) {
      told = secondsSince(began);
      say(`${unanswered} deliveries were not answered, ${waiting} pieces of work wait`);
    }
    await sleep(POLL_MS);
  }
  return secondsSince(began);
}

const OPEN = /^belay_(?:deliveries|effects)\{state="pending"\} (\d+)$|^belay_locks (\d+)$/gm;

async function waitingIn({ webhook_url }: BotProcess, token: string): Promise<number> {
  const address = new URL("/api/metrics", webhook_url);
  const response = await fetch(address, { headers: { authorization: `Bearer ${token}` } });
  const text = await response.text();
  if (!response.ok) throw new Error(`The bot's metrics were refused: ${text}`);
  return [...text.matchAll(OPEN)].reduce((sum, [, work, locks]) => sum + Number(work ?? locks), 0);
}

async function until(reached: () => Promise<boolean>): Promise<void> {
  while (!(await reached())) await sleep(POLL_MS);
}

const secondsSince = (began: number): number => Math.round((performance.now() - began) / 1000);

/** The same port for every start, because GitHub knows one address. */
async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  if (address === null || typeof address === "string") throw new Error("no port is free");
  return address.port;
}
