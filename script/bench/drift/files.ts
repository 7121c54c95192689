/** The files: Belay, and what else could tell whether files changed. */
import { existsSync } from "node:fs";
import { writeFile } from "node:fs/promises";
import { cpuOfEach } from "../frame/cpu.ts";
import { median, medians, rounded, takeTurns } from "../frame/rounds.ts";
import { type Bench, innerSeconds, measureCommand, run, timed } from "./bench.ts";

const DROP = "/proc/sys/vm/drop_caches";

/** Reads every file once, so that all are in the page cache as far as memory allows. */
export const warmFiles = (bench: Bench): Promise<number> => read(bench);

/** Medians in seconds; `files_first_s` and the rivals from the start of each program to its end. */
export async function compareFiles(bench: Bench) {
  const contenders = { ...first(bench), ...rivals(bench) };
  const seconds = await takeTurns(contenders, bench.rounds);
  const cpu = await cpuOfEach(contenders);
  return { medians: { ...medians(seconds), ...(await repeatCost(bench)) }, runs: seconds, cpu };
}

/** As `compareFiles`, without the rivals. */
export async function fileCost(bench: Bench) {
  return { ...medians(await takeTurns(first(bench), bench.rounds)), ...(await repeatCost(bench)) };
}

/** A check after a check, and the bare walk that it is compared with: both without the start of Python, which is longer. */
async function repeatCost(bench: Bench) {
  await run(bench, measureCommand(bench, "files"));
  const repeat = {
    files_repeat_s: () => innerSeconds(bench, "files"),
    files_stat_s: () => innerSeconds(bench, "stat"),
  };
  return medians(await takeTurns(repeat, bench.rounds * 2));
}

const first = (bench: Bench) => ({
  files_first_s: () => timed(bench, measureCommand(bench, "files", "--full")),
});

const rivals = (bench: Bench) => ({
  b3sum_s: () => timed(bench, shell(LIST, "xargs -0 -P 2 -n 200 b3sum --num-threads 1", bench)),
  // Both sides are the same files, so that no byte is read from disk; it reads each of them twice, as it does with two folders.
  rsync_s: () => timed(bench, ["rsync", "-nrc", `${bench.dataset.uploads}/`, `${bench.dataset.copy}/`]),
});

/** Seconds that reading the same files takes, two at a time. */
const read = (bench: Bench) => timed(bench, shell(LIST, "xargs -0 -P 2 -n 200 cat", bench));

const LIST = 'find "$1" -type f -print0 | sort -z';

const shell = (list: string, then: string, bench: Bench): [string, ...string[]] => [
  "bash",
  "-c",
  `set -o pipefail; ${list} | ${then} > /dev/null`,
  "files",
  bench.dataset.uploads,
];

/** First pass and plain reading with nothing in the page cache; null where the machine lets nobody empty it. */
export async function compareCold(bench: Bench) {
  if (!existsSync(DROP) || !(await drop()))
    return { files_cold_vs_disk: null, why: `${DROP} cannot be written here` };
  const emptied = (seconds: () => Promise<number>) => async () => {
    await drop();
    return seconds();
  };
  const contenders = {
    files_cold_s: emptied(first(bench).files_first_s),
    read_cold_s: emptied(() => read(bench)),
  };
  const seconds = await takeTurns(contenders, Math.min(3, bench.rounds));
  const ratio = rounded(median(seconds.read_cold_s) / median(seconds.files_cold_s));
  return { files_cold_vs_disk: ratio, ...medians(seconds), runs: seconds };
}

async function drop(): Promise<boolean> {
  try {
    await writeFile(DROP, "3");
    return true;
  } catch {
    return false;
  }
}
