/** Windows and freezes: whether something may begin now, by the clock on the wall of the place that the policy names. */
import { type Freeze, type OpenWindow, type Policy, WEEKDAYS, type Weekday } from "../policy.ts";

export type Opening =
  | { readonly open: true }
  | { readonly open: false; readonly frozen: Freeze | null; readonly next: string | null };

const DAY_MS = 86_400_000;
/** How far ahead the next opening is looked for. */
const HORIZON_DAYS = 60;

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

/** It can only open when a window begins or a freeze ends. */
function nextOpening(from: number, windows: Policy["windows"]): string | null {
  const begins = windows.allow.flat().flatMap(({ start, timezone }) =>
    Array.from({ length: HORIZON_DAYS + 1 }, (_, days) => {
      const { date } = wallClock(from + days * DAY_MS, timezone);
      return instantOf(`${date}T${start}`, timezone);
    }),
  );
  const ends = windows.deny.map(({ to, timezone }) => instantOf(to, timezone));
  const last = from + HORIZON_DAYS * DAY_MS;
  const candidates = [...begins, ...ends].filter((at) => at > from && at <= last).sort((a, b) => a - b);
  const next = candidates.find((at) => isOpen(at, windows));
  return next === undefined ? null : new Date(next).toISOString();
}

/** When the clock on the wall there shows this; in the hour that a change of the clock leaves out, a moment near it. */
function instantOf(local: string, timezone: string): number {
  const asIfUtc = Date.parse(`${local}Z`);
  let at = asIfUtc;
  for (let round = 0; round < 2; round++) {
    const { date, time } = wallClock(at, timezone);
    at += asIfUtc - Date.parse(`${date}T${time}Z`);
  }
  return at;
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
