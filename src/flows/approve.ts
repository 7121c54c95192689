/** `/approve`: a person's yes to what was shown last, on record if it counts; the answer says what is still missing. */
import type { Answer } from "../core/answer.ts";
import { type Bound, changes, mayNot, takenBack } from "../core/approval.ts";
import { digestOf } from "../core/canonical.ts";
import type { Command } from "../core/commands.ts";
import type { SiteEnvironment } from "../core/config/types.ts";
import { approvalGate } from "../core/judgement.ts";
import type { Policy } from "../core/policy.ts";
import { nothingToRollBack } from "../core/rendering/answers.ts";
import * as words from "../core/rendering/approvals.ts";
import { promotableDigest } from "../core/wordpress/promotable-digest.ts";
import type { EnvironmentRow, Repository } from "../ports/sites.ts";
import type { Tx } from "../ports/store.ts";
import { approvalFacts, rollbackBound, type ShownPlan, shownOn } from "./approvals.ts";
import { undamaged } from "./baselines.ts";
import { lastStandingPromotion } from "./create-operation.ts";
import type { Deps } from "./deps.ts";
import type { Evidence } from "./evidence.ts";
import { emitGate } from "./rejudge.ts";
import { policyFor, type SiteSettings, syncSite } from "./site.ts";

export interface ApproveRequest extends Approving {
  readonly settings: SiteSettings;
  readonly source: SiteEnvironment;
  readonly target: SiteEnvironment;
}

/** What is said yes to, and by whom; for environments as for packages. */
export interface Approving {
  readonly repository: Repository;
  readonly pull_request: number;
  readonly head_sha: string;
  readonly command: Extract<Command, { kind: "approve" }>;
  readonly given: { readonly by: string; readonly at: string; readonly comment_id: number };
  readonly evidence: Evidence;
}

export interface ApproveScene {
  readonly request: Approving;
  readonly site_id: string;
  readonly source: EnvironmentRow;
  readonly target: EnvironmentRow;
  readonly policy: Policy;
}

/** Inside the transaction that claimed the command. */
export async function approve(deps: Deps<never>, tx: Tx, request: ApproveRequest): Promise<Answer> {
  return approveIn(deps, tx, await sceneOf(deps, tx, request));
}

/**
 * The same where the scene is known: environments have theirs by the site's configuration, packages by their own.
 * @param back finds what a rollback would do
 */
export async function approveIn(
  deps: Pick<Deps<never>, "clock">,
  tx: Tx,
  scene: ApproveScene,
  back: (tx: Tx, scene: ApproveScene) => Promise<Bound | Answer> = oneStepBack,
): Promise<Answer> {
  const { policy, target, request } = scene;
  const { command, given, evidence } = request;
  const rule = policy.approvals[command.what];
  if (rule.count === 0) return words.notNeeded(target.name, command.what);
  const bound = command.what === "promote" ? await planned(tx, scene) : await back(tx, scene);
  if ("code" in bound) return bound;
  const objection =
    evidence.approvals === null
      ? "GitHub was not asked"
      : mayNot({ evidence: evidence.approvals, rule, policy }, given.by);
  if (objection !== null) return words.notCounted(objection);

  await keep(deps, tx, { scene, bound });
  const { pull_request } = request;
  const asked = {
    target,
    pull_request,
    kind: command.what,
    policy,
    now: bound,
    evidence: evidence.approvals,
  };
  const gate = approvalGate({ approval: await approvalFacts(tx, asked) }, policy);
  const { repository, head_sha } = request;
  if (command.what === "promote") {
    await emitGate(deps, tx, { repository, source: scene.source, target, head_sha, gate });
  }
  return words.approved(
    { by: given.by, what: command.what, target: target.name, release: bound.release },
    gate,
  );
}

async function sceneOf(deps: Deps<never>, tx: Tx, request: ApproveRequest): Promise<ApproveScene> {
  const { repository, settings } = request;
  const { site, environments } = await syncSite(tx, deps.clock, { repository, config: settings.config });
  const source = environments.get(request.source.name);
  const target = environments.get(request.target.name);
  if (source === undefined || target === undefined) throw new Error("An environment of the pair has no row.");
  return { request, site_id: site.id, source, target, policy: policyFor(settings, target.name) };
}

/** The newest plan of this commit, if it is the one that the person saw and still what would be done. */
async function planned(tx: Tx, scene: ApproveScene): Promise<Bound | Answer> {
  const { request, target, source, policy } = scene;
  const { command, given, head_sha, pull_request } = request;
  const all = await shownOn(tx, { target, pull_request });
  const shown = newest(all.filter((one) => one.head_sha === head_sha));
  if (shown === undefined) return words.nothingShown(head_sha);
  if (command.release !== null && !shown.release.startsWith(command.release)) {
    return words.otherRelease(command.release, shown.release);
  }
  if (command.release === null && !wasBefore(shown, given.at)) return words.shownLater(shown.release);
  const baseline = undamaged(await tx.baselineOf(source.id, target.id));
  const { at: _at, displayed_at: _displayed, ...bound } = shown;
  const now = {
    ...bound,
    policy: digestOf(policy),
    baseline: baseline === null ? "" : promotableDigest(baseline),
  };
  const [change] = changes(bound, now, target.name);
  return change === undefined ? bound : words.outdated(change);
}

/** Whether the plan stood on the page when the comment was written: a bare yes is to what was there to look at. */
const wasBefore = ({ displayed_at }: ShownPlan, at: string): boolean =>
  displayed_at !== null && Date.parse(displayed_at) < Date.parse(at);

const newest = (all: readonly ShownPlan[]): ShownPlan | undefined =>
  [...all].sort((a, b) => Date.parse(a.at) - Date.parse(b.at)).at(-1);

async function oneStepBack(tx: Tx, { target, policy }: ApproveScene): Promise<Bound | Answer> {
  const undone = await lastStandingPromotion(tx, target.id);
  const back = {
    release_after: undone?.release_before ?? null,
    release_before: undone?.release_after ?? null,
  };
  return rollbackBound(back, digestOf(policy)) ?? nothingToRollBack(target.name);
}

interface Keeping {
  readonly scene: ApproveScene;
  readonly bound: Bound;
}

/** A yes that is on record already is not written twice, unless it was taken back since. */
async function keep(deps: Pick<Deps<never>, "clock">, tx: Tx, { scene, bound }: Keeping): Promise<void> {
  const { request, target, site_id } = scene;
  const { given, command, pull_request } = request;
  const known = await tx.approvalsOf(target.id, pull_request);
  const kind = command.what;
  const reviews = request.evidence.approvals?.reviews ?? [];
  const same = known.some(
    (row) =>
      row.kind === kind &&
      row.by === given.by &&
      digestOf(row.bound) === digestOf(bound) &&
      takenBack({ reviews }, row) === null,
  );
  if (same) return;
  const { by, comment_id } = given;
  const row = { id: deps.clock.id(), site_id, target_environment_id: target.id, pull_request, kind, by };
  await tx.addApproval({ ...row, at: given.at, comment_id, bound });
  await tx.addAudit({
    actor: `github:${by}`,
    action: `${kind}.approved`,
    subject: `approval:${row.id}`,
    site_id,
    reason: "/approve",
    details: { ...bound, pull_request, target: target.name },
    at: deps.clock.now(),
  });
}
