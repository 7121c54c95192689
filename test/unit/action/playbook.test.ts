/** A playbook that ends in no good way: the run must end too, and say so. */
import { chmodSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, expect, test } from "vitest";
import { runPlaybook } from "../../../src/action/playbook.ts";

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "belay-playbook-"));
});
afterAll(() => rmSync(folder, { recursive: true }));

const claim = {
  job_id: "00000000-0000-4000-8000-000000000001",
  job_type: "health_check",
  operation_id: "00000000-0000-4000-8000-000000000002",
  timeout_s: 600,
  input: {},
} as const;

test("ansible-playbook is killed and leaves a worker that keeps its output open", async () => {
  const program = join(folder, "ansible-playbook");
  const worker = join(folder, "worker");
  writeFileSync(program, `#!/bin/sh\nsleep 600 &\necho $! > ${worker}\necho words\nkill -9 $$\n`);
  chmodSync(program, 0o755);
  const said: string[] = [];
  const report = await runPlaybook(claim, {
    ansible: folder,
    workplace: { folder, environment: {}, remove: async () => undefined },
    environment: { PATH: `${folder}:${process.env.PATH}` },
    onEvent: () => undefined,
    onLine: (line) => said.push(line),
  });
  expect(report).toMatchObject({
    status: "failed",
    error_code: "ANSIBLE_UNKNOWN_EXIT",
    steps: [],
    facts: {},
  });
  expect(said).toEqual(["words"]);
  const pid = readFileSync(worker, "utf8").trim();
  for (const until = Date.now() + 30_000; isAlive(pid) && Date.now() < until; ) await sleep(20);
  expect(isAlive(pid)).toBe(false);
}, 60_000);

function isAlive(pid: string): boolean {
  return existsSync(`/proc/${pid}`) && !/^State:\s+Z/m.test(readFileSync(`/proc/${pid}/status`, "utf8"));
}
