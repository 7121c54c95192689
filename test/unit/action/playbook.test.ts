/** A playbook that ends in no good way: the run must end too, and say so. */
import { chmodSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, expect, test } from "vitest";
import { runPlaybook, UNANSWERED } from "../../../src/action/playbook.ts";
import { LAST_LOOK } from "../../../src/core/milestones.ts";
import type { Claim, Report, ReportStep } from "../../../src/core/report.ts";

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

/** Runs a script in the place of ansible-playbook; `REPORT` in it is where the playbook would write its report. */
async function ranAs(
  script: string,
  job_type: Claim["job_type"] = "env_promote",
  /** What is in the file that stops the promotion; null: it is not there. Absent: nobody is to be asked. */
  stop?: string | null,
): Promise<Report> {
  const place = mkdtempSync(join(folder, "run-"));
  const stopFile = join(place, "stop");
  if (typeof stop === "string") writeFileSync(stopFile, stop);
  const program = join(place, "ansible-playbook");
  const text = script.replaceAll("REPORT", join(place, `report-${claim.job_id}.json`));
  writeFileSync(program, `#!/bin/sh\n${text}\n`);
  chmodSync(program, 0o755);
  return runPlaybook(
    { ...claim, job_type },
    {
      ansible: place,
      workplace: { folder: place, environment: {}, remove: async () => undefined },
      environment: { PATH: `${place}:${process.env.PATH}` },
      onEvent: () => undefined,
      onLine: () => undefined,
      ...(stop !== undefined && { stopFile }),
    },
  );
}

const told = (event: "step_started" | "step_finished", step: string, more = {}) =>
  `echo '${JSON.stringify({ at: "2026-03-01T10:00:00Z", event, step, ...more })}'`;
const ended = (step: string, status: ReportStep["status"] = "ok") =>
  `${told("step_started", step)}\n${told("step_finished", step, { status, seconds: 1 })}`;

test.each([
  [4, "ANSIBLE_SYNTAX_ERROR"],
  [1, "ANSIBLE_PLAY_ERROR"],
  [2, "ANSIBLE_HOST_FAILED"],
  [250, "ANSIBLE_UNEXPECTED_ERROR"],
])("it ends with %i before it told of a step: %s", async (code, error_code) => {
  expect(await ranAs(`exit ${code}`)).toMatchObject({ status: "failed", error_code, steps: [] });
});

test("it leaves no report: the steps that it told of are in the one that is made here", async () => {
  const report = await ranAs(`${ended("Look")}\n${told("step_started", "Switch to the release")}\nexit 4`);
  expect(report).toMatchObject({
    error_code: "ANSIBLE_HOST_UNREACHABLE",
    steps: [
      { name: "Look", status: "ok", seconds: 1 },
      { name: "Switch to the release", status: "unreachable" },
    ],
  });
});

test("there is no ansible-playbook on the runner: a report says so, and nothing has begun", async () => {
  const report = await runPlaybook(claim, {
    ansible: folder,
    workplace: { folder, environment: {}, remove: async () => undefined },
    environment: { PATH: join(folder, "nothing") },
    onEvent: () => undefined,
    onLine: () => undefined,
  });
  expect(report).toMatchObject({ status: "failed", error_code: "ANSIBLE_MISSING", steps: [] });
});

/** A script that reports a promotion which stopped before its switch. */
function stoppedReport(status: ReportStep["status"]): string {
  const steps = [
    { name: LAST_LOOK, status: "failed", seconds: 0 },
    { name: "Clean up, or go back to the release before", status, seconds: 1 },
  ];
  const at = "2026-03-01T10:00:00Z";
  const ids = { job_id: claim.job_id, job_type: "env_promote", operation_id: claim.operation_id };
  const report = { schema: 1, ...ids, status: "failed", started_at: at, finished_at: at, steps, facts: {} };
  return `echo '${JSON.stringify(report)}' > REPORT\nexit 2`;
}

test.each([
  ["", { status: "cancelled", error_code: "JOB_CANCELLED" }],
  [UNANSWERED, { status: "failed", error_code: "LAST_LOOK_FAILED" }],
  [null, { status: "failed", error_code: "LAST_LOOK_FAILED" }],
] as const)(
  "it stops before the switch, and the file that says so holds %j: why is told",
  async (stop, told) => {
    expect(await ranAs(stoppedReport("ok"), "env_promote", stop)).toMatchObject(told);
  },
);

test.each([
  ["ok", "what it had prepared is removed."],
  ["failed", "what it had prepared could not be removed"],
  ["unreachable", "what it had prepared could not be removed"],
] as const)("it stops as asked, and cleaning up ends %s: its message says so", async (status, words) => {
  const stopped = await ranAs(stoppedReport(status));
  expect(stopped).toMatchObject({ status: "cancelled", error_code: "JOB_CANCELLED" });
  expect(stopped.error_message).toContain(words);
});

function isAlive(pid: string): boolean {
  return existsSync(`/proc/${pid}`) && !/^State:\s+Z/m.test(readFileSync(`/proc/${pid}/status`, "utf8"));
}
