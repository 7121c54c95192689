/** The pointers as they would be after the activation of a change, and how they differ from the base's. */
import { findingIn } from "./files.ts";
import type { PointerFile } from "./pointers/read.ts";
import { packageKey, pointerPath, type Repository, releaseKey } from "./repository.ts";
import { compareVersions, isPreRelease, parseVersion } from "./semver.ts";
import type { Finding, PackageChange, PackageVersion, PointerChange, ValidationInput } from "./types.ts";

export interface Proposal {
  /** Package key -> version, of kinds that the configuration knows. */
  readonly active: ReadonlyMap<string, string>;
  readonly changes: readonly PointerChange[];
  readonly findings: readonly Finding[];
}

export interface ProposalInput {
  readonly input: ValidationInput;
  readonly repository: Repository;
  readonly pointers: readonly PointerFile[];
  readonly before: readonly PointerFile[];
  readonly packages: readonly PackageChange[];
}

export function proposedPointers(given: ProposalInput): Proposal {
  const { input, repository, pointers, before } = given;
  const old = mapOf(before, input);
  const active = mapOf(pointers, input);
  const findings: Finding[] = [];
  for (const one of input.activate ?? ownReleases(given, old, active)) {
    const name = { root: rootOf(one, given), kind: one.kind, id: one.id };
    if (!repository.releases.has(releaseKey(name, one.version)))
      findings.push(missing(one, pointerPath(name.root, input.configuration)));
    else active.set(packageKey(name), one.version);
  }
  const keys = [...new Set([...old.keys(), ...active.keys()])]
    .filter((key) => old.get(key) !== active.get(key))
    .sort();
  const changes = keys.map((key) => {
    const [root = "", kind = "", id = ""] = key.split("\0");
    return { root, kind, id, from: old.get(key) ?? null, to: active.get(key) ?? null };
  });
  return { active, changes, findings };
}

function mapOf(files: readonly PointerFile[], { configuration }: ValidationInput): Map<string, string> {
  const known = new Set(configuration.kinds.filter(({ pointed }) => pointed).map(({ name }) => name));
  return new Map(
    files.flatMap(({ root, pointers }) =>
      pointers.flatMap(({ kind, id, version }) =>
        known.has(kind) ? [[packageKey({ root, kind, id }), version] as const] : [],
      ),
    ),
  );
}

const rootOf = (one: PackageVersion, { input, repository }: ProposalInput): string =>
  one.root ??
  input.configuration.roots.find((root) => repository.versions(packageKey({ ...one, root })).length > 0) ??
  input.configuration.roots[0] ??
  "";

/**
 * What the change itself would activate: of each package the latest version that it adds, unless that is a pre-release or comes before the active one,
 * or the change has moved the pointer by itself.
 */
function ownReleases(
  { packages, pointers, input }: ProposalInput,
  old: ReadonlyMap<string, string>,
  active: ReadonlyMap<string, string>,
): readonly PackageVersion[] {
  const spoken = new Map(pointers.map(({ root, kinds }) => [root, kinds]));
  const latest = new Map<string, PackageVersion>();
  for (const { root, kind, id, version, change } of packages) {
    const parsed = parseVersion(version);
    const key = packageKey({ root, kind, id });
    const hasPointers = kind === input.configuration.flat_kind || spoken.get(root)?.has(kind) === true;
    if (change !== "added" || parsed === null || isPreRelease(parsed) || !hasPointers) continue;
    if (old.get(key) !== active.get(key)) continue;
    const known = parseVersion(latest.get(key)?.version ?? active.get(key) ?? "");
    if (known === null || compareVersions(parsed, known) > 0) latest.set(key, { root, kind, id, version });
  }
  return [...latest.values()];
}

/** The file does not hold the pointer yet, so the finding stands on the file as a whole. */
function missing({ id, version }: PackageVersion, path: string): Finding {
  const sentence = `\`${id}\` ${version} is to be activated, but it is not in the repository.`;
  return findingIn(path, {
    rule: "pointer-target",
    sentence,
    remedy: "Add the release, or activate another version.",
  });
}
