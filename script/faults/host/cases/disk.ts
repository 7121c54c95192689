/** The site's file system is full to the last byte from a step on, until an operator makes room. */
import { statfs, unlink } from "node:fs/promises";
import path from "node:path";
import { execa } from "execa";
import { atSteps, type Case, type Fault } from "../fault.ts";
import type { World } from "../world.ts";
import { STEPS } from "./kills.ts";

async function fill({ site }: World) {
  const ballast = path.join(site.root, "ballast");
  const { bavail, bsize } = await statfs(site.root);
  await execa("fallocate", ["-l", String(bavail * bsize), ballast]);
  return () => unlink(ballast);
}

const full: Fault = {
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
