/** The demo, as a person starts it: the seven points of the promise hold, and nothing is left behind. */
import { readdirSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { execa } from "execa";
import { afterAll, beforeAll, expect, test } from "vitest";
import { hasEnvironment, listProcesses } from "../lab/processes.ts";
import { PROJECT } from "../stage/host.ts";

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), "belay-e2e-"));
});
afterAll(() => rm(folder, { recursive: true }));

test("npm run demo -- --json", async () => {
  // Everything that the demo starts inherits this, and everything that it makes lies below the folder.
  const mark = { BELAY_DEMO_TEST: folder, TMPDIR: folder };
  await execa("chmod", ["1777", folder]);
  const demo = await execa(process.execPath, [path.join(PROJECT, "script/demo/main.ts"), "--json"], {
    env: mark,
    reject: false,
  });
  expect(demo.exitCode, demo.stderr).toBe(0);
  const figures: unknown = JSON.parse(demo.stdout);
  expect(figures, demo.stderr).toEqual({
    ...Object.fromEntries([1, 2, 3, 4, 5, 6, 7].map((point) => [`point_${point}`, true])),
    requests: expect.any(Number),
    failed_requests: 0,
    longest_gap_ms: expect.any(Number),
    lost_writes: 0,
    protected_changed: 0,
    seconds: expect.any(Number),
  });
  expect(figures).toHaveProperty(
    "requests",
    expect.toSatisfy((requests: number) => requests > 500),
  );

  const left = listProcesses().filter(({ pid }) => hasEnvironment(pid, `BELAY_DEMO_TEST=${folder}`));
  expect(left).toEqual([]);
  expect(readdirSync(folder)).toEqual([]);
});
