/** What figures were taken on, and whether something else ran there. */
import { readFileSync } from "node:fs";
import { availableParallelism, cpus, loadavg, release, totalmem } from "node:os";
import { setTimeout as sleep } from "node:timers/promises";

/** Share of all processors' time. Above this somebody else is at work. */
const QUIET = 0.05;

export type Load = {
  /** Share of all processors' time that was used during three seconds in which the benchmark did nothing. */
  readonly busy: number;
  /** Averages of the last 1, 5 and 15 minutes; the benchmark's own preparations count in them. */
  readonly average: readonly number[];
  readonly quiet: boolean;
};

/** Watches the machine for three seconds. */
export async function observeLoad(): Promise<Load> {
  const before = ticks();
  await sleep(3000);
  const after = ticks();
  const busy = 1 - (after.idle - before.idle) / Math.max(1, after.all - before.all);
  return {
    busy: Math.round(busy * 1000) / 1000,
    average: loadavg().map((value) => Math.round(value * 100) / 100),
    quiet: busy <= QUIET,
  };
}

export function describeMachine() {
  return {
    cpus: availableParallelism(),
    cpu: cpus()[0]?.model ?? "unknown",
    memory_gb: Math.round(totalmem() / 2 ** 30),
    kernel: release(),
    node: process.version,
  };
}

/** Bytes of memory that new programs and the file cache may have. */
export function availableMemory(): number {
  const kilobytes = /^MemAvailable:\s+(\d+)/m.exec(readFileSync("/proc/meminfo", "utf8"))?.[1];
  return Number(kilobytes ?? 0) * 1024;
}

/** Bytes that were read from disks since the machine started: what a run adds to it tells whether its data was in memory. */
export function diskReadBytes(): number {
  return Number(/^pgpgin (\d+)/m.exec(readFileSync("/proc/vmstat", "utf8"))?.[1] ?? 0) * 1024;
}

/** Time of all processors since the start, in clock ticks: idle or waiting for a disk, and altogether. */
function ticks() {
  const line = /^cpu\s+(.*)$/m.exec(readFileSync("/proc/stat", "utf8"))?.[1] ?? "";
  const [user = 0, nice = 0, system = 0, idle = 0, waiting = 0, ...rest] = line
    .split(/\s+/)
    .slice(0, 8)
    .map(Number);
  const others = user + nice + system + rest.reduce((sum, value) => sum + value, 0);
  return { idle: idle + waiting, all: idle + waiting + others };
}
