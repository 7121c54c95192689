/**
 * `npm run faults -- host [--quick] [--only <words>] [--list]`: breaks a promotion at every step in every way and looks what is left.
 * `--only` takes names of cases, or how they begin, comma-separated. Exit code 1: a case did not hold.
 */
import { parseArgs } from "node:util";
import { execa } from "execa";
import { printResult, say } from "../../bench/frame/output.ts";
import { CASES, quick } from "./cases.ts";
import type { Case } from "./fault.ts";
import { type Row, reset, runCase } from "./run.ts";
import { leaveFileSystem, makeWorld, startWorldsLaboratory, type World } from "./world.ts";

const OWN_NAMESPACE = "BELAY_FAULTS_NAMESPACE";
const { values } = parseArgs({
  options: { only: { type: "string" }, quick: { type: "boolean" }, list: { type: "boolean" } },
});
const chosen = choose();
if (values.list) for (const { name } of chosen) console.log(name);
else if (chosen.length === 0) fail(`No case begins with ${values.only}. Type: npm run faults -- host --list`);
else if (process.env[OWN_NAMESPACE] === undefined) await inNamespace();
else await main();

function choose(): readonly Case[] {
  const words = values.only?.split(",") ?? [];
  const named = CASES.filter(({ name }) => words.length === 0 || words.some((word) => name.startsWith(word)));
  return values.quick ? quick(named) : named;
}

function fail(sentence: string): void {
  console.error(sentence);
  process.exitCode = 2;
}

/** In a mount namespace of its own, so that file systems that are mounted here are gone with this program, however it ends. */
async function inNamespace(): Promise<void> {
  const env = { [OWN_NAMESPACE]: "1" };
  const words = ["--mount", "--propagation", "private", process.execPath, ...process.argv.slice(1)];
  const { exitCode } = await execa("unshare", words, { stdio: "inherit", reject: false, env });
  process.exitCode = exitCode ?? 1;
}

async function main(): Promise<void> {
  const rows: Row[] = [];
  let world: World | undefined;
  const leave = () => void (world ? close(world) : Promise.resolve()).finally(() => process.exit(1));
  for (const name of ["SIGINT", "SIGTERM"] as const) process.once(name, leave);
  process.once("uncaughtException", (error) => {
    console.error(error);
    leave();
  });
  try {
    for (const one of chosen) {
      world ??= await open();
      const row = await runCase(world, one);
      rows.push(row);
      say(
        `${row.survived ? "held  " : "FAILED"} ${row.name} (${row.seconds} s, ${row.ended}): ${row.complaints.join("; ")}`,
      );
      if (!(await reset(world))) {
        say("The sites cannot be put back; the next case gets new ones.");
        await close(world);
        world = undefined;
      }
    }
  } finally {
    if (world !== undefined) await close(world);
  }
  printResult(summary(rows));
  process.exitCode = rows.every(({ survived }) => survived) ? 0 : 1;
}

async function open(): Promise<World> {
  const lab = await startWorldsLaboratory(say);
  try {
    return await makeWorld(lab, say);
  } catch (error) {
    await leaveFileSystem(lab.production);
    await lab.stop();
    throw error;
  }
}

async function close(world: World): Promise<void> {
  await leaveFileSystem(world.site);
  await world.lab.stop();
}

function summary(rows: readonly Row[]) {
  const sum = (count: (row: Row) => number) => rows.reduce((total, row) => total + count(row), 0);
  return {
    cases: rows.length,
    survived: rows.filter(({ survived }) => survived).length,
    mixed: sum(({ mixed }) => mixed),
    protected_changed: sum((row) => row.protected_changed),
    acknowledged_writes: sum(({ acknowledged }) => acknowledged),
    longest_recovery_s: Math.max(0, ...rows.map(({ recovery_s }) => recovery_s)),
    seconds: Math.round(sum(({ seconds }) => seconds)),
    rows,
  };
}
