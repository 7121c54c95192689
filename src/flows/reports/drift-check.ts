/** An environment was measured. The target: a drift record, the plan, the verdict. The source of a refresh: what it would lose. */
import { notAfter } from "../../core/duration.ts";
import type { Facts, Fingerprint } from "../../core/facts.ts";
import { FACTS } from "../../core/facts.ts";
import { jobsOf } from "../../core/operations.ts";
import { driftCheckUnreadable, environmentEmpty } from "../../core/rendering/run-answers.ts";
import { driftMode, judgeDrift } from "../../core/wordpress/drift.ts";
import { makePlan } from "../../core/wordpress/plan.ts";
import { firstClone, planRefresh, withSettings } from "../../core/wordpress/refresh.ts";
import type { Compared, Plan, PlanInput } from "../../core/wordpress/types.ts";
import type { BaselineRow } from "../../ports/findings.ts";
import { boundBaseline } from "../baselines.ts";
import type { JudgeWith } from "../judge.ts";
import { sideOf } from "../next-job.ts";
import { policyFor } from "../site.ts";
import { change, move, type Work } from "../work.ts";
import { concludeJudged } from "./judged.ts";
import type { Conclusion, Judged } from "./reported.ts";

export async function driftChecked(reported: Judged<"drift_check">): Promise<Conclusion> {
  const { fingerprint } = reported.facts;
  if (fingerprint === null) return emptyMeasured(reported);
  const { row: baseline } = await boundBaseline(reported.work);
  if (sideOf(reported.work, reported.job) === "source") {
    const { facts: compared, given } = reported;
    return sourceMeasured(reported.work, { fingerprint, baseline, compared, given });
  }
  const work = await keepCheck({ ...reported, facts: { ...reported.facts, fingerprint } }, baseline);
  if (work.operation.kind === "refresh") return { kind: "go_on", work };
  const target = { ...reported.facts, fingerprint };
  const plan = await planOf(work, { baseline, target, given: reported.given });
  const { active_release } = fingerprint;
  return concludeJudged(await change(work, { plan, release_before: active_release }), reported.given);
}

/** An empty source becomes a clone; anything else that is empty cannot be worked with. */
async function emptyMeasured({ work, job, given }: Judged<"drift_check">): Promise<Conclusion> {
  const side = sideOf(work, job);
  if (side === "source" && work.operation.kind === "refresh") {
    const { progress } = work.operation;
    const jobs = jobsOf("refresh", true).map(({ type }) => type);
    const refresh = withSettings(firstClone, given.settings.config.refresh);
    const planned = { refresh, progress: { ...progress, jobs } };
    return { kind: "go_on", work: await move(work, "passed", planned) };
  }
  const { code, sentences } = environmentEmpty(work[side].name);
  return { kind: "end", work, ending: { event: "failed", code, message: sentences.join(" ") } };
}

type Measurement = Judged<"drift_check"> & { readonly facts: { readonly fingerprint: Fingerprint } };

/** Record, environment and operation in one transaction. */
async function keepCheck(reported: Measurement, baseline: BaselineRow | null): Promise<Work> {
  const { work, facts, given, report } = reported;
  const { fingerprint } = facts;
  const drift = judgeDrift({
    baseline: baseline?.target ?? null,
    now: fingerprint,
    compared: facts,
    settings: driftSettings(work, given),
  });
  const id = work.clock.id();
  const checked_at = notAfter(report.finished_at, work.now);
  await work.tx.addDriftCheck({
    id,
    environment_id: work.target.id,
    source_environment_id: work.source.id,
    operation_id: work.operation.id,
    baseline_id: baseline?.id ?? null,
    status: drift.status,
    fingerprint,
    drift,
    checked_at,
  });
  const target = await work.tx.updateEnvironment(work.target.id, {
    drift_status: drift.status,
    drift_checked_at: checked_at,
    last_drift_check_id: id,
  });
  return { ...(await change(work, { drift_check_id: id })), target };
}

/** The mode that the site asks for, and what the policy says of it. */
const driftSettings = ({ target }: Work, { settings }: JudgeWith) => ({
  mode: settings.config.promotion.drift,
  policy: policyFor(settings, target.name).drift,
});

type MeasuredTarget = Facts["drift_check"] & { readonly fingerprint: Fingerprint };

interface PlanOf {
  readonly baseline: BaselineRow | null;
  readonly target: MeasuredTarget;
  readonly given: JudgeWith;
}

/** Null where there is nothing to plan with: no release was built in this operation, or there is no baseline. */
async function planOf(work: Work, { baseline, target, given }: PlanOf): Promise<Plan | null> {
  const { release_id } = work.operation;
  const release = release_id === null ? null : await work.tx.release(release_id);
  const source = await builtFrom(work);
  if (release === null || source === null || baseline === null) return null;
  const { config, rules } = given.settings;
  return makePlan({
    config,
    rules,
    manifest: release.manifest,
    baseline,
    now: { source: source.fingerprint, target: target.fingerprint },
    compared: { source, target },
    mode: driftMode(driftSettings(work, given)),
    append_only: driftSettings(work, given).policy.append_only,
    ...seenOf(source, target),
  });
}

/** What tells beforehand how the new code upgrades tables; nothing where a host did not tell it. */
function seenOf(
  { structures }: Facts["release_build"],
  { structure_changes: changes, plugins }: MeasuredTarget,
): Pick<PlanInput, "seen"> {
  if (structures === undefined || changes === undefined || plugins === undefined) return {};
  return { seen: { told: structures.map(({ table }) => table), changes, plugins } };
}

/** The source at the build of this operation's release: its fingerprint, and what its host told beside it. */
export async function builtFrom(work: Work): Promise<Facts["release_build"] | null> {
  const jobs = await work.tx.jobsOf(work.operation.id);
  const build = jobs.findLast((job) => job.type === "release_build" && job.state === "succeeded");
  const facts = FACTS.release_build.safeParse(build?.report?.facts);
  return facts.success ? facts.data : null;
}

interface Measured {
  readonly fingerprint: Fingerprint;
  readonly baseline: BaselineRow | null;
  readonly compared: Compared;
  readonly given: JudgeWith;
}

async function sourceMeasured(
  work: Work,
  { fingerprint, baseline, compared, given }: Measured,
): Promise<Conclusion> {
  const { drift_check_id } = work.operation;
  const target = drift_check_id === null ? null : await work.tx.driftCheck(drift_check_id);
  if (target === null) throw new Error("A refresh measures its target first.");
  if (target.fingerprint === null) {
    const { code, sentences } = driftCheckUnreadable(work.target.name, target.damaged ?? "");
    return { kind: "end", work, ending: { event: "failed", code, message: sentences.join(" ") } };
  }
  const now = { source: fingerprint, target: target.fingerprint };
  const refresh = withSettings(planRefresh({ baseline, now, compared }), given.settings.config.refresh);
  const planned = await change(work, { refresh });
  const [conflict] = refresh.conflicts;
  if (conflict === undefined) return { kind: "go_on", work: planned };
  const message = [conflict.text, conflict.remedy ?? ""].join(" ").trim();
  return { kind: "end", work: planned, ending: { event: "blocked", code: conflict.code, message } };
}
