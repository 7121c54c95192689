/** Processes that die by SIGKILL: the one on the host, ansible-playbook, the action. */

import { readFile } from "node:fs/promises";
import { setTimeout as sleep } from "node:timers/promises";
import { atSteps, type Case, type Fault, type Scene } from "../fault.ts";
import { signal } from "../moments.ts";

/** Every step that a promotion journals, in order, and the moment in which the tables are renamed. */
export const STEPS = [
  ...["checked", "unpack", "shadow", "warmed", "trial", "tried", "logs", "armed", "prepared", "switch"],
  ...["in_doubt", "activated", "promoted", "health", "confirmed"],
] as const;
/** Those at which a run that nobody steers any more leaves a release that nobody confirms. */
const AFTERWARDS = ["activated", "promoted", "health"];

const remote: Fault = {
  kind: "kill-remote",
  recovery: "recover",
  at: async (_, { pid }) => {
    if (pid === undefined) throw new Error("Nothing ran on the host that could be killed.");
    signal(pid, "SIGKILL");
    return undefined;
  },
};
/** The switcher dies a few milliseconds later: before, while or after the server renames the tables. */
const remoteLater = (ms: number): Fault => ({
  ...remote,
  kind: `kill-remote-${ms}-ms-later`,
  at: async (_, moment) => {
    moment.thaw();
    await sleep(ms);
    signal(moment.pid, "SIGKILL");
    return undefined;
  },
});
const ansible = (recovery: Fault["recovery"]): Fault => ({
  kind: recovery === "rerun" ? "kill-ansible" : `kill-ansible-then-${recovery}`,
  recovery,
  change: (job) => ({ ...job, confirm_within_s: recovery === "watchdog" ? 10 : 120 }),
  at: async (scene) => {
    signal(await playbookOf(scene), "SIGKILL");
    return undefined;
  },
});
const action: Fault = {
  kind: "kill-action",
  recovery: "wait",
  change: (job) => ({ ...job, confirm_within_s: 15 }),
  at: async ({ running }) => {
    signal(running.pid, "SIGKILL");
    return undefined;
  },
};

async function playbookOf({ running }: Scene): Promise<number> {
  const children = await readFile(`/proc/${running.pid}/task/${running.pid}/children`, "utf8");
  return Number(children.trim().split(" ")[0]);
}

export const KILLS: readonly Case[] = [
  ...atSteps(STEPS, remote),
  ...[2, 8, 20].flatMap((ms) => atSteps(["in_doubt"], remoteLater(ms))),
  ...atSteps(STEPS, ansible("rerun")),
  ...atSteps(AFTERWARDS, ansible("recover")),
  ...atSteps(["activated"], ansible("watchdog")),
  ...atSteps(STEPS, action),
];
