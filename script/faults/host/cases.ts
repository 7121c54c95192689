/** All cases, a table of data: what breaks, and at which step. */
import { CANCELLED } from "./cases/cancelled.ts";
import { CLOCK } from "./cases/clock.ts";
import { DISK } from "./cases/disk.ts";
import { KILLS } from "./cases/kills.ts";
import { LINKS } from "./cases/links.ts";
import { NETWORK } from "./cases/network.ts";
import { RELEASE } from "./cases/release.ts";
import { SERVERS } from "./cases/servers.ts";
import type { Case, Fault } from "./fault.ts";

/** Nothing breaks: what is demanded of every case must hold here first. */
const none: Fault = { kind: "none", recovery: "wait", must: "new" };

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
];

/** One case of each kind. */
export const quick = (cases: readonly Case[]): readonly Case[] =>
  [...new Map([...cases].reverse().map((one) => [one.fault.kind, one])).values()].reverse();
