/** What became of the commit that moves pointers: told by the loop that applied the effect. */
import { digestOf } from "../../core/canonical.ts";
import type { EffectResult, PointersEffect } from "../../core/effects.ts";
import type { Move } from "../../core/packages/activation.ts";
import { advancePackage } from "../../core/packages/states.ts";
import * as words from "../../core/rendering/packages/words.ts";
import { obstacles } from "../../core/verdict.ts";
import type { OperationRow } from "../../ports/operations.ts";
import type { PackageReleaseRow } from "../../ports/packages.ts";
import type { Deps } from "../deps.ts";
import { type Evidence, type EvidenceReads, evidenceForWork, NO_EVIDENCE } from "../evidence.ts";
import { finish } from "../finish.ts";
import type { SettingsReads } from "../site.ts";
import { change, emit, move, openWork, record, type Work } from "../work.ts";
import {
  type Branch,
  type JudgedMove,
  judgeMove,
  type MoveReads,
  movesFrom,
  readBranch,
} from "./judge-move.ts";
import { commit, judgeWork } from "./move.ts";
import { loadPackages, type PackagesScene } from "./scene.ts";
import { showPackages } from "./show.ts";

export type AppliedDeps = Deps<SettingsReads | MoveReads | EvidenceReads>;

/** A branch where so much goes on is not ours to fight for. */
const MOST_ROUNDS = 10;

export interface AppliedPointers {
  readonly effect: PointersEffect;
  readonly result: EffectResult;
  /** Nobody will try this effect again. */
  readonly last: boolean;
}

/** Twice is harmless: an operation that is over stays as it is. */
export async function pointersApplied(
  deps: AppliedDeps,
  { effect, result, last }: AppliedPointers,
): Promise<void> {
  const { operation_id } = effect;
  if (result.ok) return succeed(deps, operation_id, result.commit ?? "");
  if (result.code === "POINTERS_MOVED") return again(deps, effect);
  if (last)
    await give(deps, operation_id, { code: result.code, message: words.failedSentence(result.message) });
}

async function succeed(deps: AppliedDeps, operation_id: string, sha: string): Promise<void> {
  const loaded = await sceneOf(deps, operation_id);
  await deps.store.transaction(async (tx) => {
    const work = await openWork(deps, tx, operation_id);
    const packages = work?.operation.packages ?? null;
    if (work === null || packages === null || work.operation.state !== "running") return;
    const active = await move(work, "activated", { packages: { ...packages, commit: sha } });
    for (const one of packages.moves) await switchStates(active, one);
    await followUp(active, { moves: packages.moves, sha, scene: loaded });
    const message = words.activatedSentence(packages.moves, sha);
    await finish(active, { event: "finished", code: "done", message, actor: "bot" });
    await show(deps, active);
  });
}

async function show(deps: AppliedDeps, { tx, site, operation }: Work): Promise<void> {
  const { pull_request, head_sha } = operation;
  if (pull_request === null) return;
  const showing = { repository: site.repository, site_id: site.id, pull_request, head_sha };
  await showPackages(deps, tx, { ...showing, report: null });
}

/** The release that the pointer leads to now, and the one that it led to. What was active before Belay knew it goes on record now. */
async function switchStates(work: Work, one: Move): Promise<void> {
  const { tx, now } = work;
  const to = (await rowOf(work, one, one.to)) ?? unknownRow(work, one, one.to, one.digest);
  const step = advancePackage(to.status, "activated");
  const status = step.ok ? step.state : "released";
  await tx.putPackageRelease({ ...to, status, released_at: now });
  if (one.from === null) return;
  const from = (await rowOf(work, one, one.from)) ?? unknownRow(work, one, one.from, one.from_digest ?? "");
  if (from.status !== "vetoed") await tx.putPackageRelease({ ...from, status: "superseded" });
}

async function rowOf(
  { tx, site }: Work,
  { root, kind, id }: Move,
  version: string,
): Promise<PackageReleaseRow | null> {
  const asked = { site_id: site.id, root, kind, package: id, version };
  return (await tx.packageReleases(asked, { limit: 1 }))[0] ?? null;
}

function unknownRow(
  { clock, site }: Work,
  { root, kind, id }: Move,
  version: string,
  digest: string,
): PackageReleaseRow {
  return {
    ...{ id: clock.id(), site_id: site.id, root, kind, package: id, version, digest },
    ...{ status: "released", pull_request: null, head_sha: null, report_id: null },
    ...{ staged_by: null, staged_at: null, released_at: null, veto: null, state_version: 0 },
  };
}

interface Following {
  readonly moves: readonly Move[];
  readonly sha: string;
  /** Null: the settings cannot be read any more; then nothing but the pointers follows. */
  readonly scene: PackagesScene | null;
}

