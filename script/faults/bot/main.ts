/**
 * `npm run faults -- bot [--pull-requests N] [--deliveries N] [--kills N] [--store postgres,pglite] [--seed N] [--settle-s N] [--quick]`:
 * signed deliveries, one in five twice, shuffled, while the bot is killed and GitHub stumbles; in the end every pull request is
 * compared with a model. Exit code 1: something was lost, doubled or wrong.
 */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { parseArgs } from "node:util";
import { describeMachine } from "../../bench/frame/machine.ts";
import { printResult, say } from "../../bench/frame/output.ts";
import { startPostgres } from "../../bench/frame/postgres.ts";
import { type Result, run } from "./run.ts";
import type { StorePlace } from "./store.ts";

const { values } = parseArgs({
  options: {
    "pull-requests": { type: "string" },
    deliveries: { type: "string" },
    kills: { type: "string" },
    "per-second": { type: "string", default: "150" },
    store: { type: "string", default: "postgres,pglite" },
    seed: { type: "string", default: "1" },
    "settle-s": { type: "string", default: "1200" },
    quick: { type: "boolean", default: false },
  },
});
const usual = values.quick
  ? { pull_requests: 40, deliveries: 800, kills: 3 }
  : { pull_requests: 1_000, deliveries: 20_000, kills: 20 };
const size = {
  pull_requests: Number(values["pull-requests"] ?? usual.pull_requests),
  deliveries: Number(values.deliveries ?? usual.deliveries),
  seed: Number(values.seed),
  per_second: Number(values["per-second"]),
};
const order = { size, kills: Number(values.kills ?? usual.kills), settle_s: Number(values["settle-s"]) };

const folder = mkdtempSync(path.join(tmpdir(), "belay-faults-bot-"));
for (const name of ["SIGINT", "SIGTERM"] as const) process.once(name, () => process.exit(1));
const results: Record<string, Result> = {};
try {
  for (const store of values.store.split(",")) {
    say(`On ${store}`);
    const found = store === "postgres" ? await onPostgres() : await onFolder();
    const { lost, doubled, wrong_state } = found;
    say(`${lost} lost, ${doubled} doubled, ${wrong_state} wrong, after ${found.seconds} s`);
    results[store] = found;
  }
} finally {
  rmSync(folder, { recursive: true, force: true });
}
const all = Object.values(results);
const sum = (name: "lost" | "doubled" | "wrong_state") => all.reduce((total, one) => total + one[name], 0);
const figures = { lost: sum("lost"), doubled: sum("doubled"), wrong_state: sum("wrong_state") };
printResult({ ...figures, ...size, kills: order.kills, stores: results, machine: describeMachine() });
process.exitCode = Object.values(figures).every((count) => count === 0) ? 0 : 1;

async function onPostgres(): Promise<Result> {
  const server = await startPostgres();
  try {
    return await at({ DATABASE_URL: await server.database("belay") });
  } finally {
    await server.stop();
  }
}

function onFolder(): Promise<Result> {
  return at({ BELAY_STORE_DIR: path.join(folder, "store") });
}

function at(place: StorePlace): Promise<Result> {
  return run({ ...order, place });
}
