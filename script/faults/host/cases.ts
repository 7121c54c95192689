/** All cases, a table of data: what breaks, and at which step. */
import { CANCELLED } from "./cases/cancelled.ts";
import { CLOCK } from "./cases/clock.ts";
import { DISK } from "./cases/disk.ts";
import { KILLS, unknownSteps } from "./cases/kills.ts";
import { LINKS } from "./cases/links.ts";
import { NETWORK } from "./cases/network.ts";
import { RELEASE } from "./cases/release.ts";
import { SERVERS } from "./cases/servers.ts";
import { WAYS } from "./cases/ways.ts";
import type { Case, Fault } from "./fault.ts";

/** Nothing breaks: what is demanded of every case must hold here first, and every step of the journal must be known here. */
const none: Fault = {
  kind: "none",
  recovery: "wait",
  must: "new",
  shows: unknownSteps,
};

export const CASES: readonly Case[] = [
  { name: none.kind, step: "", fault: none },
  ...KILLS,
  ...CANCELLED,
  ...SERVERS,
  ...DISK,
  ...RELEASE,
  ...LINKS,
  ...NETWORK,
  ...CLOCK,
  ...WAYS,
];

/** One case of each kind. */
export const quick = (cases: readonly Case[]): readonly Case[] =>
  [...new Map([...cases].reverse().map((one) => [one.fault.kind, one])).values()].reverse();
