/** Durations as people read them ("26 h old"); config/duration.ts reads what they write. */

const SECONDS = { m: 60, h: 3600, d: 86_400 } as const;

/** Rounded down to the largest unit that keeps two digits of meaning: `45 s`, `12 min`, `26 h`, `3 d`. */
export function showDuration(seconds: number): string {
  const whole = Math.max(0, Math.floor(seconds));
  if (whole < 120) return `${whole} s`;
  if (whole < 2 * SECONDS.h) return `${Math.floor(whole / SECONDS.m)} min`;
  if (whole < 3 * SECONDS.d) return `${Math.floor(whole / SECONDS.h)} h`;
  return `${Math.floor(whole / SECONDS.d)} d`;
}

/** Seconds from one ISO time to a later one; negative when `to` is earlier. */
export function secondsBetween(from: string, to: string): number {
  return (Date.parse(to) - Date.parse(from)) / 1000;
}

/** A time that another clock told, at most now: one that runs ahead would make its proofs stay fresh for longer. */
export function notAfter(told: string, now: string): string {
  return Date.parse(told) > Date.parse(now) ? now : told;
}
