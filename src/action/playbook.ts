/** Runs one playbook for one job and turns whatever happens into a report. */
import type { ChildProcess } from "node:child_process";
import { readFile, writeFile } from "node:fs/promises";
import path from "node:path";
import { execa, type Result } from "execa";
import { LAST_LOOK, UNDO } from "../core/milestones.ts";
import { type Claim, JobEvent, Report } from "../core/report.ts";
import { PLAYBOOKS } from "../core/vocabulary.ts";
import { type AnsibleError, ansibleError } from "./exit-code.ts";
import { type SeenSteps, seeSteps } from "./seen-steps.ts";
import type { Workplace } from "./ssh.ts";

export type PlaybookRun = {
  /** The folder ansible/ of the action. */
  readonly ansible: string;
  readonly workplace: Workplace;
  readonly environment: NodeJS.ProcessEnv;
  readonly onEvent: (event: JobEvent) => void;
  /** Lines that are no event: Ansible's own words on standard error. */
  readonly onLine: (line: string) => void;
  readonly signal?: AbortSignal;
  /**
   * Where this file exists, a promotion stops before its switch. Right before it waits for the file with `.asked` behind its name.
   * Its text is `UNANSWERED` where nobody asked to stop.
   */
  readonly stopFile?: string;
};

/** The bot could not say right before the switch whether all is as it was. */
export const UNANSWERED = "unanswered";

const NOT_INSTALLED: AnsibleError = {
  code: "ANSIBLE_MISSING",
  message:
    "`ansible-playbook` is not installed on this runner. Use a GitHub-hosted ubuntu runner, or install ansible-core 2.14 or newer in a step before Belay.",
};

/** Variables of the runner that Ansible and ssh need; nothing else of the environment, and no token, reaches them. */
const PASSED_ON = ["PATH", "HOME", "USER", "LANG", "TMPDIR", "SSH_AUTH_SOCK", "VIRTUAL_ENV", "PYTHONPATH"];

/**
 * Runs the playbook of the claimed job to its end or its time limit.
 * @returns the report that the playbook wrote, or one made here that says truthfully why there is none
 */
export async function runPlaybook(claim: Claim, run: PlaybookRun): Promise<Report> {
  const startedAt = new Date().toISOString();
  const reportPath = path.join(run.workplace.folder, `report-${claim.job_id}.json`);
  const inputPath = path.join(run.workplace.folder, `input-${claim.job_id}.json`);
  await writeFile(inputPath, JSON.stringify({ ...claim.input, report_path: reportPath }), { mode: 0o600 });
  const playbook = path.join(run.ansible, "playbooks", PLAYBOOKS[claim.job_type]);
  const seen = seeSteps();
  const onEvent = (event: JobEvent) => {
    seen.hear(event);
    run.onEvent(event);
  };
  const result = await start(playbook, inputPath, claim.timeout_s, { ...run, onEvent });
  const written = await readReport(reportPath, claim);
  if (written !== undefined && (written.status !== "succeeded" || result.exitCode === 0)) {
    return asStopped(written, await whyStopped(run));
  }
  return fallback(claim, result, { startedAt, seen });
}

/** Without a file there was no answer in time. */
async function whyStopped({ stopFile }: PlaybookRun): Promise<"asked" | "unanswered"> {
  if (stopFile === undefined) return "asked";
  return (await readFile(stopFile, "utf8").catch(() => UNANSWERED)) === UNANSWERED ? "unanswered" : "asked";
}

/** The step that stops fails, and what follows it cleans up: the job was stopped as it was asked to, or for want of an answer. */
function asStopped(report: Report, why: "asked" | "unanswered"): Report {
  const stopped = report.steps.some(({ name, status }) => name === LAST_LOOK && status === "failed");
  if (!stopped || report.status !== "failed") return report;
  const tidied = report.steps.some(({ name, status }) => UNDO.test(name) && status === "ok");
  const left = tidied
    ? "is removed"
    : "could not be removed, and stays on the target until the next operation there";
  if (why === "unanswered") {
    const error_message = `Right before the switch the bot could not say whether pull request, approvals and policy are still as they were, because GitHub or the bot itself did not answer. So it was not made; what was prepared ${left}.`;
    return { ...report, error_code: "LAST_LOOK_FAILED", error_message };
  }
  const error_message = `It was stopped before the switch; what it had prepared ${left}.`;
  return { ...report, status: "cancelled", error_code: "JOB_CANCELLED", error_message };
}

