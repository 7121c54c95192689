/** What a baseline takes, and what it is good for: finding three changed rows. */
import { z } from "zod";
import { median, rounded } from "../frame/rounds.ts";
import { type Bench, measure } from "./bench.ts";

const Sizes = z.object({
  fingerprint_bytes: z.number(),
  row_index_bytes: z.number(),
  file_index_bytes: z.number(),
  chunk_bytes: z.number(),
  rows: z.number(),
  files: z.number(),
});

/** Sizes of the fingerprint and of the indexes that stay on the host; `chunk_bytes` travel to the bot in the fingerprint. */
export async function baselineSize(bench: Bench) {
  const found = await measure(bench, Sizes, "baseline");
  const bytes = found.fingerprint_bytes + found.row_index_bytes + found.file_index_bytes;
  return {
    baseline_mb: rounded(bytes / 1e6),
    bytes_per_hashed_row: rounded(found.row_index_bytes / found.rows),
    chunk_kb_per_million_rows: rounded(found.chunk_bytes / 1024 / (found.rows / 1e6)),
    baseline: found,
  };
}

const Found = z.object({ plain_s: z.array(z.number()), compared_s: z.array(z.number()), found: z.number() });

/** `localise_s`: what a check takes longer because three rows changed since the baseline, all of which it must name. */
export async function localise(bench: Bench) {
  const answer = await measure(bench, Found, "localise", "--rounds", String(bench.rounds));
  if (answer.found !== 3)
    throw new Error("Three rows were changed, and the check did not name exactly these.");
  const [plain, compared] = [median(answer.plain_s), median(answer.compared_s)];
  return { localise_s: rounded(Math.max(0, compared - plain)), check_with_differences_s: rounded(compared) };
}
