/**
 * How fast the bot acknowledges webhooks, how soon it shows that it understood a command, and how much memory it needs: on PostgreSQL
 * with one, two and four bots, on the embedded store, and raw Probot with an empty handler beside them.
 */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { describeMachine, observeLoad } from "../frame/machine.ts";
import { printResult, say } from "../frame/output.ts";
import { type Postgres, startPostgres } from "../frame/postgres.ts";
import { median, rounded } from "../frame/rounds.ts";
import { startGithub } from "./github.ts";
import {
  acknowledging,
  EMBEDDED_PER_SECOND,
  type Figures,
  firstChecks,
  PER_SECOND,
  type Setting,
} from "./measure.ts";
import { readOptions, USAGE } from "./options.ts";
import { type BotOptions, RAW_PROBOT } from "./process.ts";

const GOALS = { events_per_s: 1_000, ack_p99_ms: 50, first_check_ms: 500, rss_mb: 250 };
const MANY = [1, 2, 4];

const { rounds, share } = chosen();
const sizes = { warm_up: 3_000 * share, flood: 8_000 * share, steady: 4_000 * share, comments: 10 * share };

const folder = mkdtempSync(path.join(tmpdir(), "belay-bench-bot-"));
let postgres: Postgres | undefined;
let stores = 0;
process.once("exit", () => rmSync(folder, { recursive: true, force: true }));
const stop = () => process.exit(1);
for (const name of ["SIGINT", "SIGTERM"] as const) process.once(name, stop);
try {
  const load = await observeLoad();
  postgres = await startPostgres();
  const github = await startGithub();
  const setting: Setting = { github, sizes, happened: await github.happenings(200) };
  const result = await measure(setting, postgres);
  const problems = await github.close();
  if (problems.length > 0) throw new Error(`GitHub would not have understood: ${problems.join("; ")}`);
  const { bots, first_check_ms } = result;
  const [one] = bots;
  if (one === undefined) throw new Error("no bot was measured");
  const figures = { ...one.figures, first_check_ms: first_check_ms.postgres };
  const reached = {
    events_per_s: figures.events_per_s >= GOALS.events_per_s,
    ack_p99_ms: figures.ack_p99_ms <= GOALS.ack_p99_ms,
    first_check_ms: figures.first_check_ms <= GOALS.first_check_ms,
    rss_mb: figures.rss_mb <= GOALS.rss_mb,
  };
  printResult({
    ...figures,
    ...{ per_s: PER_SECOND, goals: GOALS, reached },
    bots: Object.fromEntries(bots.map((row) => [row.count, row.figures])),
    pglite: { ...result.pglite, first_check_ms: first_check_ms.pglite, per_s: EMBEDDED_PER_SECOND },
    raw_probot: result.raw_probot,
    ...{ rounds, sizes, load, machine: describeMachine() },
  });
} finally {
  await postgres?.stop();
}

async function measure(setting: Setting, server: Postgres) {
  const onPostgres = async (count: number): Promise<readonly BotOptions[]> => {
    const DATABASE_URL = await server.database(`bots_${++stores}`);
    return Array.from({ length: count }, () => ({ env: { DATABASE_URL } }));
  };
  const embedded = (): BotOptions => ({
    env: { BELAY_STORE_DIR: path.join(folder, `store-${++stores}`) },
  });
  const contenders: Record<string, () => Promise<readonly BotOptions[]>> = {
    raw_probot: async () => [{ env: {}, program: RAW_PROBOT }],
    ...Object.fromEntries(MANY.map((count) => [String(count), () => onPostgres(count)])),
    pglite: async () => [embedded()],
  };
  const figures: Record<string, Figures[]> = {};
  for (let round = 1; round <= rounds; round++) {
    for (const [name, starts] of Object.entries(contenders)) {
      const rate = name === "pglite" ? EMBEDDED_PER_SECOND : PER_SECOND;
      const found = await acknowledging(setting, await starts(), rate);
      figures[name] = [...(figures[name] ?? []), found];
      say(
        `Round ${round}, ${nameOf(name)}: ${found.events_per_s} a second; at ${rate} a second half within ` +
          `${found.ack_p50_ms} ms, 99 % within ${found.ack_p99_ms} ms; ${found.rss_mb} MB`,
      );
    }
  }
  // One command after the other is no idle bot's day: GitHub's limit of writes would have them wait for each other.
  const alone = ({ env }: BotOptions): BotOptions => ({ env: { ...env, BELAY_WRITES_PER_MINUTE: "10000" } });
  const [onServer] = await onPostgres(1);
  if (onServer === undefined) throw new Error("no bot");
  const first_check_ms = {
    postgres: rounded(median(await firstChecks(setting, alone(onServer), 0))),
    pglite: rounded(median(await firstChecks(setting, alone(embedded()), 1_000))),
  };
  say(
    `The first check comes after ${first_check_ms.postgres} ms; with the embedded store ${first_check_ms.pglite} ms`,
  );
  const of = (name: string) => middle(figures[name] ?? []);
  const bots = MANY.map((count) => ({ count, figures: of(String(count)) }));
  return { bots, pglite: of("pglite"), raw_probot: of("raw_probot"), first_check_ms };
}

function nameOf(contender: string): string {
  if (contender === "raw_probot") return "raw Probot";
  return contender === "pglite" ? "embedded store" : `${contender} on PostgreSQL`;
}

/** The median of each figure by itself. */
function middle(all: readonly Figures[]): Figures {
  const of = (name: keyof Figures) => rounded(median(all.map((one) => one[name])));
  return {
    events_per_s: of("events_per_s"),
    ack_p50_ms: of("ack_p50_ms"),
    ack_p99_ms: of("ack_p99_ms"),
    rss_idle_mb: of("rss_idle_mb"),
    rss_mb: of("rss_mb"),
    cpu_ms_per_event: of("cpu_ms_per_event"),
  };
}

/** Ends the program where nothing is to be measured. */
function chosen() {
  try {
    const options = readOptions(process.argv.slice(2));
    if (options !== null) return options;
    console.error(USAGE);
    process.exit(0);
  } catch (error) {
    console.error(`${error instanceof Error ? error.message : String(error)}\n${USAGE}`);
    process.exit(2);
  }
}
