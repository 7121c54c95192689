/** The steps that a playbook told of on its way: all that is known of one that leaves no report. */
import type { JobEvent, ReportStep } from "../core/report.ts";

export interface SeenSteps {
  readonly hear: (event: JobEvent) => void;
  /** A step that began and did not end is out of sight: the host may go on with it. */
  readonly all: () => readonly ReportStep[];
}

export function seeSteps(): SeenSteps {
  const ended: ReportStep[] = [];
  let running: string | null = null;
  return {
    hear: ({ event, step, status = "failed", seconds = 0 }) => {
      if (event === "step_started") running = step;
      if (event !== "step_finished") return;
      ended.push({ name: step, status, seconds });
      running = null;
    },
    all: () => (running === null ? ended : [...ended, { name: running, status: "unreachable", seconds: 0 }]),
  };
}
