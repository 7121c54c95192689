/** Processes that die by SIGKILL: the one on the host, ansible-playbook, the action. */

import { readFile } from "node:fs/promises";
import { setTimeout as sleep } from "node:timers/promises";
import { atSteps, type Case, type Fault, type Scene } from "../fault.ts";
import type { JobFile } from "../jobs.ts";
import { signal } from "../moments.ts";
import { stepsOf, type World } from "../world.ts";

/** Every step that a promotion journals, in order, and the moment in which the tables are renamed. */
export const STEPS = [
  ...["checked", "unpack", "shadow", "warmed", "trial", "tried", "logs", "armed", "prepared", "switch"],
  ...["in_doubt", "activated", "promoted", "health", "code", "confirmed"],
] as const;
/** Steps of a promotion whose release upgrades a table, makes a plugin active, and has a cache told to forget. */
export const UPGRADE_STEPS = [
  ...["migrating", "migrated", "plugin_activating", "plugin_activated", "must_purge", "purged"],
] as const;
/** Steps of the way back of a promotion whose release is not healthy, which no other promotion has. */
export const UNDO_STEPS = ["undo", "prepared_back", "rolled_back"] as const;
/** Steps of a rollback. */
export const BACK_STEPS = [
  "prepared_back",
  "switch",
  "in_doubt",
  "activated",
  "rolled_back",
  "health",
] as const;
/** Notes that begin nothing. */
const NOTES = ["failed", "strays", "untidy"];

/** Every step of a journal that nothing breaks must be one at which something is broken. */
export async function unknownSteps({ site }: World, job: JobFile): Promise<readonly string[]> {
  const known = new Set<string>([...STEPS, ...UPGRADE_STEPS, ...UNDO_STEPS, ...BACK_STEPS, ...NOTES]);
  const unknown = new Set((await stepsOf(site, job.operation_id)).filter((step) => !known.has(step)));
  return [...unknown].map((step) => `nothing is broken at the step ${step}: kills.ts does not name it`);
}

/** Those at which a run that nobody steers any more leaves a release that nobody confirms. */
const AFTERWARDS = ["activated", "promoted", "health"];

export const remote: Fault = {
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
export const ansible = (recovery: Fault["recovery"]): Fault => ({
  kind: recovery === "rerun" ? "kill-ansible" : `kill-ansible-then-${recovery}`,
  recovery,
  change: (job) => ({ ...job, confirm_within_s: recovery === "watchdog" ? 10 : 120 }),
  at: async (scene) => {
    signal(await playbookOf(scene), "SIGKILL");
    return undefined;
  },
});
export const action: Fault = {
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
