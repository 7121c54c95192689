/** What a move of pointers would lead to, judged on the branch as it is: the very files that would be committed. */
import { newErrors } from "../../gates/validation.ts";
import { movedFiles, withFiles } from "../activation.ts";
import { joinPath } from "../repository.ts";
import type { TreeChange, TreeEntry, TreeView } from "../types.ts";
import { validate } from "../validate.ts";
import { entriesIn } from "./listing.ts";
import type { MoveAnswer, MoveQuestion } from "./types.ts";

/** An activation is judged with the whole of what it activates; going back only by what the new pointers break. @throws GuardrailError */
export function answerMove(question: MoveQuestion, read: TreeView["read"]): MoveAnswer {
  const { moves, move, configuration, guardrails } = question;
  const now: TreeView = { entries: entriesIn(question.entries), read };
  const changes = move === "activate" ? filesOfMoves(now.entries, question) : [];
  const written = movedFiles(now, moves, configuration);
  if (!written.ok) return { kind: "move", ...written };
  const { files } = written;
  const asked = { configuration, guardrails, scope: "changed", activate: [] } as const;
  const moved = withFiles(now, files);
  const after = validate({ ...asked, base: { changes, read: moved.read }, head: moved });
  if (move === "activate") return { kind: "move", ok: true, report: after, files };
  const before = validate({ ...asked, base: { changes, read }, head: now });
  return { kind: "move", ok: true, report: newErrors(after, before), files };
}

/** As if the releases were new: then all of their rules are asked again, under the policy of now. */
function filesOfMoves(
  entries: readonly TreeEntry[],
  { configuration, moves }: MoveQuestion,
): readonly TreeChange[] {
  const folders = moves.flatMap(({ root, kind, id, to }) => {
    const folder = configuration.kinds.find(({ name }) => name === kind)?.folder;
    return folder === undefined ? [] : [`${joinPath(root, folder, id, "releases", to)}/`];
  });
  return entries
    .filter(({ path }) => folders.some((folder) => path.startsWith(folder)))
    .map(({ path }) => ({ path, before: null }));
}
