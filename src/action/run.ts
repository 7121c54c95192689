/** One run: claims its jobs in turn, runs the playbook of each, and tells the bot what happened. */
import { writeFile } from "node:fs/promises";
import path from "node:path";
import * as core from "@actions/core";
import { isLastLook } from "../core/milestones.ts";
import type { Claim, JobEvent, Report, ReportAnswer } from "../core/report.ts";
import type { BotClient } from "./bot.ts";
import { ActionError } from "./error.ts";
import type { RunInputs } from "./inputs.ts";
import { say } from "./log.ts";
import type { Outcome } from "./output.ts";
import { runPlaybook, UNANSWERED } from "./playbook.ts";
import { stopOnSignals } from "./signals.ts";
import { prepareWorkplace, type Workplace } from "./ssh.ts";

export type RunDependencies = {
  readonly ansible: string;
  readonly environment: NodeJS.ProcessEnv;
  readonly bot: BotClient;
};

/** Events are sent in batches; the comment shows progress at most every 15 s anyway. */
const BATCH_MS = 2_000;
/** Where nothing happens, the bot is told so now and then: it knows that the runner lives, and says whether to stop. */
const SILENCE_MS = 20_000;

/**
 * Runs every job of the operation that the first one begins.
 * @throws ActionError when a job could not be claimed or the bot could not be reached
 */
export async function runJobs(inputs: RunInputs, dependencies: RunDependencies): Promise<Outcome> {
  const workplace = await prepareWorkplace(inputs, dependencies.environment.RUNNER_TEMP);
  const stop = stopOnSignals();
  try {
    let job: string | null = inputs.job;
    let last: { claim: Claim; report: Report; answer: ReportAnswer } | undefined;
    while (job !== null) {
      last = await runJob(job, { ...dependencies, workplace, signal: stop.signal });
      job = last.answer.next_job_id;
    }
    if (last === undefined) throw new ActionError("NO_JOB", "The run had no job.");
    return summarize(last);
  } finally {
    stop.forget();
    await workplace.remove();
  }
}

type JobDependencies = RunDependencies & { readonly workplace: Workplace; readonly signal: AbortSignal };

async function runJob(job: string, dependencies: JobDependencies) {
  const { bot } = dependencies;
  const claim = await bot.claim(job);
  core.startGroup(`Belay: ${claim.job_type}`);
  const stopFile = path.join(dependencies.workplace.folder, `stop-${claim.job_id}`);
  const stream = eventStream(async (events) => {
    const { cancel } = await bot.events(job, events);
    if (cancel) await writeFile(stopFile, "");
  });
  const report = await runPlaybook(claim, {
    ...dependencies,
    stopFile,
    onEvent: (event) => {
      show(event);
      stream.push(event);
      if (isLastLook(event))
        answerLastLook(stream.now(), stopFile).catch((error) => core.debug(String(error)));
    },
    onLine: say,
  });
  await stream.end();
  const answer = await bot.report(job, report);
  core.endGroup();
  say(answer.message);
  return { claim, report, answer };
}

/** The switch waits for this: without the bot's word it is not made. */
async function answerLastLook(asked: Promise<boolean>, stopFile: string): Promise<void> {
  // Word to stop that came earlier stays.
  if (!(await asked)) await writeFile(stopFile, UNANSWERED, { flag: "wx" }).catch(() => undefined);
  await writeFile(`${stopFile}.asked`, "");
}

/** Sends events in the background; progress that cannot be delivered is dropped, because the report repeats every step. */
function eventStream(send: (events: readonly JobEvent[]) => Promise<unknown>) {
  let waiting: JobEvent[] = [];
  /** Whether the last batch arrived, and was answered. */
  let sending: Promise<boolean> = Promise.resolve(true);
  let told = Date.now();
  const flush = () => {
    const batch = waiting;
    waiting = [];
    const silent = Date.now() - told >= SILENCE_MS;
    if (batch.length === 0 && !silent) return;
    told = Date.now();
    sending = sending
      .then(() => send(batch))
      .then(() => true)
      .catch((error) => {
        core.debug(String(error));
        return false;
      });
  };
  const timer = setInterval(flush, BATCH_MS);
  return {
    push: (event: JobEvent) => void waiting.push(event),
    /** Tells what waits. @returns whether the bot answered, and so has told whether to stop */
    now: async () => {
      flush();
      return sending;
    },
    end: async () => {
      clearInterval(timer);
      flush();
      await sending;
    },
  };
}

function show(event: JobEvent): void {
  if (event.event === "step_started") return;
  const time = event.seconds === undefined ? "" : ` (${event.seconds.toFixed(1)} s)`;
  const mark = event.status === "failed" || event.status === "unreachable" ? "✗" : "✓";
  say(`${mark} ${event.step}${time}${event.message === undefined ? "" : `: ${event.message}`}`);
}

function summarize(last: { claim: Claim; report: Report; answer: ReportAnswer }): Outcome {
  const result = last.answer.result ?? (last.report.status === "succeeded" ? "succeeded" : "failed");
  return {
    result,
    code: result === "succeeded" ? "" : (last.report.error_code ?? result.toUpperCase()),
    message: last.answer.message,
    promotionId: last.claim.operation_id,
    report: JSON.stringify({ ...last.report, facts: undefined }),
  };
}
