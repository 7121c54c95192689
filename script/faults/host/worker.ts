/** Plays the cases whose names the parent sends, one after the other, on sites of its own; answers each with its row. */
import { say as tell } from "../../bench/frame/output.ts";
import { CASES } from "./cases.ts";
import { failed, type Row } from "./row.ts";
import { reset, runCase } from "./run.ts";
import { makeWorld, startWorldsLaboratory, type World } from "./world.ts";

const label = process.argv[2] ?? "";
const say = (sentence: string) => tell(`[${label}] ${sentence}`);
let world: World | undefined;
let turn: Promise<unknown> = Promise.resolve();

process.on("message", (name) => {
  turn = turn.then(() => play(String(name))).catch(leave);
});
process.once("disconnect", () => void turn.finally(() => leave()));
for (const name of ["SIGINT", "SIGTERM"] as const) process.once(name, () => leave());
process.once("uncaughtException", leave);

async function play(name: string): Promise<void> {
  const one = CASES.find((known) => known.name === name);
  if (one === undefined) throw new Error(`There is no case ${name}.`);
  const started = performance.now();
  const row = await (async () => {
    world ??= await open();
    return runCase(world, one);
  })().catch((error: unknown): Row => failed(one, String(error), started));
  process.send?.(row);
  if (world !== undefined && !(await reset(world))) {
    say("The sites cannot be put back; the next case gets new ones.");
    await close();
  }
}

async function open(): Promise<World> {
  const lab = await startWorldsLaboratory(say);
  try {
    return await makeWorld(lab, say);
  } catch (error) {
    await lab.stop();
    throw error;
  }
}

async function close(): Promise<void> {
  const left = world;
  world = undefined;
  if (left === undefined) return;
  await left.lab.stop();
}

function leave(error?: unknown): void {
  if (error instanceof Error) console.error(error);
  void close().finally(() => process.exit(error instanceof Error ? 1 : 0));
}
