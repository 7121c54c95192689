/** What one bot, or several on one database, do with deliveries: each figure with fresh bots and an empty store. */
import { rounded } from "../frame/rounds.ts";
import { asFastAsPossible, atRate, type Load } from "./client.ts";
import { deliveries, percentile, perSecond } from "./deliveries.ts";
import type { GithubProcess, Happened } from "./github.ts";
import { type BotOptions, type BotProcess, startBotProcess } from "./process.ts";

export const PER_SECOND = 500;
/** For the embedded store: far fewer than it takes, so that its answers tell of it and not of a queue. */
export const EMBEDDED_PER_SECOND = 25;
const STEADY_S = 20;
const CONNECTIONS = 64;

export type Sizes = {
  /** Deliveries before anything is measured, and in each measurement. */
  readonly warm_up: number;
  readonly flood: number;
  readonly steady: number;
  readonly comments: number;
};

export type Setting = {
  readonly github: GithubProcess;
  readonly happened: readonly Happened[];
  readonly sizes: Sizes;
};

export type Figures = {
  readonly events_per_s: number;
  readonly ack_p50_ms: number;
  readonly ack_p99_ms: number;
  readonly rss_idle_mb: number;
  /** The most that one of the bots ever had. */
  readonly rss_mb: number;
  /** Processor time of all bots for a delivery that is acknowledged, with what they do for others meanwhile. */
  readonly cpu_ms_per_event: number;
};

/** Acknowledgements of webhooks, as many as go and then at a steady rate. The bots work on what they took all the while. */
export async function acknowledging(
  setting: Setting,
  starts: readonly BotOptions[],
  per_second: number,
): Promise<Figures> {
  const bots = await Promise.all(starts.map((one) => startBotProcess(setting.github.settings, one)));
  try {
    const rss_idle_mb = Math.max(...bots.map((bot) => bot.rss_mb()));
    const urls = bots.map(({ webhook_url }) => webhook_url);
    await flood(setting, urls, setting.sizes.warm_up);
    const before = cpuOf(bots);
    const flooded = await flood(setting, urls, setting.sizes.flood);
    const cpu = cpuOf(bots) - before;
    const count = Math.min(setting.sizes.steady, per_second * STEADY_S);
    const steady = await atRate(urls, deliveries(setting.happened, count), per_second);
    return {
      events_per_s: perSecond(flooded),
      ack_p50_ms: percentile(steady.answers, 0.5),
      ack_p99_ms: percentile(steady.answers, 0.99),
      rss_idle_mb,
      rss_mb: Math.max(...bots.map((bot) => bot.peak_rss_mb())),
      cpu_ms_per_event: rounded(cpu / setting.sizes.flood),
    };
  } finally {
    await Promise.all(bots.map((bot) => bot.kill("SIGKILL")));
  }
}

function flood({ happened }: Setting, urls: readonly string[], count: number): Promise<Load> {
  return asFastAsPossible(urls, deliveries(happened, count), CONNECTIONS);
}

const cpuOf = (bots: readonly BotProcess[]): number => bots.reduce((sum, bot) => sum + bot.cpu_ms(), 0);

/** Milliseconds from each of some comments to the first check run that its command writes; the bot does nothing else meanwhile. */
export async function firstChecks(
  { github, sizes }: Setting,
  start: BotOptions,
  firstRound: number,
): Promise<readonly number[]> {
  const bot = await startBotProcess(github.settings, start);
  try {
    await github.connect(bot.webhook_url);
    const times: number[] = [];
    for (let round = 0; round <= sizes.comments; round++) {
      const { first_check_ms } = await github.firstCheck(firstRound + round);
      // The first one makes connections and compiles what the double checks with.
      if (round > 0) times.push(first_check_ms);
    }
    return times;
  } finally {
    await github.connect(null);
    await bot.kill("SIGKILL");
  }
}
