/** How far an operation has come: a bar, the step it is at, about how long it still takes, and folded the steps done. */
import { showDuration } from "../duration.ts";
import { currentStep, type OperationProgress } from "../progress.ts";
import { code, inert } from "./escape.ts";
import { details, JOB_WORDS } from "./words.ts";

const WIDTH = 12;
const SIGNS = { ok: "✅", failed: "❌", unreachable: "❌", skipped: "➖", running: "⏳" } as const;

/** @param seconds_left null: nothing to judge it by */
export function progressSection(progress: OperationProgress, seconds_left: number | null): string {
  const all = progress.jobs.length;
  const full = all === 0 ? 0 : Math.round((progress.done / all) * WIDTH);
  const bar = `\`${"█".repeat(full)}${"░".repeat(WIDTH - full)}\``;
  const job = progress.jobs[progress.done];
  const step = currentStep(progress);
  const at = job === undefined ? "" : ` · ${JOB_WORDS[job]}${step === null ? "" : `: ${inert(step.name)}`}`;
  const note = progress.notes.at(-1);
  const said = note === undefined ? "" : `\n${inert(note)}`;
  const left =
    seconds_left === null || job === undefined ? "" : ` · about ${showDuration(seconds_left)} left`;
  return `${bar} ${progress.done} of ${all}${at}${left}${said}${steps(progress)}`;
}

function steps(progress: OperationProgress): string {
  if (progress.steps.length === 0) return "";
  const lines = progress.steps.map((step) => {
    const seconds = step.seconds === null ? "" : ` (${step.seconds.toFixed(1)} s)`;
    return `- ${SIGNS[step.status]} ${JOB_WORDS[step.job]}: ${code(step.name)}${seconds}`;
  });
  return `\n\n${details(`${progress.steps.length} steps`, lines.join("\n"))}`;
}
