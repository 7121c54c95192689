/** A run that is cancelled: GitHub sends SIGINT, 7.5 s later SIGTERM, and then kills. */
import { atSteps, type Case, type Fault } from "../fault.ts";
import { signal } from "../moments.ts";

const by = (name: "SIGINT" | "SIGTERM"): Fault => ({
  kind: `cancel-${name.slice(3).toLowerCase()}`,
  recovery: "recover",
  at: async ({ running }) => {
    signal(running.pid, name);
    return undefined;
  },
  says: ({ report }) => (report === undefined ? "the action ended without a report" : undefined),
});

export const CANCELLED: readonly Case[] = [
  ...atSteps(["unpack", "shadow", "switch", "activated", "health"], by("SIGINT")),
  ...atSteps(["unpack", "in_doubt", "promoted"], by("SIGTERM")),
];
