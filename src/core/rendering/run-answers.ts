/** Why a run, or what it reported, came to nothing. One function each; the answers to commands are in answers.ts. */
import { type Answer, answer } from "../answer.ts";

export const dispatchFailed = (message: string): Answer =>
  answer(
    "DISPATCH_FAILED",
    `The workflow run could not be started: ${message}`,
    "Check that `.github/workflows/belay.yml` is on the default branch and that the App may write Actions, then comment the command again.",
  );

export const runLost = (what: string): Answer =>
  answer(
    "RUN_LOST",
    `The workflow run ended without a report while it was to ${what}.`,
    "Look at the run's log, then comment the command again.",
  );

export const jobTimeout = (what: string, minutes: number): Answer =>
  answer(
    "JOB_TIMEOUT",
    `The job to ${what} did not report within ${minutes} min.`,
    "Look at the run's log, then comment the command again.",
  );

export const environmentEmpty = (name: string): Answer =>
  answer(
    "SITE_EMPTY",
    `${name} is laid out, but there is no site in it yet.`,
    "Comment `/refresh` to clone an empty source from its target; a target must be a running site.",
  );

export const baselineUnreadable = (
  { source, target }: { readonly source: string; readonly target: string },
  why: string,
): Answer =>
  answer(
    "BASELINE_UNREADABLE",
    `The stored baseline of ${source} and ${target} is damaged, and nothing is judged by it: ${why}.`,
    `Comment \`/refresh\` to record a new one (a backup of ${source} is taken first), or \`/baseline\` to declare one. Ask whoever runs the bot what happened to its store.`,
  );

export const driftCheckUnreadable = (target: string, why: string): Answer =>
  answer(
    "DRIFT_CHECK_UNREADABLE",
    `The stored drift check of ${target} is not judged: ${why}.`,
    "Comment the command again.",
  );

export const reportInvalid = (type: string): Answer =>
  answer(
    "REPORT_INVALID",
    `The report of \`${type}\` tells of success, but its facts cannot be read.`,
    "Check that the action and the bot are of the same version, then comment the command again.",
  );
