import { pathOf, type ReleaseRule } from "../context.ts";
import { findingIn } from "../files.ts";

const id = "required-file";

/** A release has the files that its kind asks for; the finding stands on the file that should be there. */
export const requiredFile: ReleaseRule = {
  id,
  demands: "A release has every file that its kind asks for.",
  check: ({ release }) =>
    release.kind.required_files
      .filter((below) => !release.files.has(below))
      .map((below) => {
        const sentence = `\`${release.id}\` ${release.version} has no \`${below}\`, which every one of \`${release.kind.name}\` needs.`;
        return findingIn(pathOf(release, below), {
          rule: id,
          sentence,
          remedy: `Add \`${pathOf(release, below)}\`.`,
        });
      }),
};
