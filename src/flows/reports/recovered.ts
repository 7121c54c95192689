/** A recovery reported: the operation whose end was unknown ends as the host tells, or stays as it is. */
import { FACTS, type Facts } from "../../core/facts.ts";
import { type Resolution, resolve } from "../../core/recovery.ts";
import * as words from "../../core/rendering/recovery.ts";
import { reportInvalid } from "../../core/rendering/run-answers.ts";
import { shortId } from "../../core/rendering/words.ts";
import type { Report } from "../../core/report.ts";
import type { JobRow } from "../../ports/operations.ts";
import type { Deps } from "../deps.ts";
import { finish } from "../finish.ts";
import { recoveryFailed } from "../recover.ts";
import { change, type Work } from "../work.ts";
import { keepPromotion } from "./env-promote.ts";

export interface RecoveryReport {
  readonly job: JobRow;
  readonly report: Report;
  readonly actor: string;
}

export async function recovered(
  deps: Pick<Deps<never>, "settings">,
  work: Work,
  { job, report, actor }: RecoveryReport,
): Promise<Work> {
  const { operation, source, target } = work;
  const fruitless = (code: string, why: string) => recoveryFailed(deps, work, { job, code, why, actor });
  const environment = job.environment_id === source.id ? source.name : target.name;
  if (report.status !== "succeeded") {
    const why = report.error_message ?? "The host gave no reason; the run's log has everything.";
    return fruitless(report.error_code ?? "JOB_FAILED", words.failed(environment, why));
  }
  const facts = FACTS.recover.safeParse(report.facts);
  if (!facts.success) {
    const { code, sentences } = reportInvalid(job.type);
    return fruitless(code, sentences.join(" "));
  }
  const release_after = await goalOf(work);
  const doubtful = { ...operation, source: source.name, target: target.name, release_after };
  const resolution = resolve(doubtful, facts.data);
  if (resolution.kind === "open") return fruitless("RECOVERY_OPEN", resolution.message);
  const { event, code, broken } = resolution;
  const kept = await keep(work, resolution, facts.data);
  const message = `${resolution.message}${kept.said}`;
  return finish(kept.work, { event, code, message, broken, actor });
}

/** As the host names it. A promotion notes on itself what the target runs only when it has ended well. */
async function goalOf({ tx, operation }: Work): Promise<string | null> {
  const { kind, release_id, release_after } = operation;
  if (kind !== "promote" || release_id === null) return release_after;
  const release = await tx.release(release_id);
  return release === null ? null : shortId(release.digest);
}

interface Kept {
  readonly work: Work;
  /** What became of the baseline, for the comment; empty: it is not concerned. */
  readonly said: string;
}

type Resolved = Extract<Resolution, { kind: "resolved" }>;

/** The host remembers what the lost report told: the baseline advances with it as it would have then. */
async function keep(
  work: Work,
  { event, release_after }: Resolved,
  { promotion, active, health }: Facts["recover"],
): Promise<Kept> {
  if (release_after === null) return { work, said: "" };
  if (work.operation.kind !== "promote") return { work: await keepRelease(work, release_after), said: "" };
  if (event !== "finished") {
    const said = ` ${words.baselineWaits(work.target.name)}`;
    return { work: await keepRelease(work, release_after), said };
  }
  if (promotion === undefined) return stays(await keepRelease(work, release_after));
  const { previous_release, promoted, migrated } = promotion;
  const told = { activated: true, rolled_back: false, release: active.release, previous_release, health };
  const facts = { ...told, promoted, ...(migrated !== undefined && { migrated }) };
  const kept = await keepPromotion({ work, facts });
  return kept.baseline === "advanced"
    ? { work: kept.work, said: ` ${words.BASELINE_ADVANCED}` }
    : stays(kept.work);
}

const stays = (work: Work): Kept => ({ work, said: ` ${words.BASELINE_STAYS}` });

/** The target runs what the operation brought. */
async function keepRelease(work: Work, release_after: string): Promise<Work> {
  const { release_id, kind } = work.operation;
  const release = release_id === null ? null : await work.tx.release(release_id);
  if (kind !== "promote" || release === null || shortId(release.digest) !== release_after) {
    return change(work, { release_after });
  }
  await work.tx.putRelease({ ...release, status: "released" });
  const target = await work.tx.updateEnvironment(work.target.id, { current_release_id: release_id });
  return { ...(await change(work, { release_after })), target };
}
