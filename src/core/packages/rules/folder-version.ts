import type { ReleaseRule } from "../context.ts";
import { findingIn } from "../files.ts";

const id = "folder-version";

/** A release's folder is named by a semantic version. */
export const folderVersion: ReleaseRule = {
  id,
  demands: "A release's folder is named by a semantic version.",
  check: ({ release }) => {
    const first = [...release.files.values()][0];
    if (release.parsed !== null || first === undefined) return [];
    const sentence = `The folder \`${release.version}\` of \`${release.id}\` is not named by a version such as \`1.4.0\` or \`1.5.0-rc.1\`.`;
    return [
      findingIn(first.path, {
        rule: id,
        sentence,
        remedy: `Rename \`${release.folder}\`, or move it out of \`releases\`.`,
      }),
    ];
  },
};
