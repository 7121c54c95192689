/** Windows and freezes: whether something may begin now, by the clock on the wall of the place that the policy names. */
import { type Freeze, type OpenWindow, type Policy, WEEKDAYS, type Weekday } from "../policy.ts";

export type Opening =
  | { readonly open: true }
  | { readonly open: false; readonly frozen: Freeze | null; readonly next: string | null };

const MINUTE_MS = 60_000;
/** How far ahead the next opening is looked for. */
const HORIZON_MS = 60 * 24 * 60 * MINUTE_MS;
const STEP_MS = 15 * MINUTE_MS;

/** @returns `next`: when it opens, to the minute, as an ISO time; null: not within 60 days */
export function openingAt(now: string, windows: Policy["windows"]): Opening {
  const at = Date.parse(now);
  if (isOpen(at, windows)) return { open: true };
  const frozen = windows.deny.find((freeze) => isFrozen(at, freeze)) ?? null;
  return { open: false, frozen, next: nextOpening(at, windows) };
}

function isOpen(at: number, { allow, deny }: Policy["windows"]): boolean {
  return (
    allow.every((choice) => choice.some((window) => isInside(at, window))) &&
    !deny.some((freeze) => isFrozen(at, freeze))
  );
}

function isInside(at: number, { days, start, end, timezone }: OpenWindow): boolean {
  const { weekday, time } = wallClock(at, timezone);
  return days.includes(weekday) && time >= start && time < end;
}

function isFrozen(at: number, { from, to, timezone }: Freeze): boolean {
  const { date, time } = wallClock(at, timezone);
  const local = `${date}T${time}`;
  return local >= from && local < to;
}

/** Coarse steps first; a window shorter than a step may be overlooked, and is then simply not announced. */
function nextOpening(from: number, windows: Policy["windows"]): string | null {
  const first = Math.ceil(from / STEP_MS) * STEP_MS;
  for (let at = first; at <= first + HORIZON_MS; at += STEP_MS) {
    if (!isOpen(at, windows)) continue;
    let minute = at;
    while (minute - MINUTE_MS > from && isOpen(minute - MINUTE_MS, windows)) minute -= MINUTE_MS;
    return new Date(minute).toISOString();
  }
  return null;
}

interface WallClock {
  readonly weekday: Weekday;
  readonly date: string;
  readonly time: string;
}

const formats = new Map<string, Intl.DateTimeFormat>();

function wallClock(at: number, timezone: string): WallClock {
  const parts = Object.fromEntries(
    format(timezone)
      .formatToParts(at)
      .map(({ type, value }) => [type, value]),
  );
  const { year = "", month = "", day = "", hour = "", minute = "" } = parts;
  const weekday = WEEKDAYS.find((one) => one === parts.weekday?.toLowerCase());
  if (weekday === undefined) throw new Error(`The calendar of ${timezone} knows no such day.`);
  return { weekday, date: `${year}-${month}-${day}`, time: `${hour}:${minute}` };
}

function format(timeZone: string): Intl.DateTimeFormat {
  const known = formats.get(timeZone);
  if (known !== undefined) return known;
  const two = "2-digit" as const;
  const made = new Intl.DateTimeFormat("en-US", {
    timeZone,
    hourCycle: "h23",
    weekday: "short",
    year: "numeric",
    month: two,
    day: two,
    hour: two,
    minute: two,
  });
  formats.set(timeZone, made);
  return made;
}
