/** Processor time: on a busy machine it says more than the clock, because nobody can take it away. */
import { readFileSync } from "node:fs";

/** Linux counts in hundredths of a second on every architecture that it shows to programs. */
const TICKS = 100;

/**
 * Seconds of processor time that each of some contenders uses in one run: the programs that it starts and waits for, and the server
 * that works for it.
 */
export async function cpuOfEach<Name extends string>(
  contenders: Readonly<Record<Name, () => Promise<unknown>>>,
  server?: number,
): Promise<Record<Name, number>> {
  const found: [string, number][] = [];
  for (const [name, run] of Object.entries<() => Promise<unknown>>(contenders)) {
    const before = used(server);
    await run();
    found.push([name, Math.round((used(server) - before) * TICKS) / TICKS]);
  }
  return Object.fromEntries(found) as Record<Name, number>;
}

function used(server: number | undefined): number {
  const programs = sum(fields("self").slice(13, 15));
  return (programs + (server === undefined ? 0 : sum(fields(String(server)).slice(11, 13)))) / TICKS;
}

/** What follows the program's name, which may contain anything: utime and stime stand at 11 and 12, those of ended children at 13 and 14. */
function fields(pid: string): readonly number[] {
  const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
  return stat
    .slice(stat.lastIndexOf(")") + 2)
    .split(" ")
    .map(Number);
}

const sum = (values: readonly number[]) => values.reduce((total, value) => total + value, 0);
