/** Program of the guard (guard.ts): reads pids from its input; at the input's end it ends them and removes the folder. */
import { readFile, rm } from "node:fs/promises";
import { createInterface } from "node:readline";
import { setTimeout as sleep } from "node:timers/promises";
import { execa } from "execa";
import { MARK } from "./guard.ts";
import { chooseProcesses, hasEnvironment, listProcesses, readProcess } from "./processes.ts";

const [folder] = process.argv.slice(2);
if (folder === undefined) throw new Error("Usage: guard-main.ts <folder>");
// Only the end of its input may end it.
for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.on(signal, () => undefined);

const leaders = new Map<number, string>();
for await (const line of createInterface({ input: process.stdin })) {
  const found = readProcess(Number(line));
  if (found !== undefined) leaders.set(found.pid, found.started);
}

const wanted = { leaders, marked: (pid: number) => hasEnvironment(pid, `${MARK}=${folder}`) };
const living = () => chooseProcesses(listProcesses(), wanted).filter((pid) => pid !== process.pid);
// Repeated, because a process may start another before it dies. Nothing here has data worth a gentle end.
for (let round = 0; round < 200 && living().length > 0; round++) {
  for (const pid of living()) end(pid);
  await sleep(25);
}
if (living().length > 0) throw new Error(`These processes do not end: ${living().join(", ")}`);
for (const place of await mountsBelow(folder)) await execa("umount", ["--lazy", place]);
await rm(folder, { recursive: true, force: true, maxRetries: 5 });

/** A folder on which something is mounted cannot be removed. Deepest first. */
async function mountsBelow(root: string): Promise<readonly string[]> {
  const places = (await readFile("/proc/self/mountinfo", "utf8"))
    .split("\n")
    .map((line) => line.split(" ")[4] ?? "");
  return places.filter((place) => place.startsWith(`${root}/`)).sort((a, b) => b.length - a.length);
}

function end(pid: number): void {
  try {
    process.kill(pid, "SIGKILL");
  } catch {
    // It has gone by itself.
  }
}
