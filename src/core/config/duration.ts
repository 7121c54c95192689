/** Durations as people write them: `90s`, `15m`, `24h`, `30d`. */

const SECONDS: Readonly<Record<string, number>> = { s: 1, m: 60, h: 3600, d: 86_400 };

/** The duration in seconds, or null where the text is none. Whole numbers above zero, one unit: s, m, h or d. */
export function durationSeconds(text: string): number | null {
  const match = /^([1-9][0-9]{0,6})([smhd])$/.exec(text);
  const unit = SECONDS[match?.[2] ?? ""];
  return match?.[1] === undefined || unit === undefined ? null : Number(match[1]) * unit;
}
