/**
 * The last look before the switch: the runner asks once more, and GitHub is asked in turn what a webhook may not have told. Head,
 * base, configuration and policy, approvals, other Apps' checks and freezes must be as they were when the work was handed out.
 */

import { lastGates } from "../core/judgement.ts";
import { isLastLook } from "../core/milestones.ts";
import { boundToHead } from "../core/operations.ts";
import { hasActivated } from "../core/promotion.ts";
import type { JobEvent } from "../core/report.ts";
import { environmentStillFits } from "../core/still-fits.ts";
import { obstacles } from "../core/verdict.ts";
import { approvalFacts, boundOf } from "./approvals.ts";
import type { Deps } from "./deps.ts";
import { type Evidence, type EvidenceReads, evidenceForWork, NO_EVIDENCE } from "./evidence.ts";
import type { RunnerWork } from "./runner-job.ts";
import { loadSettingsAndPull, policyFor, type SettingsAndPull, type SettingsReads } from "./site.ts";
import { change, record, type Work } from "./work.ts";

export type LastLookDeps = Deps<SettingsReads | EvidenceReads>;

export interface LastLook extends SettingsAndPull {
  readonly evidence: Evidence;
}

/** Whether this is the question, and its answer can still matter. */
export function asksForLastLook({ job, work }: RunnerWork, events: readonly JobEvent[]): boolean {
  const asked = job.type === "env_promote" && events.some(isLastLook);
  const open = job.state === "running" && work.operation.cancel_reason === null;
  return asked && open && !hasActivated(work.operation.state);
}

/** @throws GithubError where GitHub does not tell: the runner asks again, and does not switch without an answer. */
export async function lookOnceMore(deps: LastLookDeps, { work }: RunnerWork): Promise<LastLook> {
  const { site, operation, target } = work;
  const { repository } = site;
  const now = await loadSettingsAndPull(deps, repository, operation.pull_request);
  if (!now.settings.ok) return { ...now, evidence: NO_EVIDENCE };
  const policy = policyFor(now.settings.settings, target.name);
  const author = now.pull_request?.author ?? null;
  return { ...now, evidence: await evidenceForWork(deps, work, { policy, author }) };
}

/** Leaves word to stop where something changed. @returns the work, with its reason to stop if there is one */
export async function heedLastLook(work: Work, look: LastLook): Promise<Work> {
  const reason = unfit(work, look) ?? (await objection(work, look));
  if (reason === null) return work;
  await record(work, { actor: "bot", action: "stop_asked", reason });
  return change(work, { cancel_reason: reason });
}

function unfit({ operation, source, target }: Work, { pull_request, settings }: LastLook): string | null {
  return environmentStillFits({
    kind: operation.kind,
    has_pull_request: operation.pull_request !== null,
    head_sha: operation.head_sha,
    settings_digest: operation.settings_digest,
    branches: { head: source.branch, base: target.branch },
    pull_request,
    digest_now: settings.ok ? settings.settings.digest : null,
  });
}

/** What of the gates may have changed since the claim by what people say; drift and backup are the host's to look at, and it does. */
async function objection(work: Work, { settings, evidence }: LastLook): Promise<string | null> {
  const { tx, operation, target, now } = work;
  if (!settings.ok || !boundToHead(operation.kind)) return null;
  const policy = policyFor(settings.settings, target.name);
  const { pull_request, requested_by } = operation;
  const bound = await boundOf(tx, { operation, policy });
  const asked = { target, policy, pull_request, requested_by, kind: "promote", now: bound } as const;
  const approval = await approvalFacts(tx, { ...asked, evidence: evidence.approvals });
  const verdict = lastGates({ approval, checks: evidence.checks }, { now, policy });
  const [first] = verdict.outcome === "pass" ? [] : obstacles(verdict);
  return first === undefined ? null : first.sentences.join(" ");
}
