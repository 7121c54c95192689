import { manifestOf, type ReleaseRule } from "../context.ts";
import { findingAt } from "../files.ts";
import { child, textOf } from "../reading/node.ts";

const id = "manifest-identity";

/** The manifest names the package in whose folder it lies. */
export const manifestIdentity: ReleaseRule = {
  id,
  demands: "The manifest names the package in whose folder it lies.",
  check: (context) => {
    const { release } = context;
    const field = release.kind.id_field;
    const manifest = manifestOf(context);
    if (field === null || manifest === null) return [];
    const node = child(manifest.root, field);
    const named = textOf(node);
    if (node === undefined || named === undefined || named === release.id) return [];
    const sentence = `\`${field}\` is \`${named}\`, but the folder is that of \`${release.id}\`.`;
    const remedy = `Write \`${field}: ${release.id}\`, or move the release to the folder of \`${named}\`.`;
    return [findingAt(manifest, node, { rule: id, sentence, remedy })];
  },
};
