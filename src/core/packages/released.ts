/** Which versions were released, so that nobody may change them any more. */
import type { PointerFile } from "./pointers/read.ts";
import { nameOf, packageKey, type Release } from "./repository.ts";
import { compareVersions, isPreRelease, parseVersion, type Version } from "./semver.ts";
import type { PackageVersion } from "./types.ts";

/**
 * Of a kind with pointers: the active release, everything that came before it, and the same for what the records know.
 * Of a kind without them: every version, because what refers to it counts on it.
 */
export function releasedIn(
  pointers: readonly PointerFile[],
  records: readonly PackageVersion[],
): (release: Release) => boolean {
  const latest = new Map<string, Version>();
  const note = (key: string, text: string) => {
    const version = parseVersion(text);
    const known = latest.get(key);
    if (version !== null && (known === undefined || compareVersions(version, known) > 0))
      latest.set(key, version);
  };
  for (const { root, pointers: list } of pointers)
    for (const { kind, id, version } of list) note(packageKey({ root, kind, id }), version);
  for (const { root } of pointers)
    for (const { kind, id, version } of records) note(packageKey({ root, kind, id }), version);
  const spoken = new Map(pointers.map(({ root, kinds }) => [root, kinds]));
  return (release) => {
    const { kind, parsed, root } = release;
    if (!kind.pointed || (kind.manifest === null && spoken.get(root)?.has(kind.name) !== true)) return true;
    const version = latest.get(packageKey(nameOf(release)));
    return (
      parsed !== null &&
      !isPreRelease(parsed) &&
      version !== undefined &&
      compareVersions(parsed, version) <= 0
    );
  };
}
