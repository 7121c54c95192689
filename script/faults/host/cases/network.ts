/** The network between runner and host is cut, for five seconds and for good: a veth pair whose one end goes down. */
import { readFile, writeFile } from "node:fs/promises";
import path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { execa } from "execa";
import { freePort } from "../../../../test/lab/servers.ts";
import { atSteps, type Case, type Fault } from "../fault.ts";
import { type Door, startJob } from "../jobs.ts";
import { signal } from "../moments.ts";
import type { World } from "../world.ts";
import { STEPS } from "./kills.ts";

type Line = {
  readonly door: Door;
  readonly cut: () => Promise<unknown>;
  readonly mend: () => Promise<unknown>;
};
const lines = new WeakMap<World, Promise<Line>>();
const ip = (...words: readonly string[]) => execa("ip", words);

/** The runner in a network namespace of its own; the host's ssh server, once more, on the other end of the cable. */
async function layLine(world: World): Promise<Line> {
  const { lab } = world;
  const name = `fh${process.pid}`;
  const net = `10.${91 + (process.pid % 100)}.${(process.pid >> 8) % 250}`;
  // Named networks of this mount namespace only: they are gone with it.
  await execa("mkdir", ["-p", "/run/netns"]);
  await execa("mount", ["-t", "tmpfs", "tmpfs", "/run/netns"]);
  await ip("netns", "add", name);
  await ip("link", "add", `${name}h`, "type", "veth", "peer", "name", `${name}r`, "netns", name);
  await ip("addr", "add", `${net}.1/24`, "dev", `${name}h`);
  await ip("link", "set", `${name}h`, "up");
  await ip("-n", name, "addr", "add", `${net}.2/24`, "dev", `${name}r`);
  await ip("-n", name, "link", "set", `${name}r`, "up");
  await ip("-n", name, "link", "set", "lo", "up");
  const port = await freePort();
  const folder = path.join(lab.folder, "ssh");
  const config = path.join(folder, "line_config");
  const text = await readFile(path.join(folder, "sshd_config"), "utf8");
  await writeFile(
    config,
    text
      .replace(/^Port .*/m, `Port ${port}`)
      .replace(/^ListenAddress .*/m, `ListenAddress ${net}.1`)
      .replace(/^PidFile .*/m, `PidFile ${folder}/line.pid`),
  );
  const answers = async () => (await execa("ssh-keyscan", ["-p", String(port), `${net}.1`])).stdout !== "";
  const command = ["/usr/sbin/sshd", "-D", "-e", "-f", config] as const;
  await lab.start({ name: "sshd on the line", command, log: path.join(folder, "line.log"), ready: answers });
  const door = await doorTo(world, { address: `${net}.1`, port, prefix: ["ip", "netns", "exec", name] });
  const set = (how: "up" | "down") => ip("link", "set", `${name}h`, how);
  return { door, cut: () => set("down"), mend: () => set("up") };
}

type Place = { readonly address: string; readonly port: number; readonly prefix: readonly string[] };

async function doorTo({ lab }: World, place: Place): Promise<Door> {
  const inventory = path.join(lab.folder, "line-inventory.yml");
  const knownHosts = path.join(lab.folder, "line-known-hosts");
  const hosts = await readFile(lab.inventory, "utf8");
  const moved = hosts
    .replaceAll("127.0.0.1", place.address)
    .replaceAll(`${lab.ssh.port}`, String(place.port));
  await writeFile(inventory, moved);
  const keys = await readFile(lab.ssh.knownHosts, "utf8");
  await writeFile(knownHosts, keys.replace(/^\S+/, `[${place.address}]:${place.port}`));
  return { inventory, knownHosts, prefix: place.prefix };
}

const line = (world: World): Promise<Line> => {
  const laid = lines.get(world) ?? layLine(world);
  lines.set(world, laid);
  return laid;
};

export const cut = (seconds: number | "good"): Fault => ({
  kind: seconds === "good" ? "network-cut-for-good" : `network-cut-${seconds}-s`,
  recovery: "wait",
  change: (job) => ({ ...job, confirm_within_s: 15 }),
  start: async (world, job) => startJob(world.lab, job, (await line(world)).door),
  at: async ({ world }) => {
    await (await line(world)).cut();
    return undefined;
  },
  after: async ({ world, running }) => {
    if (seconds !== "good") await sleep(seconds * 1_000);
    // The job's own time limit would end the run much later: somebody cancels it, and then kills it.
    else await givenUp(running);
    await (await line(world)).mend();
    return async () => undefined;
  },
});

async function givenUp(running: { readonly pid: number; readonly ended: Promise<unknown> }): Promise<void> {
  const over = running.ended.then(() => true);
  if (await Promise.race([over, sleep(PATIENCE_MS)])) return;
  signal(running.pid, "SIGINT");
  await Promise.race([over, sleep(20_000)]);
  signal(running.pid, "SIGKILL");
}
/** ssh notices after a minute that nobody answers. */
const PATIENCE_MS = 120_000;

export const NETWORK: readonly Case[] = [...atSteps(STEPS, cut(5)), ...atSteps(STEPS, cut("good"))];
