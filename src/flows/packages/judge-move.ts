/** What a move of pointers would lead to, judged on the branch as it is now: the very files that would be committed. */
import { newErrors, type Unreadable } from "../../core/gates/validation.ts";
import {
  activeIn,
  digestIn,
  keyOfPackage,
  type Move,
  movedFiles,
  type PackageName,
  type WrittenFile,
  withFiles,
} from "../../core/packages/activation.ts";
import type { TreeEntry, TreeView, ValidationReport } from "../../core/packages/types.ts";
import { GuardrailError, validate } from "../../core/packages/validate.ts";
import { badGuardrail, notRead, pointersUnreadable } from "../../core/rendering/packages.ts";
import type { Deps } from "../deps.ts";
import { type ReadAll, readAll } from "./reading.ts";
import type { PackagesScene } from "./scene.ts";

export type MoveReads = "branchHead" | "tree" | "blobs";

/** The branch at one commit: what is active, what there is. */
export interface Branch {
  readonly head: string;
  readonly entries: readonly TreeEntry[];
  readonly active: ReadonlyMap<string, string>;
  /** Null: the branch has no such release. */
  readonly digestOf: (name: PackageName, version: string) => string | null;
}

/** @throws GithubError when asking again later can help */
export async function readBranch(
  deps: Deps<MoveReads>,
  { repository, settings }: PackagesScene,
): Promise<Branch | null> {
  const head = await deps.github.branchHead(repository, repository.default_branch);
  if (head === null) return null;
  const entries = await deps.github.tree(repository, head);
  const { configuration } = settings;
  const read = await readAll(deps, repository, (read) => activeIn({ entries, read }, configuration));
  if (!read.ok) return null;
  return { head, entries, active: read.value, digestOf: digestIn(entries, configuration) };
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

export interface MoveQuestion {
  readonly branch: Branch;
  readonly moves: readonly Move[];
  readonly kind: "activate" | "rollback";
}

/** An activation is judged with the whole of what it activates; going back only by what the new pointers break. */
export async function judgeMove(
  deps: Deps<MoveReads>,
  scene: PackagesScene,
  question: MoveQuestion,
): Promise<JudgedMove> {
  const { branch, moves, kind } = question;
  const { repository, settings, guardrails } = scene;
  const { configuration } = settings;
  const changes = kind === "activate" ? filesOfMoves(branch, scene, moves) : [];
  const judge = (read: TreeView["read"]): JudgedMove => {
    const now: TreeView = { entries: branch.entries, read };
    const written = movedFiles(now, moves, configuration);
    if (!written.ok) return { validation: pointersUnreadable(written.path, written.sentence), files: [] };
    const { files } = written;
    const asked = { configuration, guardrails, scope: "changed", activate: [] } as const;
    const moved = withFiles(now, files);
    const after = validate({ ...asked, base: { changes, read: moved.read }, head: moved });
    if (kind === "activate") return { validation: after, files };
    const before = validate({ ...asked, base: { changes, read }, head: now });
    return { validation: newErrors(after, before), files };
  };
  try {
    const read: ReadAll<JudgedMove> = await readAll(deps, repository, judge);
    return read.ok ? read.value : { validation: notRead(read.what), files: [] };
  } catch (error) {
    if (!(error instanceof GuardrailError)) throw error;
    return { validation: badGuardrail(error.message), files: [] };
  }
}

/** As if the releases were new: then all of their rules are asked again, under the policy of now. */
function filesOfMoves({ entries }: Branch, { settings }: PackagesScene, moves: readonly Move[]) {
  const folders = moves.flatMap(({ root, kind, id, to }) => {
    const folder = settings.configuration.kinds.find(({ name }) => name === kind)?.folder;
    return folder === undefined
      ? []
      : [[root, folder, id, "releases", to, ""].filter((part, at) => part !== "" || at === 5).join("/")];
  });
  return entries
    .filter(({ path }) => folders.some((folder) => path.startsWith(folder)))
    .map(({ path }) => ({ path, before: null }));
}
