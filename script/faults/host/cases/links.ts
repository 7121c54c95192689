/** Somebody with the site's own rights swaps a folder for a link, again and again, while a release is brought. */
import { mkdir, readdir, rm, writeFile } from "node:fs/promises";
import path from "node:path";
import { execa } from "execa";
import { OWNER } from "../../../../test/lab/site.ts";
import type { Case, Fault } from "../fault.ts";
import type { World } from "../world.ts";

/** Runs until its input ends; leaves the folder as it was. */
const SWAPPER = `
import os, select, sys
place, goal = sys.argv[1:]
while not select.select([sys.stdin], [], [], 0.001)[0]:
    try:
        os.rename(place, place + ".kept")
        os.symlink(goal, place)
        os.unlink(place)
        os.rename(place + ".kept", place)
    except OSError:
        pass
if os.path.islink(place):
    os.unlink(place)
if os.path.isdir(place + ".kept"):
    import shutil
    shutil.rmtree(place, ignore_errors=True)
    os.rename(place + ".kept", place)
`;

const race: Fault = {
  kind: "symlink-race",
  recovery: "recover",
  before: async (world) => {
    const victim = path.join(world.lab.folder, "victim");
    await mkdir(victim, { recursive: true, mode: 0o700 });
    await writeFile(path.join(victim, "precious"), "as it was");
    const mend = await swap(world, victim);
    return async () => {
      await mend();
      const found = await readdir(victim);
      await rm(victim, { recursive: true });
      if (found.join() !== "precious")
        throw new Error(`Something was written through the link: ${found.join(", ")}`);
    };
  },
};

async function swap({ site }: World, victim: string) {
  const incoming = path.join(site.root, ".belay/incoming");
  await mkdir(incoming, { recursive: true });
  await execa("chown", [`${OWNER}:${OWNER}`, incoming]);
  const words = [
    "--reuid",
    OWNER,
    "--regid",
    OWNER,
    "--clear-groups",
    "--",
    "/usr/bin/python3",
    "-c",
    SWAPPER,
    incoming,
    victim,
  ];
  const child = execa("setpriv", words, { stdin: "pipe", reject: false });
  return async () => {
    child.stdin.end();
    const { failed, stderr } = await child;
    if (failed) throw new Error(`The folder was not swapped: ${stderr}`);
  };
}

export const LINKS: readonly Case[] = [{ name: race.kind, step: "", fault: race }];
