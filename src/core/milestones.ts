/** Steps of a playbook that move the state machine. The names are those of the tasks in the roles env_promote and release_rollback. */
import type { PromotionEvent } from "./promotion.ts";
import type { JobEvent } from "./report.ts";
import type { JobType } from "./vocabulary.ts";

export const SWITCH = /^Switch (back )?to the release$/;
export const UNDO = /^Clean up, or go back to the release before$/;
/** After the step that went back; where that only cleaned up, it is skipped. */
export const HEALTH_BACK = /^Check the health of the release before$/;
const HEALTH = /^Check the health of the target$/;

/** The step of the role env_promote that waits for the runner's answer whether to go on: its beginning is the runner's question to the bot. */
export const LAST_LOOK = "Stop here if somebody asked for it";

/** A runner answers it in every job: a playbook that asks waits. */
export function isLastLook({ event, step }: JobEvent): boolean {
  return event === "step_started" && step === LAST_LOOK;
}

const SWITCHING: readonly JobType[] = ["env_promote", "release_rollback"];

/** The switch is over when its step ends well; checking health is what comes after. */
export function milestoneOf(job: JobType, event: JobEvent): PromotionEvent | null {
  if (!SWITCHING.includes(job)) return null;
  if (event.event === "step_finished" && event.status === "ok" && SWITCH.test(event.step)) return "activated";
  if (event.event === "step_started" && HEALTH.test(event.step)) return "verifying";
  return null;
}
