import { existsSync } from "node:fs";
import { mkdir, mkdtemp } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { createInterface } from "node:readline";
import type { Readable } from "node:stream";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { execa } from "execa";
import { expect, test } from "vitest";
import { z } from "zod";
import { startGuard } from "./guard.ts";
import { startLaboratory } from "./laboratory.ts";
import { chooseProcesses, type Process } from "./processes.ts";

const State = z.object({ folder: z.string(), pid: z.number(), socket: z.string() });

test("a laboratory whose program was killed is gone soon after, processes and folder", async () => {
  const main = fileURLToPath(new URL("main.ts", import.meta.url));
  const program = execa(process.execPath, [main, "--json"], { reject: false, stderr: "ignore" });
  const state = State.parse(JSON.parse(await firstDocument(program.stdout)));
  process.kill(state.pid, "SIGKILL");
  await program;
  while (existsSync(state.folder)) await sleep(50);
  // The guard itself is the last to end; a process that never does lets this test time out, and names itself.
  const left = async () => (await execa("pgrep", ["-af", state.folder], { reject: false })).stdout;
  await expect.poll(left, { timeout: 60_000 }).toBe("");
});

test("what is mounted in a laboratory's folder does not keep the folder", async () => {
  const folder = await mkdtemp(path.join(tmpdir(), "belay-guard-"));
  const inner = path.join(folder, "site", "uploads");
  await mkdir(inner, { recursive: true });
  const guard = startGuard(folder);
  for (const place of [path.dirname(inner), inner]) {
    await execa("mkdir", ["-p", place]);
    await execa("mount", ["-t", "tmpfs", "-o", "size=1m", "tmpfs", place]);
  }
  await guard.release();
  expect(existsSync(folder)).toBe(false);
});

test("a laboratory that cannot start says why and leaves nothing", async () => {
  const started: string[] = [];
  const error = await startLaboratory({
    wordpress: "/nonexistent",
    onProgress: (sentence) => started.push(sentence),
  }).catch(String);
  expect(started).toContain("WordPress is installed in production");
  expect(error).toContain("/nonexistent");
  const folder = /\/\S*belay-lab-\w+/.exec(String(error))?.[0];
  expect(folder).toBeDefined();
  expect(existsSync(String(folder))).toBe(false);
});

const process_ = (pid: number, parent: number, group: number, started = "1"): Process => ({
  ...{ pid, parent, group, started },
});

test("the guard takes groups, descendants and marked processes, and nobody whose pid was used again", () => {
  const all = [
    process_(10, 1, 10, "5"),
    process_(11, 10, 10),
    process_(12, 11, 12),
    process_(20, 1, 20, "9"),
    process_(30, 1, 30),
    process_(31, 30, 31),
    process_(41, 1, 40),
    process_(50, 1, 50),
  ];
  const leaders = new Map([
    [10, "5"],
    [20, "7"],
    [40, "6"],
  ]);
  const chosen = chooseProcesses(all, { leaders, marked: (pid) => pid === 30 });
  expect([...chosen].sort()).toEqual([10, 11, 12, 30, 31, 41]);
});

/** What a program prints until the closing line of its JSON document. */
async function firstDocument(output: Readable): Promise<string> {
  const lines: string[] = [];
  for await (const line of createInterface({ input: output })) {
    lines.push(line);
    if (line === "}") return lines.join("\n");
  }
  throw new Error(`no document in: ${lines.join("\n")}`);
}
