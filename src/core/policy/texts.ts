/** What single values of a policy must look like. Each rule has its sentence and its remedy. */
import { text } from "../config/texts.ts";

export const Team = text(
  (value) => /^[a-z0-9][a-z0-9_.-]{0,99}$/.test(value),
  "is not the name of a team as GitHub's addresses have it: small letters, digits, `-`, `_` and `.`",
  "Write what follows `/teams/` in the team's address, for example `platform`.",
);
const appSlug = (example: string) =>
  text(
    (value) => /^[a-z0-9][a-z0-9-]{0,99}$/.test(value),
    "is not the name of an App as GitHub's addresses have it: small letters, digits and `-`",
    `Write what follows \`/apps/\` in the App's address, for example \`${example}\`.`,
  );
export const AppSlug = appSlug("github-actions");
/**
 * `github-actions` is whoever can push a workflow to any branch. `belay` is how Belay's own doings are signed, and it takes no commands
 * from itself.
 */
export const BotSlug = appSlug("release-train").refine(
  (value) => value !== "github-actions" && value !== "belay",
  {
    error: "is not an App that may give commands: it is every workflow, or Belay itself",
    params: { remedy: "Name an App of its own, which nobody commands but who may command through it." },
  },
);
export const CheckName = text(
  (value) => /^[^\s`](?:[^\r\n\t`]{0,198}[^\s`])?$/.test(value),
  "is not the name of a check: 1 to 200 characters on one line, without backticks",
  'Write it as the pull request shows it, for example `"security / scan"`.',
);
export const Clock = text(
  (value) => /^(?:(?:[01]\d|2[0-3]):[0-5]\d|24:00)$/.test(value),
  "is not a time of day",
  'Write hours and minutes in quotes, for example `"10:00"`.',
);
export const Moment = text(
  isMoment,
  "is not a day or a moment",
  'Write `2026-11-23`, or `"2026-11-23T18:00"`.',
);
export const TimeZone = text(
  isTimeZone,
  "is not a time zone",
  "Write its name in the time zone database, for example `Europe/Berlin` or `UTC`.",
);

function isMoment(value: string): boolean {
  const found = /^(\d{4}-\d{2}-\d{2})(T(?:[01]\d|2[0-3]):[0-5]\d)?$/.exec(value);
  const day = found?.[1];
  if (day === undefined) return false;
  const read = new Date(`${day}T00:00:00Z`);
  return !Number.isNaN(read.getTime()) && read.toISOString().startsWith(day);
}

/** Offsets like `+02:00` are refused: they know no summer time. */
function isTimeZone(value: string): boolean {
  if (!/^[A-Za-z][A-Za-z0-9_+/-]{0,60}$/.test(value)) return false;
  try {
    return new Intl.DateTimeFormat("en", { timeZone: value }).format(0) !== "";
  } catch {
    return false;
  }
}
