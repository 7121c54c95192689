/** The goals, and whether each held. */
import { tenth } from "./figures.ts";
import type { measureAll } from "./run.ts";

type Measured = Awaited<ReturnType<typeof measureAll>>;
type Series = Measured["slow"];

const sum = (all: readonly Series[], count: (one: Series) => number) =>
  all.reduce((total, one) => total + count(one), 0);

/** How much longer than a switch a rollback may take before it is called slower. */
const AS_QUICK = 1.25;
const MARGIN_MS = 10;

export function headline(measured: Measured) {
  const sizes = Object.values(measured.by_tables);
  const all = [...sizes, measured.slow];
  const bySize = (figure: (one: Series) => number | null) =>
    Object.fromEntries(Object.entries(measured.by_tables).map(([size, one]) => [size, figure(one)]));
  const over = (size: string): number | null => {
    const found = measured.by_tables[size];
    return found === undefined ? null : tenth(found.longest_gap_ms - measured.baseline_gap_ms);
  };
  return {
    switches: sum(all, ({ switches }) => switches),
    failed_requests: sum(all, ({ failed_requests }) => failed_requests),
    mixed: sum(all, ({ mixed }) => mixed),
    lost_writes: sum(all, ({ lost_writes }) => lost_writes),
    acknowledged_writes: sum(all, ({ acknowledged_writes }) => acknowledged_writes),
    gave_up: all.flatMap(({ gave_up }) => gave_up ?? []),
    baseline_gap_ms: measured.baseline_gap_ms,
    longest_gap_ms: bySize(({ longest_gap_ms }) => longest_gap_ms),
    hold_ms: bySize(({ hold_ms }) => hold_ms),
    switch_ms: bySize(({ switch_ms }) => switch_ms),
    rollback_ms: bySize(({ rollback_ms }) => rollback_ms),
    gap_over_baseline_5_ms: over("5"),
    gap_over_baseline_200_ms: over("200"),
    gap_slow_ms: measured.slow.longest_gap_ms,
    promote_total_s: measured.promote_total_s,
  };
}

/** null where nothing was measured. */
const within = (value: number | null, limit: number) => (value === null ? null : value <= limit);

export function goals(line: ReturnType<typeof headline>) {
  const quick = Object.keys(line.hold_ms).every(
    (size) => (line.rollback_ms[size] ?? Infinity) <= (line.hold_ms[size] ?? 0) * AS_QUICK + MARGIN_MS,
  );
  return {
    "every switch was made": line.gave_up.length === 0,
    "no request failed": line.failed_requests === 0,
    "no page mixed": line.mixed === 0,
    "no acknowledged write lost": line.lost_writes === 0 && line.acknowledged_writes > 0,
    "gap_over_baseline_5_ms <= 100": within(line.gap_over_baseline_5_ms, 100),
    "gap_over_baseline_200_ms <= 300": within(line.gap_over_baseline_200_ms, 300),
    "gap_slow_ms <= 500": line.gap_slow_ms <= 500,
    "rollback as quick as the switch": quick,
    "promote_total_s <= 15": line.promote_total_s <= 15,
  };
}
