/** Steps of a playbook that move the state machine. The names are those of the tasks in the roles env_promote and release_rollback. */
import type { PromotionEvent } from "./promotion.ts";
import type { JobEvent } from "./report.ts";
import type { JobType } from "./vocabulary.ts";

const SWITCHING: readonly JobType[] = ["env_promote", "release_rollback"];

/** The switch is over when the step that holds it ends well; checking health is what comes after. */
export function milestoneOf(job: JobType, event: JobEvent): PromotionEvent | null {
  if (!SWITCHING.includes(job)) return null;
  const step = event.step.toLowerCase();
  if (event.event === "step_finished" && event.status === "ok" && /\b(activate|switch)\b/.test(step))
    return "activated";
  if (event.event === "step_started" && /\bhealth(y)?\b/.test(step)) return "verifying";
  return null;
}
