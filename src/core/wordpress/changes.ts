/**
 * Who changed what since the baseline: each side is compared with its own fingerprint only, because cloning rewrites
 * addresses and prefix, so that an untouched clone differs from its original everywhere.
 */

import { own } from "../own.ts";
import { hashOf, optionDiffers, tableDiffers } from "./difference.ts";
import type { Baseline, Changed, Sides } from "./types.ts";

/** The options table is never treated as a table: its rows are merged one by one. */
export const OPTIONS_TABLE = "options";

export function tableChange(baseline: Baseline, now: Sides, table: string): Changed {
  return {
    source: tableDiffers(own(baseline.source.tables, table), own(now.source.tables, table)),
    target: tableDiffers(own(baseline.target.tables, table), own(now.target.tables, table)),
    equal: !tableDiffers(own(now.source.tables, table), own(now.target.tables, table)),
  };
}

export function optionChange(baseline: Baseline, now: Sides, option: string): Changed {
  return {
    source: optionDiffers(baseline.source, now.source, option),
    target: optionDiffers(baseline.target, now.target, option),
    equal: hashOf(now.source, option) === hashOf(now.target, option),
  };
}

/** Every table that exists on a side now, except the options table; sorted. */
export function tableNames(now: Sides): string[] {
  return sorted([...Object.keys(now.source.tables), ...Object.keys(now.target.tables)]).filter(
    (name) => name !== OPTIONS_TABLE,
  );
}

/** Every option that exists on a side, now or at the baseline; sorted. */
export function optionNames(baseline: Baseline, now: Sides): string[] {
  return sorted(
    [baseline.source, baseline.target, now.source, now.target].flatMap((side) => Object.keys(side.options)),
  );
}

const sorted = (names: readonly string[]): string[] => [...new Set(names)].sort();
