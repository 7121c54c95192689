/** What a move of pointers would lead to, judged on the branch as it is now: the very files that would be committed. */
import type { Unreadable } from "../../core/gates/validation.ts";
import {
  keyOfPackage,
  type Move,
  type PackageName,
  type WrittenFile,
} from "../../core/packages/activation.ts";
import type { Listing } from "../../core/packages/judging/listing.ts";
import { releaseKey } from "../../core/packages/repository.ts";
import type { ValidationReport } from "../../core/packages/types.ts";
import { notRead, pointersUnreadable } from "../../core/rendering/packages/words.ts";
import type { Deps } from "../deps.ts";
import { ask, listingsOf } from "./reading.ts";
import type { PackagesScene } from "./scene.ts";

export type MoveReads = "branchHead" | "tree" | "blobs";

/** The branch at one commit: what is active, what there is. */
export interface Branch {
  readonly head: string;
  readonly entries: Listing;
  readonly active: ReadonlyMap<string, string>;
  /** What each release of the branch holds, by `releaseKey`. */
  readonly digests: ReadonlyMap<string, string>;
  /** Null: the branch has no such release. */
  readonly digestOf: (name: PackageName, version: string) => string | null;
}

/** Why it cannot be told, where it cannot. @throws GithubError when asking again later can help */
export async function readBranch(
  deps: Deps<MoveReads>,
  { repository, settings }: PackagesScene,
): Promise<Branch | Unreadable> {
  const head = await deps.github.branchHead(repository, repository.default_branch);
  if (head === null) return notRead("the default branch is gone");
  const entries = (await listingsOf(deps, repository, { head }))("head");
  const { configuration } = settings;
  const asked = await ask(deps, repository, { kind: "branch", entries, configuration });
  if (!asked.ok) return asked.why;
  const { active, digests } = asked.answer;
  const digestOf = (name: PackageName, version: string) => digests.get(releaseKey(name, version)) ?? null;
  return { head, entries, active, digests, digestOf };
}

/** The moves as they are from what is active now; those that lead to where their pointer is already are left out. */
export function movesFrom(
  branch: Branch,
  wanted: readonly Pick<Move, "root" | "kind" | "id" | "to" | "digest">[],
): readonly Move[] {
  return wanted.flatMap((one) => {
    const from = branch.active.get(keyOfPackage(one)) ?? null;
    const from_digest = from === null ? null : branch.digestOf(one, from);
    return from === one.to ? [] : [{ ...one, from, from_digest }];
  });
}

export interface JudgedMove {
  readonly validation: ValidationReport | Unreadable;
  readonly files: readonly WrittenFile[];
}

export interface MoveJudging {
  readonly branch: Branch;
  readonly moves: readonly Move[];
  readonly kind: "activate" | "rollback";
}

/** @throws GithubError when asking again later can help */
export async function judgeMove(
  deps: Deps<MoveReads>,
  { repository, settings, guardrails }: PackagesScene,
  { branch, moves, kind }: MoveJudging,
): Promise<JudgedMove> {
  const rules = { configuration: settings.configuration, guardrails };
  const question = { kind: "move", entries: branch.entries, moves, move: kind, ...rules } as const;
  const asked = await ask(deps, repository, question);
  if (!asked.ok) return { validation: asked.why, files: [] };
  const { answer } = asked;
  if (!answer.ok) return { validation: pointersUnreadable(answer.path, answer.sentence), files: [] };
  return { validation: answer.report, files: answer.files };
}
