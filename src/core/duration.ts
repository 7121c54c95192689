/** Durations as people write and read them: `90s`, `24h`, "26 h old". */

const SECONDS = { s: 1, m: 60, h: 3600, d: 86_400 } as const;

/** Seconds of `90s`, `15m`, `24h`, `2d`; null when the text is none of these. */
export function parseDuration(text: string): number | null {
  const found = /^([1-9]\d{0,5})(s|m|h|d)$/.exec(text);
  if (found === null) return null;
  const unit = found[2] as keyof typeof SECONDS;
  return Number(found[1]) * SECONDS[unit];
}

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
