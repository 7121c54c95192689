/** Versions as semver.org 2.0.0 defines them, without build metadata: a folder's name cannot carry it. */
export interface Version {
  readonly major: number;
  readonly minor: number;
  readonly patch: number;
  /** Empty for a release. */
  readonly pre: readonly (string | number)[];
  readonly text: string;
}
export type Bump = "patch" | "minor" | "major";

const NUMBER = "(0|[1-9][0-9]{0,8})";
const PRE = "(?:0|[1-9][0-9]*|[0-9]*[A-Za-z-][0-9A-Za-z-]*)";
const VERSION = new RegExp(`^${NUMBER}\\.${NUMBER}\\.${NUMBER}(?:-(${PRE}(?:\\.${PRE})*))?$`);

/** Null where the text is no version. */
export function parseVersion(text: string): Version | null {
  const found = text.length > 100 ? null : VERSION.exec(text);
  if (found === null) return null;
  const pre = (found[4] ?? "").split(".").filter((part) => part !== "");
  return {
    major: Number(found[1]),
    minor: Number(found[2]),
    patch: Number(found[3]),
    pre: pre.map((part) => (/^[0-9]+$/.test(part) ? Number(part) : part)),
    text,
  };
}

export const isPreRelease = (version: Version): boolean => version.pre.length > 0;

/** Negative where `a` comes before `b`: by precedence, so 1.0.0-rc.2 < 1.0.0-rc.10 < 1.0.0. */
export function compareVersions(a: Version, b: Version): number {
  const numbers = a.major - b.major || a.minor - b.minor || a.patch - b.patch;
  if (numbers !== 0) return numbers;
  if (a.pre.length === 0 || b.pre.length === 0) return b.pre.length - a.pre.length;
  for (let at = 0; at < Math.max(a.pre.length, b.pre.length); at++) {
    const order = compareParts(a.pre[at], b.pre[at]);
    if (order !== 0) return order;
  }
  return 0;
}

/** Numbers come before words; a shorter list before the longer one that begins like it. */
function compareParts(a: string | number | undefined, b: string | number | undefined): number {
  if (a === b) return 0;
  if (a === undefined) return -1;
  if (b === undefined) return 1;
  if (typeof a !== typeof b) return typeof a === "number" ? -1 : 1;
  return a < b ? -1 : 1;
}

const ORDER: readonly Bump[] = ["patch", "minor", "major"];

/** Negative where `a` is the smaller bump. */
export const compareBumps = (a: Bump, b: Bump): number => ORDER.indexOf(a) - ORDER.indexOf(b);

export const largestBump = (bumps: readonly Bump[]): Bump =>
  bumps.reduce((largest, one) => (compareBumps(one, largest) > 0 ? one : largest), "patch");

/** The bump from a release to a later version; a pre-release counts as what it is a preview of. */
export function bumpBetween(from: Version, to: Version): Bump {
  if (to.major !== from.major) return "major";
  return to.minor !== from.minor ? "minor" : "patch";
}

/** The release that comes after `from` with that bump. */
export function nextVersion(from: Version, bump: Bump): string {
  if (bump === "major") return `${from.major + 1}.0.0`;
  return bump === "minor"
    ? `${from.major}.${from.minor + 1}.0`
    : `${from.major}.${from.minor}.${from.patch + 1}`;
}
