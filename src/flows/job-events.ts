/** A runner tells how far a job is: progress, the moment of the switch, and back whether it is to stop. */

import { milestoneOf } from "../core/milestones.ts";
import { addEvent } from "../core/progress.ts";
import type { PromotionEvent } from "../core/promotion.ts";
import type { JobEvent } from "../core/report.ts";
import { showChecks, showComment } from "./announce.ts";
import type { Refused } from "./deps.ts";
import { asksForLastLook, heedLastLook, type LastLookDeps, lookOnceMore } from "./last-look.ts";
import { findJob, type RunnerInput } from "./runner-job.ts";
import { can, change, move, type Work } from "./work.ts";

export type EventsOutcome = { readonly kind: "noted"; readonly cancel: boolean } | Refused;

export async function jobEvents(
  deps: LastLookDeps,
  input: RunnerInput & { readonly events: readonly JobEvent[] },
): Promise<EventsOutcome> {
  const before = await deps.store.transaction((tx) => findJob(deps, tx, input));
  if (before.kind === "refused") return before;
  const look = asksForLastLook(before, input.events) ? await lookOnceMore(deps, before) : null;

  return deps.store.transaction(async (tx) => {
    const found = await findJob(deps, tx, input);
    if (found.kind === "refused") return found;
    const { job } = found;
    await tx.heartbeat(job.operation_id, found.work.now);
    // A runner that was given up, and wakes up before the switch, stops there as well: people were told that it did not happen.
    if (job.state !== "running") return { kind: "noted", cancel: true };
    const heeded = look === null ? found.work : await heedLastLook(found.work, look);
    const cancel = heeded.operation.cancel_reason !== null;

    const progress = input.events.reduce(
      (told, event) => addEvent(told, job.type, event),
      heeded.operation.progress,
    );
    const milestones = input.events.flatMap((event) => milestoneOf(job.type, event) ?? []);

    const work = await pass(await change(heeded, { progress }), milestones);
    await showComment(work, "soon");
    return { kind: "noted", cancel };
  });
}

/** Milestones that the state machine does not take now are late or repeated, and change nothing. */
async function pass(work: Work, milestones: readonly PromotionEvent[]): Promise<Work> {
  let now = work;
  for (const milestone of milestones) if (can(now, milestone)) now = await move(now, milestone);
  if (now.operation.state !== work.operation.state) await showChecks(now);
  return now;
}
