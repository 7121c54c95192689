/** The comment and the checks of an operation, as effects from what the store holds now. */
import type { CheckEffect } from "../core/effects.ts";
import { evaluate as promotionGate } from "../core/gates/promotion.ts";
import { secondsLeft } from "../core/progress.ts";
import { isOver } from "../core/promotion.ts";
import { acceptNext } from "../core/rendering/baseline.ts";
import { CHECK_LIMIT } from "../core/rendering/cap.ts";
import { checkExternalId, renderCheck } from "../core/rendering/check.ts";
import { driftSection } from "../core/rendering/drift.ts";
import { bringBack, nextStep } from "../core/rendering/endings.ts";
import { operationMarker, renderOperation } from "../core/rendering/operation.ts";
import { packagesNext } from "../core/rendering/packages/words.ts";
import { planSection } from "../core/rendering/plan.ts";
import { resultFacts } from "../core/result-facts.ts";
import type { GateOutcome } from "../core/verdict.ts";
import type { PromotionState } from "../core/vocabulary.ts";
import { change, emit, namesOf, type Work } from "./work.ts";

/** GitHub allows 500 content creations an hour; edits of one comment keep this distance while an operation runs. */
const COMMENT_INTERVAL_MS = 15_000;

/** Edits (first: writes) the operation's one comment. `soon` waits for the interval, for progress alone. */
export async function showComment(work: Work, when: "now" | "soon"): Promise<Work> {
  const { operation } = work;
  if (operation.pull_request === null) return work;
  const due = when === "now" ? work.now : nextEdit(operation.commented_at, work.now);
  const marker = operationMarker(operation.id);
  const body = await renderComment(work);
  await emit(work, { kind: "comment", pull_request: operation.pull_request, marker, body }, due);
  return change(work, { commented_at: due });
}

/** An edit that is due already carries this one along: it takes its place in the outbox. */
function nextEdit(last: string | null, now: string): string {
  if (last === null) return now;
  const planned = Date.parse(last);
  if (planned > Date.parse(now)) return last;
  return new Date(Math.max(Date.parse(now), planned + COMMENT_INTERVAL_MS)).toISOString();
}

async function renderComment(work: Work): Promise<string> {
  const { operation, source, target } = work;
  // Reports hold whole fingerprints: they are read when the end is told, not at every step.
  const jobs = isOver(operation.state) ? await work.tx.jobsOf(operation.id) : [];
  const last = jobs.findLast((job) => job.report !== null);
  return renderOperation({
    id: operation.id,
    kind: operation.kind,
    state: operation.state,
    source: source.name,
    target: target.name,
    head_sha: operation.head_sha,
    requested_by: operation.requested_by,
    requested_at: operation.requested_at,
    progress: operation.progress,
    seconds_left: await estimate(work),
    verdict: operation.verdict,
    plan: operation.plan,
    refresh: operation.refresh,
    message: operation.result_message,
    comparison: comparisonOf(work),
    packages: operation.packages,
    next: nextOf(work),
    run_url: await runUrl(work),
    result: resultFacts(last?.report ?? null),
  });
}

/** Seconds that are left, by how long the newest operation of this kind took here; null: nothing to judge by, or nothing runs. */
async function estimate({ tx, operation }: Work): Promise<number | null> {
  const { kind, state, target_environment_id, progress } = operation;
  if (!RUNNING.includes(state)) return null;
  const filter = { target_environment_id, kinds: [kind], states: ["succeeded"] } as const;
  const [before] = await tx.operations(filter, { limit: 1 });
  return secondsLeft(progress, before?.progress ?? null);
}

const RUNNING: readonly PromotionState[] = ["checking", "ready", "running", "activated", "verifying"];

/** What a comparison of both sides is followed by: the command that accepts it, as long as nobody has. */
export function nextOf(work: Work): string | null {
  const { kind, state, verdict, comparison, result_code, release_after } = work.operation;
  const { target } = work;
  // Where nothing was switched, a rollback would take back an older promotion.
  const stands = kind === "promote" && state === "failed" && release_after !== null;
  if (stands && target.status === "failed") return bringBack(target.name);
  const open = isOver(state) && comparison !== null && result_code !== "done";
  if (work.operation.packages !== null && state === "succeeded") return packagesNext(work.operation.kind);
  return open ? acceptNext(comparison) : nextStep(namesOf(work), state, verdict);
}

function comparisonOf({ operation }: Work) {
  const { comparison, baseline_id, result_code } = operation;
  if (comparison === null) return null;
  return { found: comparison, replaces: baseline_id !== null, recorded: result_code === "done" };
}

async function runUrl({ tx, site, operation }: Work): Promise<string | null> {
  if (operation.run_url !== null) return operation.run_url;
  return (await tx.resource(site.repository.id, `dispatch:${operation.nonce}`))?.url ?? null;
}

/** One check run per judged gate on the bound commit, and the promotion's own. */
export async function showChecks(work: Work): Promise<void> {
  for (const gate of gatesOf(work)) await emit(work, await rendered(work, gate));
}

/** The check of this external id as the operation leaves it; null where it did not judge that gate. */
export async function checkOfGate(work: Work, external_id: string): Promise<CheckEffect | null> {
  const gate = gatesOf(work).find((one) => checkExternalId(work.target.name, one.gate) === external_id);
  return gate === undefined ? null : rendered(work, gate);
}

function gatesOf({ operation, source, target }: Work): readonly GateOutcome[] {
  if (operation.head_sha === "") return [];
  // What the validation of packages found has a check of its own, with all annotations.
  const judged = (operation.verdict?.gates ?? []).filter(({ gate }) => gate !== "validation");
  if (operation.kind !== "promote") return judged;
  const { state, result_message } = operation;
  const promotion = { state, message: isOver(state) ? result_message : null };
  return [...judged, promotionGate({ source: source.name, target: target.name, promotion })];
}

async function rendered(work: Work, gate: GateOutcome): Promise<CheckEffect> {
  const { operation, target } = work;
  const more = await moreOf(work, gate);
  const { head_sha, verdict } = operation;
  const details_url = await runUrl(work);
  return renderCheck(gate, { target: target.name, head_sha, verdict, more, details_url });
}

/** What a check shows beside its gate's sentences: the plan, or what the drift check found. */
async function moreOf({ tx, operation }: Work, { gate }: GateOutcome): Promise<string> {
  if (gate === "release" && operation.plan !== null)
    return planSection(operation.plan, { room: CHECK_LIMIT, operation: operation.id });
  if (gate !== "drift" || operation.drift_check_id === null) return "";
  const drift = await tx.driftVerdict(operation.drift_check_id);
  return drift === null ? "" : driftSection(drift, operation.drift_check_id);
}
