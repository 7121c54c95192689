/** What the figures have to reach. */

export type Figures = {
  readonly db_vs_pt: number;
  readonly files_first_mb_s: number;
  readonly files_repeat_s: number;
  readonly files_stat_s: number;
  readonly files_cold_vs_disk: number | null;
  readonly localise_s: number;
  readonly writers_blocked_ms: number;
  readonly bytes_per_hashed_row: number;
  readonly chunk_kb_per_million_rows: number;
  /** Peak of memory at every size, the smallest first. */
  readonly peak_rss_mb: readonly number[];
};

export type Goal = { readonly value: number | null; readonly goal: string; readonly held: boolean | null };

/** Memory is flat if it grows by less than this while the data grows thirtyfold. */
const FLAT = 1.25;

/** `held` is null where nothing could be measured. */
export function judge(figures: Figures): Record<string, Goal> {
  return {
    db_vs_pt: atMost(figures.db_vs_pt, 1),
    files_first_mb_s: atLeast(figures.files_first_mb_s, 2000),
    files_repeat_vs_stat: atMost(ratio(figures.files_repeat_s, figures.files_stat_s), 3),
    files_cold_vs_disk: atLeast(figures.files_cold_vs_disk, 0.8),
    localise_s: atMost(figures.localise_s, 0.5),
    writers_blocked_ms: atMost(figures.writers_blocked_ms, 50),
    bytes_per_hashed_row: atMost(figures.bytes_per_hashed_row, 40),
    chunk_kb_per_million_rows: atMost(figures.chunk_kb_per_million_rows, 64),
    memory_growth: atMost(growth(figures.peak_rss_mb), FLAT),
  };
}

const atMost = (value: number | null, limit: number): Goal => ({
  value,
  goal: `<= ${limit}`,
  held: value === null ? null : value <= limit,
});

const atLeast = (value: number | null, limit: number): Goal => ({
  value,
  goal: `>= ${limit}`,
  held: value === null ? null : value >= limit,
});

/** Peak at the largest size over that at the smallest; null with one size alone. */
function growth(peaks: readonly number[]): number | null {
  const [smallest] = peaks;
  const largest = peaks.at(-1);
  return peaks.length < 2 || smallest === undefined || largest === undefined
    ? null
    : ratio(largest, smallest);
}

const ratio = (value: number, other: number): number => Math.round((value / other) * 1000) / 1000;
