/**
 * `npm run faults -- host [--quick] [--only <words>] [--workers <n>] [--pause-while <file>] [--list]`: breaks a promotion at every step
 * in every way and looks what is left. `--only` takes names of cases, or how they begin, comma-separated. Exit code 1: a case did not
 * hold, or was not played.
 */
import { parseArgs } from "node:util";
import { printResult } from "../../bench/frame/output.ts";
import { CASES, quick } from "./cases.ts";
import { playAll } from "./crew.ts";
import type { Case } from "./fault.ts";
import { summary } from "./row.ts";

const { values } = parseArgs({
  options: {
    only: { type: "string" },
    quick: { type: "boolean" },
    list: { type: "boolean" },
    workers: { type: "string", default: "2" },
    "pause-while": { type: "string" },
  },
});
const chosen = choose();
const workers = Number(values.workers);
if (values.list) for (const { name } of chosen) console.log(name);
else if (chosen.length === 0) fail(`No case begins with ${values.only}. Type: npm run faults -- host --list`);
else if (!Number.isInteger(workers) || workers < 1)
  fail(`--workers ${values.workers} is no number of processes. Type for example: --workers 2`);
else await main();

/** In the order of the words, where there are some. */
function choose(): readonly Case[] {
  const words = values.only?.split(",") ?? [""];
  const named = new Set(words.flatMap((word) => CASES.filter(({ name }) => name.startsWith(word))));
  return values.quick ? quick([...named]) : [...named];
}

function fail(sentence: string): void {
  console.error(sentence);
  process.exitCode = 2;
}

async function main(): Promise<void> {
  const rows = await playAll(chosen, { workers, pauseWhile: values["pause-while"] });
  const result = summary(rows, chosen.length, Math.round(performance.now() / 1_000));
  printResult(result);
  process.exitCode = result.survived === chosen.length ? 0 : 1;
}
