/** Jobs of the action as it ships (dist/index.js), described by a local file: what a run on a runner does, without a bot. */
import { spawn } from "node:child_process";
import { closeSync, openSync } from "node:fs";
import { mkdir, readFile, writeFile } from "node:fs/promises";
import path from "node:path";
import { type Report, Report as ReportShape } from "../../../src/core/report.ts";
import type { Laboratory } from "../../../test/lab/laboratory.ts";
import { PROJECT } from "../../../test/stage/host.ts";

export type JobFile = Readonly<Record<string, unknown>> & { readonly operation_id: string };

export type Running = {
  /** The action's process. */
  readonly pid: number;
  /** Resolves when it has ended, whoever ended it. */
  readonly ended: Promise<Ended>;
};
export type Ended = {
  /** Undefined where it was killed before it could write one. */
  readonly report: Report | undefined;
  /** Of the same promotion, or another one, that ran at the same time. */
  readonly other?: Report | undefined;
  readonly said: string;
};

/** From where a job reaches the hosts: the laboratory's own network, or another one. */
export type Door = {
  readonly inventory: string;
  readonly knownHosts: string;
  /** Words before the command: `ip netns exec ...`. */
  readonly prefix: readonly string[];
};

export const directDoor = (lab: Laboratory): Door => ({
  inventory: lab.inventory,
  knownHosts: lab.ssh.knownHosts,
  prefix: [],
});

/** Where the runner keeps its temporary files; `place` names it in every command line of its programs. */
export const runnerFolder = (lab: Laboratory) => path.join(lab.folder, "r");

export const prepareRunner = (lab: Laboratory) => mkdir(runnerFolder(lab), { recursive: true });

export async function startJob(lab: Laboratory, job: JobFile, door = directDoor(lab)): Promise<Running> {
  const stem = path.join(runnerFolder(lab), crypto.randomUUID().slice(0, 8));
  const [jobFile, reportFile] = [`${stem}-job.json`, `${stem}-report.json`];
  await writeFile(jobFile, JSON.stringify({ ...job, job_id: crypto.randomUUID(), report_path: "" }));
  const key = await readFile(lab.ssh.privateKey, "utf8");
  const [file = "", ...rest] = [...door.prefix, process.execPath, path.join(PROJECT, "dist/index.js")];
  const log = openSync(`${stem}-log.txt`, "a");
  const child = spawn(file, rest, {
    // A file: what the action has started may keep a pipe open for longer than it lives.
    stdio: ["ignore", log, log],
    env: {
      ...process.env,
      GITHUB_ACTIONS: "",
      TMPDIR: runnerFolder(lab),
      "INPUT_JOB-FILE": jobFile,
      "INPUT_REPORT-FILE": reportFile,
      INPUT_INVENTORY: door.inventory,
      "INPUT_KNOWN-HOSTS": door.knownHosts,
      "INPUT_SSH-KEY": key,
    },
  });
  closeSync(log);
  const { pid } = child;
  if (pid === undefined) throw new Error("The action was not started.");
  const exited = new Promise<void>((resolve) => void child.once("exit", () => resolve()));
  const ended = exited.then(async () => ({
    report: await readReport(reportFile),
    said: await readFile(`${stem}-log.txt`, "utf8"),
  }));
  return { pid, ended };
}

async function readReport(file: string): Promise<Report | undefined> {
  const text = await readFile(file, "utf8").catch(() => "");
  return text === "" ? undefined : ReportShape.parse(JSON.parse(text));
}

/** A job that nothing disturbs and that must succeed. */
export async function mustSucceed(lab: Laboratory, job: JobFile): Promise<Report> {
  const { report, said } = await (await startJob(lab, job)).ended;
  if (report?.status !== "succeeded")
    throw new Error(`${job.job_type} did not succeed: ${report?.error_message ?? said.slice(-2000)}`);
  return report;
}
