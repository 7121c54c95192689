import { compareReleases } from "../changes.ts";
import { manifestOf, type ReleaseContext, type ReleaseRule } from "../context.ts";
import { findingAt, findingIn } from "../files.ts";
import { child } from "../reading/node.ts";
import { joinPath, releaseBefore } from "../repository.ts";
import { bumpBetween, compareBumps, nextVersion } from "../semver.ts";

const id = "version-bump";

/** A version's number tells at least as large a change as there is from the release before it. */
export const versionBump: ReleaseRule = {
  id,
  demands: "A version's number tells at least as large a change as there is since the release before it.",
  check: (context) => {
    const { release, repository } = context;
    const before = releaseBefore(repository, release);
    if (release.kind.manifest === null || release.parsed === null || before?.parsed == null) return [];
    const gives = bumpBetween(before.parsed, release.parsed);
    if (gives === "major") return [];
    const { needs, reasons } = compareReleases({ ...context, release: before }, context);
    if (compareBumps(gives, needs) >= 0) return [];
    const deciding = reasons.filter(({ bump }) => bump === needs).map(({ sentence }) => sentence);
    const shown =
      deciding.slice(0, 3).join("; ") + (deciding.length > 3 ? `; and ${deciding.length - 3} more` : "");
    const wanted = nextVersion(before.parsed, needs);
    const sentence = `${release.version} is a ${gives} version after ${before.version}, but the change is ${needs}: ${shown}.`;
    const folder = joinPath(release.folder.slice(0, -release.version.length - 1), wanted);
    return [
      place(context, {
        rule: id,
        sentence,
        remedy: `Make it ${wanted} at least: folder \`${folder}\`, \`version: ${wanted}\`.`,
      }),
    ];
  },
};

/** On the manifest's version, which has to change. */
function place(context: ReleaseContext, fault: { rule: string; sentence: string; remedy: string }) {
  const manifest = manifestOf(context);
  const first = [...context.release.files.values()][0];
  if (manifest === null) return findingIn(first?.path ?? context.release.folder, fault);
  return findingAt(manifest, child(manifest.root, "version") ?? manifest.root, fault);
}
