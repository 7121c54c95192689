/** How long other people's writes wait while a check runs (writers.py, alter.py). */
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
  return { writers_blocked_ms: longer(found), writers: found };
}

const Altered = z.object({ control: Waits, check: Waits, checks: z.number(), check_s: z.number() });
const Alters = z.object({ number: Altered, text: Altered });

/** The longest wait of an update while its table is altered and checked, less the longest one while it is only altered, by key. */
export async function blockBehindAlter(bench: Bench) {
  const program = path.join(import.meta.dirname, "alter.py");
  const where = ["--site", bench.dataset.site, "--socket", bench.socket];
  const found = Alters.parse(JSON.parse(await run(bench, [PYTHON, program, ...where])));
  return {
    alter_number_key_ms: longer(found.number),
    alter_text_key_ms: longer(found.text),
    alter: found,
  };
}

type Compared = {
  readonly control: { readonly longest_ms: number };
  readonly check: { readonly longest_ms: number };
};

const longer = ({ control, check }: Compared): number =>
  rounded(Math.max(0, check.longest_ms - control.longest_ms));
