/** How long other people's writes wait while a check runs (writers.py). */
import path from "node:path";
import { z } from "zod";
import { rounded } from "../frame/rounds.ts";
import { type Bench, measureCommand, PYTHON, run } from "./bench.ts";

const Waits = z.object({
  longest_table: z.string(),
  longest_ms: z.number(),
  p99_ms: z.number(),
  median_ms: z.number(),
  updates: z.number(),
});
const Answer = z.object({
  control: Waits,
  check: Waits,
  check_s: z.number(),
  runs: z.number(),
  evidence: z.array(z.unknown()),
});

/**
 * `writers_blocked_ms`: the longest wait with the check, less the longest one without it. `evidence`: what every connection did
 * whenever an update waited for longer than a second.
 */
export async function blockWriters(bench: Bench) {
  const program = path.join(import.meta.dirname, "writers.py");
  const where = ["--site", bench.dataset.site, "--socket", bench.socket];
  const check = measureCommand(bench, "tables");
  const found = Answer.parse(JSON.parse(await run(bench, [PYTHON, program, ...where, "--", ...check])));
  const longer = Math.max(0, found.check.longest_ms - found.control.longest_ms);
  return { writers_blocked_ms: rounded(longer), writers: found };
}
