/**
 * `npm run faults -- bot`: signed deliveries, one in five twice, shuffled, while the bot is killed and GitHub stumbles; in the end
 * every pull request is compared with a model. Exit code 1: something was lost, doubled or wrong.
 */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { describeMachine } from "../../bench/frame/machine.ts";
import { printResult, say } from "../../bench/frame/output.ts";
import { startPostgres } from "../../bench/frame/postgres.ts";
import { readOptions, USAGE } from "./options.ts";
import { type Result, run } from "./run.ts";
import type { StorePlace } from "./store.ts";

const { stores, ...order } = chosen();
const { size } = order;

const folder = mkdtempSync(path.join(tmpdir(), "belay-faults-bot-"));
// Also where it is interrupted, or fails.
process.once("exit", () => rmSync(folder, { recursive: true, force: true }));
for (const name of ["SIGINT", "SIGTERM"] as const) process.once(name, () => process.exit(1));
const results: Record<string, Result> = {};
for (const store of stores) {
  say(`On ${store}`);
  const found = store === "postgres" ? await onPostgres() : await onFolder();
  const { lost, doubled, wrong_state } = found;
  say(`${lost} lost, ${doubled} doubled, ${wrong_state} wrong, after ${found.seconds} s`);
  results[store] = found;
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

/** Ends the program where nothing is to be broken. */
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
