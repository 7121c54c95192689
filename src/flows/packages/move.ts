/** `/activate` and `/rollback`: pointers are moved by one commit on top of exactly the head that was judged. */
import type { Bound } from "../../core/approval.ts";
import { digestOf } from "../../core/canonical.ts";
import type { ReleaseFact } from "../../core/gates/package-release.ts";
import { judgePackages } from "../../core/judgement.ts";
import { isGranted } from "../../core/lock.ts";
import type { Move } from "../../core/packages/activation.ts";
import { compareVersions, isPreRelease, parseVersion } from "../../core/packages/semver.ts";
import { blockedSentence } from "../../core/rendering/endings.ts";
import * as words from "../../core/rendering/packages/words.ts";
import { obstacles, type Verdict } from "../../core/verdict.ts";
import type { PullRequest } from "../../ports/github.ts";
import type { Tx } from "../../ports/store.ts";
import { showComment } from "../announce.ts";
import { approvalFacts } from "../approvals.ts";
import type { CommandOutcome, Deps } from "../deps.ts";
import type { Evidence } from "../evidence.ts";
import { finish } from "../finish.ts";
import { holderOf, refuse } from "../refuse-operation.ts";
import { change, emit, move, namesOf, type Work } from "../work.ts";
import type { Branch, JudgedMove } from "./judge-move.ts";
import { createPackagesOperation } from "./operation.ts";
import { type PackagesScene, packagesRows } from "./scene.ts";
import { boundTo } from "./stage.ts";

export interface MoveRequest {
  readonly kind: "activate" | "rollback";
  readonly scene: PackagesScene;
  readonly pull_request: PullRequest;
  readonly branch: Branch;
  readonly moves: readonly Move[];
  readonly judged: JudgedMove;
  readonly evidence: Evidence;
  readonly requested_by: string;
  readonly comment_id: number | null;
  readonly reason: string;
}

/** Inside the transaction that claimed the command. */
export async function beginMove(
  deps: Pick<Deps<never>, "clock">,
  tx: Tx,
  request: MoveRequest,
): Promise<CommandOutcome> {
  const { scene, moves, reason } = request;
  const rows = await packagesRows(tx, deps.clock, scene.repository);
  const packages = { moves, reason, round: 0, commit: null };
  const created = await createPackagesOperation(deps, tx, { ...request, rows, packages });
  const held = await tx.acquireLock(created.operation.id, [rows.target.id], created.now);
  if (!isGranted(held)) return refuse(created, await holderOf(tx, held));
  const work = await move(created, "checks_started");
  const verdict = await judgeWork(work, request);
  const shown = { ...boundOfMove(work, request), at: work.now };
  const judged = await change(work, { verdict, policy_digest: digestOf(scene.policy), shown });
  if (verdict.outcome !== "pass") {
    const code = obstacles(verdict)[0]?.code ?? "blocked";
    await finish(judged, {
      event: "blocked",
      code,
      message: blockedSentence(namesOf(work), verdict),
      actor: "bot",
    });
    return { kind: "blocked", operation_id: work.operation.id, verdict };
  }
  const running = await move(await move(judged, "passed"), "work_started");
  await commit(running, request);
  await showComment(running, "now");
  return { kind: "moving", operation_id: work.operation.id };
}

export type Judging = Pick<MoveRequest, "kind" | "scene" | "branch" | "moves" | "judged" | "evidence">;

/** Every gate, on what the branch holds now. */
export async function judgeWork(work: Work, judging: Judging): Promise<Verdict> {
  const { tx, target, operation, now } = work;
  const { kind, scene, judged, evidence } = judging;
  const approvals = {
    target,
    policy: scene.policy,
    pull_request: operation.pull_request,
    requested_by: operation.requested_by,
    kind: kind === "rollback" ? "rollback" : "promote",
    now: boundOfMove(work, judging),
    evidence: evidence.approvals,
    command: kind,
  } as const;
  const facts = {
    kind,
    validation: judged.validation,
    release: { kind, releases: await releaseFacts(work, judging), by_hand: [] },
    approval: await approvalFacts(tx, approvals),
    checks: evidence.checks,
  };
  return judgePackages(facts, { now, policy: scene.policy });
}

/** A rollback outlives its pull request's head, so a yes to it is bound to the versions alone. */
function boundOfMove({ operation }: Work, { kind, moves, scene }: Judging): Bound {
  return boundTo(moves, kind === "activate" ? operation.head_sha : "", scene.policy);
}

async function releaseFacts(
  { tx, site, operation }: Work,
  { branch, moves }: Judging,
): Promise<readonly ReleaseFact[]> {
  const facts: ReleaseFact[] = [];
  for (const { root, kind, id, from, to, digest } of moves) {
    const asked = { site_id: site.id, root, kind, package: id, version: to };
    const [row] = await tx.packageReleases(asked, { limit: 1 });
    const there = branch.digestOf({ root, kind, id }, to);
    const parsed = parseVersion(to);
    const active = from === null ? null : parseVersion(from);
    facts.push({
      id,
      version: to,
      state: row?.status ?? null,
      veto: row?.veto ?? null,
      // What was active without being in the branch has no digest on record.
      same: there === null ? null : there === (row?.digest || digest),
      at_head: row?.head_sha === operation.head_sha && row.pull_request === operation.pull_request,
      earlier: parsed !== null && active !== null && compareVersions(parsed, active) < 0,
      preview: parsed !== null && isPreRelease(parsed),
    });
  }
  return facts;
}

/** The commit as an effect. It is asked for on top of the head that was judged: on another one it is refused. */
export async function commit(work: Work, { scene, branch, judged, kind, moves }: Judging): Promise<void> {
  const { operation } = work;
  const { nonce, requested_by: by, pull_request, packages } = operation;
  const reason = packages?.reason ?? "";
  await emit(work, {
    kind: "pointers",
    operation_id: operation.id,
    nonce,
    round: packages?.round ?? 0,
    branch: scene.repository.default_branch,
    expected_head: branch.head,
    files: judged.files,
    message: words.commitMessage({ kind, moves, by, reason, pull_request: pull_request ?? 0, nonce }),
  });
}
