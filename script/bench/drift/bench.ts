/** What every part of the benchmark works with. */
import path from "node:path";
import { execa } from "execa";
import { z } from "zod";
import type { Guard } from "../../../test/lab/guard.ts";
import type { Dataset } from "./dataset.ts";

export type Bench = {
  readonly dataset: Dataset;
  /** Socket of the data set's server. */
  readonly socket: string;
  readonly serverPid: number;
  readonly guard: Guard;
  readonly workers: number;
  readonly rounds: number;
};

/** Debian's own, as on a host: a version manager's start takes longer than a check of files. */
export const PYTHON = "/usr/bin/python3";

/** Runs a program to its end, without its output. @returns seconds from its start to its end */
export async function timed(bench: Bench, command: readonly [string, ...string[]]): Promise<number> {
  const started = performance.now();
  await run(bench, command);
  return (performance.now() - started) / 1000;
}

/** @returns what the program printed */
export async function run(bench: Bench, [file, ...rest]: readonly [string, ...string[]]): Promise<string> {
  // Marked, so that the guard ends it too when the benchmark is stopped.
  return (await execa(file, rest, { env: bench.guard.mark, stdin: "ignore" })).stdout;
}

/** The command that measures a part of what ships (measure.py). */
export function measureCommand(
  bench: Bench,
  what: string,
  ...more: readonly string[]
): [string, ...string[]] {
  const program = path.join(import.meta.dirname, "measure.py");
  const where = ["--site", bench.dataset.site, "--socket", bench.socket, "--workers", String(bench.workers)];
  return [PYTHON, program, what, ...where, ...more];
}

/** What measure.py says of itself, checked. */
export async function measure<T>(
  bench: Bench,
  schema: z.ZodType<T>,
  what: string,
  ...more: readonly string[]
): Promise<T> {
  return schema.parse(JSON.parse(await run(bench, measureCommand(bench, what, ...more))));
}

const Seconds = z.object({ seconds: z.number() });

/** The seconds that measure.py counted itself, without the start of Python. */
export const innerSeconds = async (bench: Bench, what: string, ...more: readonly string[]): Promise<number> =>
  (await measure(bench, Seconds, what, ...more)).seconds;

/** Peak of Python and its PHP processes together, in megabytes, in a run of its own. */
export const peakMemory = async (bench: Bench, what: string, ...more: readonly string[]): Promise<number> =>
  (await measure(bench, z.object({ peak_rss_mb: z.number() }), what, "--memory", ...more)).peak_rss_mb;
