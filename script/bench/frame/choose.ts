/** Which benchmark a word means. */
import { existsSync, readdirSync } from "node:fs";
import path from "node:path";

export type Benchmark = { readonly name: string; readonly program: string };

/** The folders below `folder` that hold a benchmark's program. */
export function listBenchmarks(folder: string): readonly Benchmark[] {
  return readdirSync(folder)
    .sort()
    .map((name) => ({ name, program: path.join(folder, name, "main.ts") }))
    .filter(({ program }) => existsSync(program));
}

/** @returns the benchmark, or a sentence that says which ones there are */
export function chooseBenchmark(folder: string, name: string | undefined): Benchmark | string {
  const all = listBenchmarks(folder);
  const found = all.find((one) => one.name === name);
  if (found !== undefined) return found;
  const wrong = name === undefined ? "No benchmark was named." : `There is no benchmark "${name}".`;
  return `${wrong} Type: npm run bench -- <name>, where <name> is ${all.map((one) => one.name).join(", ")}.`;
}
