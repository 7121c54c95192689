/** From what visitors saw and hosts told to the figures of the result. */
import { median } from "../frame/rounds.ts";
import type { Switch } from "./belay.ts";
import type { Noted } from "./crowd.ts";
import type { Seen } from "./measure.ts";

/** The longest wait for a small uncached page, of which 50 are asked for every second: how long nobody was served. */
export const longestGap = (seen: Noted): number => seen.kinds.page?.longest_ms ?? 0;

export const tenth = (value: number): number => Math.round(value * 10) / 10;
/** null where there are none. */
const middle = (values: readonly number[]): number | null =>
  values.length === 0 ? null : tenth(median(values));
const SHOWN = 5;

export function visitorsSaw(seen: Seen) {
  const { requests, failed, mixed, lost_writes } = seen;
  const written = seen.comments.length + seen.orders.length + seen.notes.length;
  return { requests, failed_requests: failed, mixed, acknowledged_writes: written, lost_writes };
}

/** `hold_ms` and `rollback_ms`: how long visitors waited at most because of a switch, and of one back; `switch_ms`: from the RENAME to the last link. */
export function switchFigures(switches: readonly Switch[]) {
  const forth = switches.filter(({ way }) => way === "forth");
  const back = switches.filter(({ way }) => way === "back");
  return {
    switches: switches.length,
    hold_ms: middle(forth.map(({ hold_ms }) => hold_ms)),
    longest_hold_ms: tenth(Math.max(0, ...switches.map(({ hold_ms }) => hold_ms))),
    switch_ms: middle(forth.map(({ crossing_ms }) => crossing_ms)),
    rename_ms: middle(switches.map(({ rename_ms }) => rename_ms)),
    rollback_ms: middle(back.map(({ hold_ms }) => hold_ms)),
    attempts: switches.reduce((sum, { attempts }) => sum + attempts, 0),
    step_s: stepSeconds(switches),
  };
}

/** The middle of each step's seconds. */
function stepSeconds(switches: readonly Switch[]): Readonly<Record<string, number | null>> {
  const all = new Map<string, number[]>();
  for (const { way, steps } of switches)
    for (const [step, [began, ended]] of Object.entries(steps))
      all.set(`${way} ${step}`, [...(all.get(`${way} ${step}`) ?? []), ended - began]);
  return Object.fromEntries([...all].map(([name, values]) => [name, middle(values)]));
}

/** The longest waits, and at which step of which switch each began. */
export function worstWaits(seen: Noted, switches: readonly Switch[]) {
  const worst = [...seen.worst].sort((one, other) => other.wait_ms - one.wait_ms).slice(0, SHOWN);
  return worst.map(({ kind, at_s, wait_ms }) => ({ kind, wait_ms, during: stepAt(switches, at_s) }));
}

function stepAt(switches: readonly Switch[], at: number): string {
  for (const { way, steps } of switches)
    for (const [step, [began, ended]] of Object.entries(steps))
      if (at >= began && at <= ended)
        return `${way} ${step}, ${Math.round((ended - at) * 1000)} ms before its end`;
  return "between the switches";
}
