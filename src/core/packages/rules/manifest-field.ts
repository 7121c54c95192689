import { manifestOf, type ReleaseRule } from "../context.ts";
import { findingAt } from "../files.ts";
import type { SourceFile } from "../reading/document.ts";
import { child, type Node, textOf } from "../reading/node.ts";
import type { Finding } from "../types.ts";

const id = "manifest-field";

/** Keys that hold a list of texts, where they are there. */
const LISTS = ["required_inputs", "optional_inputs"];

/** A manifest has the keys that its kind asks for, each in its shape. */
export const manifestField: ReleaseRule = {
  id,
  demands: "A manifest has every key that its kind asks for, in the right shape.",
  check: (context) => {
    const manifest = manifestOf(context);
    if (manifest === null) return [];
    const { root } = manifest;
    if (root.kind !== "object")
      return [fault(manifest, root, "The manifest is not a block of keys.", "Write `key: value` lines.")];
    return [
      ...context.release.kind.required_fields.flatMap((key) => needed(manifest, root, key)),
      ...LISTS.flatMap((key) => list(manifest, child(root, key), key)),
      ...map(manifest, child(root, "artifacts")),
    ];
  },
};

function needed(manifest: SourceFile, root: Node, key: string): readonly Finding[] {
  const value = child(root, key);
  if (value === undefined) {
    return [fault(manifest, root, `The manifest has no \`${key}\`.`, `Add \`${key}:\`.`)];
  }
  if (value.kind === "text" && value.value.trim() !== "") return [];
  const quoted =
    value.kind === "number" ? ` in quotes: \`"${manifest.text.slice(value.start, value.end)}"\`` : "";
  return [fault(manifest, value, `\`${key}\` is not a text.`, `Write a text${quoted}.`)];
}

function list(manifest: SourceFile, value: Node | undefined, key: string): readonly Finding[] {
  if (value === undefined || value.kind === "null") return [];
  if (value.kind !== "array")
    return [
      fault(manifest, value, `\`${key}\` is not a list.`, `Write \`${key}: []\`, or one \`- id\` a line.`),
    ];
  return value.items
    .filter((item) => textOf(item) === undefined)
    .map((item) =>
      fault(manifest, item, `\`${key}\` holds something that is no text.`, "Write the id of a package."),
    );
}

function map(manifest: SourceFile, value: Node | undefined): readonly Finding[] {
  if (value === undefined || value.kind === "null") return [];
  if (value.kind !== "object") {
    return [fault(manifest, value, "`artifacts` is not a map of paths.", "Write one `key: path` a line.")];
  }
  return value.members
    .filter(({ value: path }) => path.kind !== "text" && path.kind !== "null")
    .map(({ key, value: path }) =>
      fault(
        manifest,
        path,
        `The artifact \`${key}\` is no path.`,
        "Write a path below the release's folder.",
      ),
    );
}

const fault = (manifest: SourceFile, node: Node, sentence: string, remedy: string): Finding =>
  findingAt(manifest, node, { rule: id, sentence, remedy });
