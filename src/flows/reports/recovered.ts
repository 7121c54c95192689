/** A recovery reported: the operation whose end was unknown ends as the host tells, or stays as it is. */
import { FACTS } from "../../core/facts.ts";
import { resolve } from "../../core/recovery.ts";
import { reportInvalid } from "../../core/rendering/answers.ts";
import * as words from "../../core/rendering/recovery.ts";
import { shortId } from "../../core/rendering/words.ts";
import type { Report } from "../../core/report.ts";
import type { JobRow } from "../../ports/operations.ts";
import type { Deps } from "../deps.ts";
import { finish } from "../finish.ts";
import { recoveryFailed } from "../recover.ts";
import { change, type Work } from "../work.ts";

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
  const resolution = resolve({ ...operation, source: source.name, target: target.name }, facts.data);
  if (resolution.kind === "open") return fruitless("RECOVERY_OPEN", resolution.message);
  const { event, code, message, broken, release_after } = resolution;
  const kept = release_after === null ? work : await keepRelease(work, release_after);
  return finish(kept, { event, code, message, broken, actor });
}

/** The target runs what the operation brought. The baseline stays: what was promoted shows as equal on both sides. */
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
