/** Program of the watcher (arguments.ts): notes the arguments of all processes until its input ends, then prints them. */
import { readdirSync, readFileSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";

/** A process that was just made shows its parent's arguments, until it begins its own program. */
const YOUNG_MS = 500;

let over = false;
process.stdin.resume().on("end", () => {
  over = true;
});
const lines = new Set<string>();
const since = new Map<string, number>();
while (!over) {
  const now = performance.now();
  const living = readdirSync("/proc").filter((name) => /^\d+$/.test(name));
  for (const pid of living) {
    if (!since.has(pid)) since.set(pid, now);
    if (now - (since.get(pid) ?? now) > YOUNG_MS) continue;
    const line = argumentsOf(pid);
    if (line !== "") lines.add(line);
  }
  const alive = new Set(living);
  for (const pid of since.keys()) if (!alive.has(pid)) since.delete(pid);
  await sleep(3);
}
console.log([...lines].join("\n"));

/** Empty when the process has just gone. A line break in an argument is one space. */
function argumentsOf(pid: string): string {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, "utf8")
      .replace(/[\0\n]+/g, " ")
      .trim();
  } catch {
    return "";
  }
}
