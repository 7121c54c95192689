/** A failure before the switch that may pass by itself: the next attempt is planned in place of the end. */

import { changesSomething } from "../core/operations.ts";
import { retrying } from "../core/rendering/locks.ts";
import { retryAfter } from "../core/retry.ts";
import { showChecks, showComment } from "./announce.ts";
import type { Deps } from "./deps.ts";
import { type Ending, endOpenJobs, finish, isStillBroken } from "./finish.ts";
import { nextRecovery } from "./recover.ts";
import { can, move, record, type Work } from "./work.ts";

type RetryDeps = Pick<Deps<never>, "settings">;

/** The operation ends, or waits for its next attempt with its lock. */
export async function finishOrRetry({ settings }: RetryDeps, work: Work, ending: Ending): Promise<Work> {
  if (ending.event === "lost") {
    const recover_at = nextRecovery(
      { now: work.now, operation: { recoveries: 0 } },
      settings.recovery_waits_s,
    );
    return finish(work, { ...ending, recover_at });
  }
  const waits = settings.retry_waits_s;
  const wait_s = can(work, "put_off") ? retryAfter(ending, work.operation, waits) : null;
  return wait_s === null ? finish(work, ending) : putOff(work, { ending, wait_s, of: waits.length + 1 });
}

interface PutOff {
  readonly ending: Ending;
  readonly wait_s: number;
  /** Attempts in all. */
  readonly of: number;
}

async function putOff(before: Work, { ending, wait_s, of }: PutOff): Promise<Work> {
  const retry_at = new Date(Date.parse(before.now) + wait_s * 1000).toISOString();
  const result_message = retrying(ending.message, before.operation.attempt, { of, at: retry_at });
  const changed = { retry_at, result_code: ending.code, result_message };
  await endOpenJobs(before, ending);
  await leaveAlone(before, ending);
  const work = await move(before, "put_off", changed);
  await record(work, { actor: ending.actor, action: "put_off", reason: result_message });
  await showChecks(work);
  return showComment(work, "now");
}

/** A job that was to change something was handed out and has not: its environment is as it was. */
async function leaveAlone(work: Work, ending: Ending): Promise<void> {
  const { tx, operation, source, target } = work;
  const jobs = await tx.jobsOf(operation.id);
  const job = jobs.find((one) => changesSomething(one.type) && one.claimed_at !== null);
  if (job === undefined) return;
  const { id } = job.environment_id === source.id ? source : target;
  await tx.updateEnvironment(id, { status: (await isStillBroken(work, ending)) ? "failed" : "active" });
}

/** What an attempt found out holds for that attempt only: the next one measures, plans and shows anew. */
export const FRESH_ATTEMPT = {
  retry_at: null,
  drift_check_id: null,
  backup_id: null,
  release_id: null,
  verdict: null,
  shown: null,
  plan: null,
  refresh: null,
  comparison: null,
  result_code: null,
  result_message: null,
} as const;
