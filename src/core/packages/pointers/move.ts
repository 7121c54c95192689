/**
 * Moves pointers in the text of a pointer file and touches nothing else: order, indentation, unknown keys, byte order mark
 * and line ends stay as they are. Pure, so that a concurrent change is met by doing it again on the new text.
 */
import { readJson } from "../reading/json.ts";
import { child, member, members, type Node, type ObjectNode } from "../reading/node.ts";

export interface PointerMove {
  readonly kind: string;
  readonly id: string;
  /** Null takes the pointer away. */
  readonly version: string | null;
}

export type Moved =
  | { readonly ok: true; readonly text: string }
  /** The text is no pointer file; nothing was moved. */
  | { readonly ok: false; readonly sentence: string };

interface Edit {
  readonly from: number;
  readonly to: number;
  readonly text: string;
}

/** Applies the moves in turn. A package that has no pointer yet is added at the end of its group; `flatKind` is the kind without one. */
export function movePointers(text: string, moves: readonly PointerMove[], flatKind: string): Moved {
  let current = text;
  for (const move of moves) {
    const { root, problems } = readJson(current, current.startsWith("\ufeff") ? 1 : 0);
    if (root?.kind !== "object")
      return { ok: false, sentence: problems[0]?.sentence ?? "The pointer file is not an object." };
    if (problems.some(({ code }) => code === "duplicate-key")) {
      return {
        ok: false,
        sentence: "The pointer file names a key twice; nobody can tell which of the two counts.",
      };
    }
    const edit = editFor(current, root, { move, flatKind });
    if (edit !== null) current = current.slice(0, edit.from) + edit.text + current.slice(edit.to);
  }
  return { ok: true, text: current };
}

interface Wanted {
  readonly move: PointerMove;
  readonly flatKind: string;
}

/** Null where the file says it already. */
function editFor(text: string, root: ObjectNode, { move, flatKind }: Wanted): Edit | null {
  const group = groupOf(root, { move, flatKind });
  const value = group === null ? undefined : child(group, move.id);
  if (move.version === null) return group === null || value === undefined ? null : removal(group, move.id);
  const written = JSON.stringify(move.version);
  if (value !== undefined) {
    return text.slice(value.start, value.end) === written
      ? null
      : { from: value.start, to: value.end, text: written };
  }
  if (group !== null) return insertion(text, group, `${JSON.stringify(move.id)}: ${written}`);
  const inside = indentOf(text, root);
  const unit = inside === "" ? "  " : inside;
  const newline = lineEnd(text);
  const body =
    inside === ""
      ? `{${JSON.stringify(move.id)}: ${written}}`
      : `{${newline}${inside}${unit}${JSON.stringify(move.id)}: ${written}${newline}${inside}}`;
  return insertion(text, root, `${JSON.stringify(move.kind)}: ${body}`);
}

/** The object in which the pointer stands, or should stand; null where its group is missing. */
function groupOf(root: ObjectNode, { move, flatKind }: Wanted): ObjectNode | null {
  const named = child(root, move.kind);
  const flat = move.kind === flatKind;
  if (flat && child(root, move.id)?.kind === "text") return root;
  if (named?.kind === "object") return named;
  const grouped = members(root).some(({ key, value }) => value.kind === "object" && !/^[$_]/.test(key));
  return flat && !grouped ? root : null;
}

const lineEnd = (text: string): string => (text.includes("\r\n") ? "\r\n" : "\n");

/** The spaces before the first member where it has a line of its own; nothing where the object stands on one line. */
function indentOf(text: string, node: ObjectNode): string {
  const first = node.members[0];
  if (first === undefined) return ownIndent(text, node);
  return /\n([ \t]*)$/.exec(text.slice(node.start, first.key_start))?.[1] ?? "";
}

/** For an empty object: one level more than the line it stands on, where the file has lines at all. */
function ownIndent(text: string, node: Node): string {
  const line = text.slice(text.lastIndexOf("\n", node.start) + 1, node.start).replace("\ufeff", "");
  if (!text.slice(0, node.start).includes("\n") && !text.slice(node.start, node.end).includes("\n"))
    return node.start <= 1 ? "  " : "";
  const before = /^[ \t]*/.exec(line)?.[0] ?? "";
  return before === "" ? "  " : before + before;
}

/** After the last member, in the same way as it stands there. */
function insertion(text: string, node: ObjectNode, written: string): Edit {
  const last = node.members.at(-1);
  const indent = indentOf(text, node);
  const newline = lineEnd(text);
  if (last !== undefined) {
    const separator =
      indent === "" && !/\n/.test(text.slice(node.start, node.members[0]?.key_start ?? node.start))
        ? ", "
        : `,${newline}${indent}`;
    return { from: last.value.end, to: last.value.end, text: separator + written };
  }
  const line = text.slice(text.lastIndexOf("\n", node.start) + 1, node.start).replace("\ufeff", "");
  const outer = /^[ \t]*/.exec(line)?.[0] ?? "";
  const body = indent === "" ? written : `${newline}${indent}${written}${newline}${outer}`;
  return { from: node.start + 1, to: node.end - 1, text: body };
}

/** With the comma and the space that belong to it. */
function removal(node: ObjectNode, id: string): Edit | null {
  const at = node.members.findIndex(({ key }) => key === id);
  const one = member(node, id);
  if (one === undefined) return null;
  const next = node.members[at + 1];
  if (next !== undefined) return { from: one.key_start, to: next.key_start, text: "" };
  const before = node.members[at - 1];
  if (before !== undefined) return { from: before.value.end, to: one.value.end, text: "" };
  return { from: node.start + 1, to: node.end - 1, text: "" };
}
