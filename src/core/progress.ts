/** How far an operation has come, from what its runner told: folded from job events, shown in the comment and the API. */
import type { JobEvent } from "./report.ts";
import type { JobType } from "./vocabulary.ts";

export interface ProgressStep {
  readonly job: JobType;
  readonly name: string;
  readonly status: "running" | "ok" | "failed" | "skipped" | "unreachable";
  readonly seconds: number | null;
}

export interface OperationProgress {
  /** Jobs in the order in which they will run; known from the kind of the operation. */
  readonly jobs: readonly JobType[];
  readonly done: number;
  readonly steps: readonly ProgressStep[];
  /** The last sentences of the runner, newest last. */
  readonly notes: readonly string[];
}

const KEPT_NOTES = 10;

export function startProgress(jobs: readonly JobType[]): OperationProgress {
  return { jobs, done: 0, steps: [], notes: [] };
}

export function jobDone(progress: OperationProgress): OperationProgress {
  return { ...progress, done: Math.min(progress.done + 1, progress.jobs.length) };
}

/** The step that the runner is at, or null between steps. */
export function currentStep(progress: OperationProgress): ProgressStep | null {
  return progress.steps.findLast((step) => step.status === "running") ?? null;
}

/** Adds one event. A step that finishes without having been seen to start is added as finished: events may be lost. */
export function addEvent(progress: OperationProgress, job: JobType, event: JobEvent): OperationProgress {
  if (event.event === "note") {
    return { ...progress, notes: [...progress.notes, event.message ?? event.step].slice(-KEPT_NOTES) };
  }
  const step: ProgressStep = {
    job,
    name: event.step,
    status: event.event === "step_started" ? "running" : (event.status ?? "ok"),
    seconds: event.seconds ?? null,
  };
  const at = progress.steps.findIndex((known) => known.job === job && known.name === event.step);
  if (at === -1) return { ...progress, steps: [...progress.steps, step] };
  if (event.event === "step_started") return progress;
  return { ...progress, steps: progress.steps.with(at, step) };
}

/**
 * Seconds that are left, if the steps take as long as they took `before`; null: nothing to judge by. The step that runs counts whole,
 * so the estimate is rather too long.
 */
export function secondsLeft(progress: OperationProgress, before: OperationProgress | null): number | null {
  const took = (before?.steps ?? []).filter(({ seconds }) => seconds !== null);
  if (took.length === 0) return null;
  const ahead = progress.jobs.slice(progress.done);
  const over = new Set(progress.steps.filter(({ status }) => status !== "running").map(keyOf));
  return took
    .filter((step) => ahead.includes(step.job) && !over.has(keyOf(step)))
    .reduce((sum, { seconds }) => sum + (seconds ?? 0), 0);
}

const keyOf = ({ job, name }: ProgressStep): string => `${job}:${name}`;
