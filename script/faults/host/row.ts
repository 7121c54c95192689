/** What is told of one case. A row travels from the process that plays the case to the one that prints the result. */
import { z } from "zod";
import type { Case } from "./fault.ts";

export const Row = z
  .object({
    name: z.string(),
    survived: z.boolean(),
    /** The last step in the journal when the fault struck; null: before the promotion, or never. */
    struck_at: z.string().nullable(),
    ended: z.enum(["old", "new", "neither"]),
    /** Status and reason of the first attempt, and of the run beside it. */
    reports: z.array(z.string()),
    recovery: z.enum(["rerun", "recover", "wait", "watchdog"]),
    /** From the end of the first attempt, the damage mended, until the site was in order. */
    recovery_s: z.number(),
    mixed: z.number(),
    failed_requests: z.number(),
    acknowledged: z.number(),
    longest_request_ms: z.number(),
    protected_changed: z.number(),
    complaints: z.array(z.string()),
    seconds: z.number(),
  })
  .readonly();
export type Row = z.infer<typeof Row>;

export const seconds = (ms: number) => Math.round(ms / 100) / 10;

/** The row of a case that could not be played to its end. `started` as of `performance.now()`. */
export function failed(one: Case, error: string, started: number): Row {
  const nothing = {
    recovery_s: 0,
    mixed: 0,
    failed_requests: 0,
    acknowledged: 0,
    longest_request_ms: 0,
    protected_changed: 0,
  };
  const ended = { struck_at: null, ended: "neither", recovery: one.fault.recovery } as const;
  return {
    name: one.name,
    survived: false,
    ...ended,
    reports: [],
    ...nothing,
    complaints: [error],
    seconds: seconds(performance.now() - started),
  };
}

/** The object that is printed last; `cases` counts those that were played, `chosen` those that were asked for. */
export function summary(rows: readonly Row[], chosen: number, wallSeconds: number) {
  const sum = (count: (row: Row) => number) => rows.reduce((total, row) => total + count(row), 0);
  return {
    cases: rows.length,
    survived: rows.filter(({ survived }) => survived).length,
    never_ran: chosen - rows.length,
    mixed: sum(({ mixed }) => mixed),
    protected_changed: sum((row) => row.protected_changed),
    acknowledged_writes: sum(({ acknowledged }) => acknowledged),
    longest_recovery_s: Math.max(0, ...rows.map(({ recovery_s }) => recovery_s)),
    seconds: wallSeconds,
    rows,
  };
}
