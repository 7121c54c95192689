import { documentsOf, manifestOf, type ReleaseContext, type ReleaseRule } from "../context.ts";
import { findingAt } from "../files.ts";
import { child, type Node, type TextNode, textOf } from "../reading/node.ts";
import type { Target } from "../references.ts";
import { releaseKey } from "../repository.ts";

const id = "reference";

/** Every reference of a manifest or a docdef names something that is in the repository, at that version. */
export const reference: ReleaseRule = {
  id,
  demands: "Every reference names an artifact that is in the repository at that version.",
  check: (context) => {
    const manifest = manifestOf(context);
    const files = [
      ...(manifest === null ? [] : [manifest]),
      ...documentsOf(context, context.release.kind.docdef_artifacts),
    ];
    return files.flatMap((file) =>
      textsIn(context, file.root).flatMap((node) => {
        const fault = judge(context, node.value);
        return fault === null ? [] : [findingAt(file, node, { rule: id, ...fault })];
      }),
    );
  },
};

/** Keys that say what a file is called are no references. */
const NAMES = new Set(["$id", "id", "document_def_id", "docdef_id"]);

/** Texts that are references by their key's word or by their own look. Files are no deeper than `MAX_DEPTH`. */
function textsIn(context: ReleaseContext, node: Node, key = "", found: TextNode[] = []): readonly TextNode[] {
  if (node.kind === "array") for (const item of node.items) textsIn(context, item, key, found);
  if (node.kind === "object") for (const one of node.members) textsIn(context, one.value, one.key, found);
  if (node.kind !== "text" || NAMES.has(key)) return found;
  const must = key.endsWith("_ref") || key.endsWith("_refs");
  if (must || context.references.looksLike(node.value)) found.push(node);
  return found;
}

interface Fault {
  readonly sentence: string;
  readonly remedy: string;
}

function judge(context: ReleaseContext, text: string): Fault | null {
  const targets = context.references.targets(text);
  if (targets.length === 0) {
    const forms = context.references.forms.slice(0, 3).map((form) => `\`${form}\``);
    return {
      sentence: `\`${text}\` has none of the forms of a reference.`,
      remedy: `Write it in one of the forms, for example ${forms.join(" or ")}.`,
    };
  }
  if (targets.some((target) => exists(context, target))) return null;
  const [first] = targets;
  const versions = first === undefined ? [] : versionsOf(context, first);
  const sentence = `\`${text}\` names something that is not in the repository.`;
  const remedy =
    versions.length === 0
      ? `Add it, or correct the name: there is no \`${first?.id ?? ""}\` among \`${first?.kind ?? ""}\`.`
      : `Add that version, or write one that is there: ${versions.slice(-5).join(", ")}.`;
  return { sentence, remedy };
}

const versionsOf = ({ release, repository }: ReleaseContext, { kind, id: name }: Target): readonly string[] =>
  repository.versions([release.root, kind, name].join("\0")).map(({ version }) => version);

/** An artifact of a package must be in its map, too. */
function exists(context: ReleaseContext, target: Target): boolean {
  const { release, repository } = context;
  const name = { root: release.root, kind: target.kind, id: target.id };
  const found = repository.releases.get(releaseKey(name, target.version));
  if (found === undefined) return false;
  if (target.artifact === null) return true;
  const manifest = manifestOf({ ...context, release: found });
  return textOf(child(child(manifest?.root, "artifacts"), target.artifact)) !== undefined;
}
