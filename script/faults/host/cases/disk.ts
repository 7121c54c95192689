/** The site's file system is full to the last byte from a step on, until an operator makes room. */
import { mkdir, rm, statfs } from "node:fs/promises";
import path from "node:path";
import { execa } from "execa";
import { atSteps, type Case, type Fault } from "../fault.ts";
import type { World } from "../world.ts";
import { STEPS } from "./kills.ts";

/** Visitors write meanwhile, so that the room that is left is known only by trying. */
async function fill({ site }: World) {
  const folder = path.join(site.root, "ballast");
  await mkdir(folder);
  for (let number = 0, share = 1; share > 2 ** -12; number++) {
    const { bavail, bsize } = await statfs(site.root);
    if (bavail === 0) break;
    const bytes = Math.max(1, Math.floor(bavail * bsize * share));
    const { failed } = await execa("fallocate", ["-l", String(bytes), path.join(folder, String(number))], {
      reject: false,
    });
    if (failed) share /= 2;
  }
  return () => rm(folder, { recursive: true });
}

export const full: Fault = {
  kind: "disk-full",
  recovery: "recover",
  disturbs: true,
  at: ({ world }) => fill(world),
};
const fullBefore: Fault = {
  kind: "disk-full-before",
  recovery: "recover",
  disturbs: true,
  must: "old",
  before: fill,
};

export const DISK: readonly Case[] = [
  { name: fullBefore.kind, step: "", fault: fullBefore },
  ...atSteps(STEPS, full),
];