/** Tags, and telling the runtime. */
async function followUp(work: Work, { moves, sha, scene }: Following): Promise<void> {
  if (scene === null) return;
  const { kind, id: operation_id, requested_by } = work.operation;
  const { tags, sync } = scene.settings;
  for (const one of tags && kind === "activate" ? moves : []) {
    const message = words.tagMessage(one, requested_by);
    await emit(work, { kind: "tag", tag: words.tagName(one), commit: sha, message });
  }
  const branch = scene.repository.default_branch;
  const packages = moves.map(({ root, kind: group, id, from, to }) => ({ root, kind: group, id, from, to }));
  const told = { kind: "sync", operation_id, commit: sha, branch, packages } as const;
  const { repository_dispatch, workflow, webhook } = sync;
  if (repository_dispatch !== undefined)
    await emit(work, { ...told, how: { by: "repository_dispatch", event_type: repository_dispatch } });
  if (workflow !== undefined) await emit(work, { ...told, how: { by: "workflow", workflow, ref: branch } });
  if (webhook) await emit(work, { ...told, how: { by: "webhook" } });
}

/** Somebody was first: what they left is judged as if nothing had been judged before. */
async function again(deps: AppliedDeps, { operation_id, round }: PointersEffect): Promise<void> {
  const scene = await sceneOf(deps, operation_id);
  const operation = await operationOf(deps, operation_id);
  if (operation === null) return;
  if (scene === null || round >= MOST_ROUNDS) {
    return give(deps, operation_id, { code: "POINTERS_MOVED", message: words.movedTooOften(round + 1) });
  }
  const branch = await readBranch(deps, scene);
  const kind = operation.kind === "rollback" ? "rollback" : "activate";
  if (!("head" in branch)) {
    const { code, sentence } = branch;
    return give(deps, operation_id, { code, message: words.failedSentence(sentence) });
  }
  const moves = movesFrom(branch, operation.packages?.moves ?? []);
  const judged = await judgeMove(deps, scene, { branch, moves, kind });
  const evidence = await evidenceOf(deps, { operation_id, scene });
  await settle(deps, { operation_id, round, scene, branch, moves, judged, evidence, kind });
}

interface Anew {
  readonly operation_id: string;
  readonly round: number;
  readonly scene: PackagesScene;
  readonly branch: Branch;
  readonly moves: readonly Move[];
  readonly judged: JudgedMove;
  readonly evidence: Evidence;
  readonly kind: "activate" | "rollback";
}

async function settle(deps: AppliedDeps, anew: Anew): Promise<void> {
  const { operation_id, round, scene, moves } = anew;
  await deps.store.transaction(async (tx) => {
    const work = await openWork(deps, tx, operation_id);
    const packages = work?.operation.packages ?? null;
    if (work === null || packages === null || work.operation.state !== "running") return;
    if (packages.round !== round) return;
    const verdict = await judgeWork(work, anew);
    const changed = { verdict, policy_digest: digestOf(scene.policy), settings_digest: scene.digest };
    const next = await change(work, { ...changed, packages: { ...packages, moves, round: round + 1 } });
    await record(next, {
      actor: "bot",
      action: "judged_anew",
      reason: "the branch moved on",
      details: { round: round + 1 },
    });
    if (verdict.outcome === "pass") return commit(next, anew);
    const [first] = obstacles(verdict);
    const message = words.stoppedSentence(first?.sentences[0] ?? "");
    await finish(next, { event: "cancelled", code: first?.code ?? "blocked", message, actor: "bot" });
  });
}

async function evidenceOf(
  deps: AppliedDeps,
  { operation_id, scene }: { readonly operation_id: string; readonly scene: PackagesScene },
): Promise<Evidence> {
  const work = await deps.store.transaction((tx) => openWork(deps, tx, operation_id));
  return work === null ? NO_EVIDENCE : evidenceForWork(deps, work, { policy: scene.policy, author: null });
}

async function operationOf(deps: AppliedDeps, id: string): Promise<OperationRow | null> {
  return deps.store.transaction((tx) => tx.operation(id));
}

async function sceneOf(deps: AppliedDeps, operation_id: string): Promise<PackagesScene | null> {
  const site = await deps.store.transaction(async (tx) => {
    const operation = await tx.operation(operation_id);
    return operation === null ? null : tx.site(operation.site_id);
  });
  const loaded = site === null ? null : await loadPackages(deps, site.repository);
  return loaded?.ok === true ? loaded.scene : null;
}

/** Given up for good: nothing was moved. */
async function give(
  deps: AppliedDeps,
  operation_id: string,
  { code, message }: { readonly code: string; readonly message: string },
): Promise<void> {
  await deps.store.transaction(async (tx) => {
    const work = await openWork(deps, tx, operation_id);
    if (work === null || work.operation.state !== "running") return;
    await finish(work, { event: "failed", code, message, actor: "bot" });
  });
}
