/** A run that is cancelled: GitHub sends SIGINT, 7.5 s later SIGTERM, and then kills. */
import { setTimeout as sleep } from "node:timers/promises";
import { atSteps, type Case, type Fault } from "../fault.ts";
import { signal } from "../moments.ts";
import { STEPS } from "./kills.ts";

const by = (name: "SIGINT" | "SIGTERM"): Fault => ({
  kind: `cancel-${name.slice(3).toLowerCase()}`,
  recovery: "recover",
  at: async ({ running }) => {
    signal(running.pid, name);
    return undefined;
  },
  says: ({ report }) => (report === undefined ? "the action ended without a report" : undefined),
});

/** All three, as far as the run still lives. */
export const button: Fault = {
  ...by("SIGINT"),
  kind: "cancel-button",
  // Whoever is killed may have told nothing.
  says: () => undefined,
  after: async ({ running }) => {
    const over = running.ended.then(() => true);
    for (const [wait_ms, name] of [
      [7_500, "SIGTERM"],
      [2_500, "SIGKILL"],
    ] as const) {
      if (await Promise.race([over, sleep(wait_ms, false)])) break;
      signal(running.pid, name);
    }
    return async () => undefined;
  },
};

export const CANCELLED: readonly Case[] = [
  ...atSteps(STEPS, by("SIGINT")),
  ...atSteps(STEPS, by("SIGTERM")),
  ...atSteps(STEPS, button),
];
