/** The host's clock jumps by hours, both ways, while a promotion runs: its Python runs under libfaketime (Debian's package faketime). */
import { existsSync } from "node:fs";
import { chmod, readFile, writeFile } from "node:fs/promises";
import path from "node:path";
import { parse, stringify } from "yaml";
import { z } from "zod";
import { atSteps, type Case, type Fault } from "../fault.ts";
import { directDoor, startJob } from "../jobs.ts";
import type { World } from "../world.ts";
import { STEPS } from "./kills.ts";

const LIBRARY = `/usr/lib/${process.arch === "arm64" ? "aarch64" : "x86_64"}-linux-gnu/faketime/libfaketime.so.1`;
const Inventory = z.object({ all: z.looseObject({ vars: z.record(z.string(), z.unknown()) }) });
const offsetFile = ({ lab }: World) => path.join(lab.folder, "clock");

/** An inventory whose Python reads the time from a file; monotonic clocks go on as ever, as they do on a real host. */
async function fakedInventory(world: World): Promise<string> {
  if (!existsSync(LIBRARY)) throw new Error("libfaketime is missing. Type: apt-get install faketime");
  const wrapper = path.join(world.lab.folder, "python-with-a-clock");
  const settings = `LD_PRELOAD=${LIBRARY} FAKETIME_TIMESTAMP_FILE=${offsetFile(world)} FAKETIME_NO_CACHE=1 FAKETIME_DONT_FAKE_MONOTONIC=1`;
  await writeFile(wrapper, `#!/bin/sh\nexec env ${settings} /usr/bin/python3 "$@"\n`);
  await chmod(wrapper, 0o755);
  const read = Inventory.parse(parse(await readFile(world.lab.inventory, "utf8")));
  read.all.vars.ansible_python_interpreter = wrapper;
  const file = path.join(world.lab.folder, "faked-inventory.yml");
  await writeFile(file, stringify(read));
  return file;
}

const jump = (offset: string): Fault => ({
  kind: `clock-jumps-${offset}`,
  recovery: "recover",
  must: "new",
  before: async (world) => {
    await writeFile(offsetFile(world), "+0\n");
    return async () => undefined;
  },
  start: async (world, job) =>
    startJob(world.lab, job, { ...directDoor(world.lab), inventory: await fakedInventory(world) }),
  at: async ({ world }) => {
    await writeFile(offsetFile(world), `${offset}\n`);
    return undefined;
  },
});

export const CLOCK: readonly Case[] = [...atSteps(STEPS, jump("+6h")), ...atSteps(STEPS, jump("-6h"))];
