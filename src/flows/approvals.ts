/** The facts of the approval gate: what would happen now, what was shown, who said yes, and what GitHub says of them. */
import {
  type ApprovalEvidence,
  type Bound,
  givenApprovals,
  type Recorded,
  type Shown,
} from "../core/approval.ts";
import { digestOf } from "../core/canonical.ts";
import type { CommandWord } from "../core/commands.ts";
import { streamOf } from "../core/effects.ts";
import type { ApprovalFacts } from "../core/gates/approval.ts";
import { approvalGate } from "../core/judgement.ts";
import type { Policy } from "../core/policy.ts";
import { operationMarker } from "../core/rendering/operation.ts";
import type { GateOutcome } from "../core/verdict.ts";
import { promotableDigest } from "../core/wordpress/promotable-digest.ts";
import type { OperationRow } from "../ports/operations.ts";
import type { EnvironmentRow } from "../ports/sites.ts";
import type { Tx } from "../ports/store.ts";
import { undamaged } from "./baselines.ts";

export interface ApprovalScene {
  readonly target: EnvironmentRow;
  readonly pull_request: number | null;
  readonly kind: "promote" | "rollback";
  readonly policy: Policy;
  /** Null: the release is not known yet. */
  readonly now: Bound | null;
  readonly evidence: ApprovalEvidence | null;
  /** Login of whoever asked for the operation; absent: there is none yet. */
  readonly requested_by?: string;
  /** What is typed once enough have said yes; `promote` or `rollback` when absent. */
  readonly command?: CommandWord;
}

const NOBODY: ApprovalEvidence = { author: null, reviews: [], committers: null, people: {} };

export async function approvalFacts(tx: Tx, scene: ApprovalScene): Promise<ApprovalFacts> {
  const { target, kind, policy, now, pull_request } = scene;
  const evidence = scene.evidence ?? NOBODY;
  const rule = policy.approvals[kind];
  const command = scene.command ?? kind;
  const asked = { target: target.name, kind, command, release: now?.release ?? null };
  if (now === null || pull_request === null || rule.count === 0) return { ...asked, given: [] };
  const recorded = await recordedApprovals(tx, { target, pull_request, kind });
  const shown = kind === "promote" ? displayed(await shownOn(tx, { target, pull_request })) : [];
  // A review is of the pull request's commits; going back is none of them.
  const seen = kind === "promote" ? evidence : { ...evidence, reviews: [] };
  const question = {
    target: target.name,
    now,
    recorded,
    shown,
    evidence: seen,
    rule,
    policy,
    requested_by: scene.requested_by ?? null,
  };
  return { ...asked, given: givenApprovals(question) };
}

export interface OnHead extends Pick<ApprovalScene, "target" | "policy" | "evidence"> {
  readonly source: EnvironmentRow;
  readonly pull_request: number;
  readonly head_sha: string;
}

/** The approval gate of a pull request's head, outside of an operation. `shown`: there is a plan of this head that could be approved. */
export async function approvalOnHead(
  tx: Tx,
  { source, target, policy, evidence, pull_request, head_sha }: OnHead,
): Promise<{ readonly shown: boolean; readonly gate: GateOutcome }> {
  const shown = (await shownOn(tx, { target, pull_request })).find((one) => one.head_sha === head_sha);
  const baseline = undamaged(await tx.baselineOf(source.id, target.id));
  const now = shown && {
    head_sha,
    release: shown.release,
    active_release: shown.active_release,
    policy: digestOf(policy),
    baseline: baseline === null ? "" : promotableDigest(baseline),
  };
  const scene = { target, pull_request, kind: "promote", policy, now: now ?? null, evidence } as const;
  const gate = approvalGate({ approval: await approvalFacts(tx, scene) }, policy);
  return { shown: shown !== undefined, gate };
}

type Where = Pick<ApprovalScene, "target" | "kind"> & { readonly pull_request: number };

async function recordedApprovals(
  tx: Tx,
  { target, pull_request, kind }: Where,
): Promise<readonly Recorded[]> {
  const rows = await tx.approvalsOf(target.id, pull_request);
  return rows.filter((row) => row.kind === kind);
}

/** Logins of everybody who ever commented `/approve` here. */
export async function approvedByCommand(tx: Tx, where: Where): Promise<readonly string[]> {
  return [...new Set((await recordedApprovals(tx, where)).map(({ by }) => by))];
}

const MOST_SHOWN = 100;

/** What an operation found out, and since when its comment tells people so; null: it does not yet. */
export interface ShownPlan extends Shown {
  readonly displayed_at: string | null;
}

/** What people could have before them when they said yes, each from the moment on in which it stood on the page. */
export const displayed = (all: readonly ShownPlan[]): readonly Shown[] =>
  all.flatMap(({ displayed_at, ...one }) => (displayed_at === null ? [] : { ...one, at: displayed_at }));

/** What promotions and plans of this pull request have found out, newest first. */
export async function shownOn(
  tx: Tx,
  { target, pull_request }: Omit<Where, "kind">,
): Promise<readonly ShownPlan[]> {
  const filter = {
    target_environment_id: target.id,
    pull_request,
    kinds: ["promote", "plan", "stage"],
  } as const;
  const operations = await tx.operations(filter, { limit: MOST_SHOWN });
  const site = await tx.site(target.site_id);
  const planned = operations.flatMap(({ id, shown }) =>
    shown === null ? [] : { shown, stream: streamOn(pull_request, id) },
  );
  const streams = planned.map(({ stream }) => stream);
  const told = site === null ? [] : await tx.shownSince(site.repository.id, streams);
  return planned.map(({ shown, stream }) => {
    // A comment that was due before says what was known before.
    const first = told.find((one) => one.stream === stream && Date.parse(one.due_at) >= Date.parse(shown.at));
    return { ...shown, displayed_at: first?.since ?? null };
  });
}

const streamOn = (pull_request: number, operation_id: string): string =>
  streamOf({ kind: "comment", pull_request, marker: operationMarker(operation_id), body: "" });

/** What an operation would do, as far as an approval is bound to it; null: it does not know its release yet. */
export async function boundOf(
  tx: Tx,
  { operation, policy }: { readonly operation: OperationRow; readonly policy: Policy },
): Promise<Bound | null> {
  const digest = digestOf(policy);
  if (operation.shown !== null) {
    const { at: _at, ...bound } = operation.shown;
    return { ...bound, policy: digest };
  }
  if (operation.kind === "rollback") return rollbackBound(operation, digest);
  const { release_id, baseline_id, plan, head_sha } = operation;
  const release = release_id === null ? null : await tx.release(release_id);
  const baseline = baseline_id === null ? null : undamaged(await tx.baseline(baseline_id));
  if (release === null || baseline === null || plan === null) return null;
  return {
    head_sha,
    release: release.digest,
    active_release: operation.release_before,
    baseline: promotableDigest(baseline),
    policy: digest,
  };
}

type Switch = Pick<OperationRow, "release_after" | "release_before">;

/** A rollback is a yes to one step back from what the target runs. */
export function rollbackBound({ release_after, release_before }: Switch, policy: string): Bound | null {
  if (release_after === null) return null;
  return { head_sha: "", release: release_after, active_release: release_before, baseline: "", policy };
}
