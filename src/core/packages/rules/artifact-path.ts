import { artifactsOf, manifestOf, type ReleaseRule } from "../context.ts";
import { findingAt } from "../files.ts";
import { textOf } from "../reading/node.ts";

const id = "artifact-path";

/** Every path of the artifacts map names a file of this release. */
export const artifactPath: ReleaseRule = {
  id,
  demands: "Every path of the artifacts map names a file of the release.",
  check: (context) => {
    const { release } = context;
    const manifest = manifestOf(context);
    if (manifest === null) return [];
    return artifactsOf(context).flatMap(({ key, node, below }) => {
      const path = textOf(node);
      if (path === undefined) return [];
      if (below === null) {
        const sentence = `The artifact \`${key}\` leads outside the release: \`${path}\`.`;
        return [
          findingAt(manifest, node, {
            rule: id,
            sentence,
            remedy: "Write a path below the release's folder, without `..`.",
          }),
        ];
      }
      if (release.files.has(below)) return [];
      const sentence = `The artifact \`${key}\` names \`${below}\`, which is not in the release.`;
      const remedy = `Add \`${release.folder}/${below}\`, or write \`null\` if the package has no \`${key}\`.`;
      return [findingAt(manifest, node, { rule: id, sentence, remedy })];
    });
  },
};
