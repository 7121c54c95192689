/** What became of the commit that moves pointers: told by the loop that applied the effect. */
import { digestOf } from "../../core/canonical.ts";
import type { EffectResult, PointersEffect } from "../../core/effects.ts";
import type { Move } from "../../core/packages/activation.ts";
import * as words from "../../core/rendering/packages/words.ts";
import { obstacles } from "../../core/verdict.ts";
import type { OperationRow } from "../../ports/operations.ts";
import type { Deps } from "../deps.ts";
import { type Evidence, type EvidenceReads, evidenceForWork, NO_EVIDENCE } from "../evidence.ts";
import { finish } from "../finish.ts";
import type { SettingsReads } from "../site.ts";
import { change, openWork, record } from "../work.ts";
import { activated, activatedUnrecorded, sceneOf } from "./activated.ts";
import {
  type Branch,
  type JudgedMove,
  judgeMove,
  type MoveReads,
  movesFrom,
  readBranch,
} from "./judge-move.ts";
import { commit, judgeWork } from "./move.ts";
import type { PackagesScene } from "./scene.ts";

export type AppliedDeps = Deps<SettingsReads | MoveReads | EvidenceReads>;

/** A branch where so much goes on is not ours to fight for. */
const MOST_ROUNDS = 10;

export interface AppliedPointers {
  readonly effect: PointersEffect;
  readonly result: EffectResult;
  /** Nobody will try this effect again. */
  readonly last: boolean;
  /** It was tried before, with an answer that may have been lost. */
  readonly tried_before: boolean;
}

/** Twice is harmless: an operation that is over stays as it is. */
export async function pointersApplied(
  deps: AppliedDeps,
  { effect, result, last, tried_before }: AppliedPointers,
): Promise<void> {
  const { operation_id } = effect;
  if (result.ok) return activated(deps, operation_id, result.commit ?? "");
  if (result.code === "POINTERS_MOVED") return again(deps, effect);
  if (!last) return;
  // Only where GitHub let nobody look is it open what an earlier attempt has done.
  const open = tried_before && result.code !== "POINTERS_PROTECTED";
  const message = open ? words.perhapsMoved(result.message) : words.failedSentence(result.message);
  await give(deps, operation_id, { code: result.code, message });
}

/**
 * Telling failed by a fault of its own, for the last time. Whether the commit is on the branch the same attempt has found out, so the
 * operation ends by that, and nobody waits for its lock. @throws what there is no other way to end by
 */
export async function pointersCrashed(
  deps: AppliedDeps,
  { effect, result, error }: Pick<AppliedPointers, "effect" | "result"> & { readonly error: unknown },
): Promise<void> {
  const { operation_id } = effect;
  const why = words.faultSentence(error);
  if (result.ok) return activatedUnrecorded(deps, operation_id, { sha: result.commit ?? "", why });
  if (result.code !== "POINTERS_MOVED") throw error;
  await give(deps, operation_id, { code: result.code, message: words.notJudgedAnew(why) });
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

/** Given up for good. */
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