async function start(
  playbook: string,
  input: string,
  timeoutS: number,
  run: PlaybookRun,
): Promise<Result<{ lines: true }>> {
  const environment = Object.fromEntries(
    PASSED_ON.flatMap((name) => (run.environment[name] ? [[name, run.environment[name]]] : [])),
  );
  const child = execa("ansible-playbook", [playbook, "-e", `@${input}`], {
    cwd: run.ansible,
    extendEnv: false,
    env: {
      ...environment,
      ...run.workplace.environment,
      LC_ALL: "C.UTF-8",
      ANSIBLE_CONFIG: path.join(run.ansible, "ansible.cfg"),
      BELAY_OUTPUT: "jsonl",
      ...(run.stopFile === undefined ? {} : { BELAY_STOP_FILE: run.stopFile }),
    },
    lines: true,
    reject: false,
    // A process group of its own, so that all of it can be ended.
    detached: true,
    timeout: timeoutS * 1_000,
    killSignal: "SIGINT",
    forceKillAfterDelay: 10_000,
    ...(run.signal === undefined ? {} : { cancelSignal: run.signal }),
  });
  const forget = endWhatIsLeft(child.nodeChildProcess);
  const errors = (async () => {
    for await (const line of child.iterable({ from: "stderr" })) run.onLine(line);
  })().catch(() => undefined);
  try {
    for await (const line of child.iterable()) deliver(line, run);
  } catch {
    // The child failed: its result, read below, says how.
  }
  await errors;
  const result = await child;
  forget();
  return result as Result<{ lines: true }>;
}

/**
 * Where Ansible itself was killed, its workers wait for it without end and keep its output open. They end with it, and it ends
 * with this process. What already runs on a host goes on there.
 */
function endWhatIsLeft(playbook: ChildProcess): () => void {
  const { pid } = playbook;
  const end = () => {
    try {
      if (pid !== undefined) process.kill(-pid, "SIGKILL");
    } catch {
      // Nothing is left.
    }
  };
  playbook.once("exit", end);
  process.once("exit", end);
  return () => void process.off("exit", end);
}

function deliver(line: string, run: PlaybookRun): void {
  const event = JobEvent.safeParse(parseJson(line));
  if (event.success) run.onEvent(event.data);
  else run.onLine(line);
}

async function readReport(file: string, claim: Claim): Promise<Report | undefined> {
  const text = await readFile(file, "utf8").catch(() => "");
  const report = Report.safeParse(parseJson(text));
  return report.success && report.data.job_id === claim.job_id ? report.data : undefined;
}

/** The playbook left no report, or one that its exit code contradicts: say what is known, and nothing more. */
function fallback(
  claim: Claim,
  result: Result<{ lines: true }>,
  { startedAt, seen }: { readonly startedAt: string; readonly seen: SeenSteps },
): Report {
  const steps = seen.all();
  const error = errorOf(claim, result, steps.length > 0);
  const lastWords = (result.stderr ?? []).slice(-3).join(" ").slice(0, 500);
  return {
    schema: 1,
    job_id: claim.job_id,
    job_type: claim.job_type,
    operation_id: claim.operation_id,
    status: result.isCanceled ? "cancelled" : "failed",
    error_code: error.code,
    error_message: [error.message, lastWords].filter(Boolean).join(" "),
    started_at: startedAt,
    finished_at: new Date().toISOString(),
    steps: [...steps],
    facts: {},
  };
}

function errorOf({ timeout_s }: Claim, result: Result<{ lines: true }>, begun: boolean): AnsibleError {
  if (result.code === "ENOENT") return NOT_INSTALLED;
  return result.timedOut
    ? { code: "ANSIBLE_TIMEOUT", message: `The playbook did not end within ${timeout_s} s and was stopped.` }
    : ansibleError(result.exitCode, begun);
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
