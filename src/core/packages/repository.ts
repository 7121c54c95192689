/** The packages of a commit: which releases there are, with which files. Built in one pass over the tree; no file is read. */
import type { PackageKind, PackagesConfiguration } from "./configuration.ts";
import { compareVersions, isPreRelease, parseVersion, type Version } from "./semver.ts";
import type { TreeEntry, TreeView } from "./types.ts";

export interface Release {
  readonly root: string;
  readonly kind: PackageKind;
  readonly id: string;
  /** The folder's name; `parsed` is null where that is no version. */
  readonly version: string;
  readonly parsed: Version | null;
  /** Without a slash at its end. */
  readonly folder: string;
  /** By path below the folder. */
  readonly files: ReadonlyMap<string, TreeEntry>;
}

export interface Repository {
  readonly view: TreeView;
  readonly releases: ReadonlyMap<string, Release>;
  /** The releases of a package whose folders are versions, the earliest first. */
  readonly versions: (key: string) => readonly Release[];
  /** Every path, for questions such as "is it there". */
  readonly paths: ReadonlyMap<string, TreeEntry>;
  /** Entries below a kind's folder, and the pointer files. */
  readonly governed: readonly TreeEntry[];
}

export interface PackageName {
  readonly root: string;
  readonly kind: string;
  readonly id: string;
}

/** One text for one package; its parts cannot hold the separator, which no path holds. */
export const packageKey = ({ root, kind, id }: PackageName): string => `${root}\0${kind}\0${id}`;
export const releaseKey = (name: PackageName, version: string): string => `${packageKey(name)}\0${version}`;
export const nameOf = (release: Release): PackageName => ({
  root: release.root,
  kind: release.kind.name,
  id: release.id,
});
export const keyOf = (release: Release): string => releaseKey(nameOf(release), release.version);

export const joinPath = (...parts: readonly string[]): string =>
  parts.filter((part) => part !== "").join("/");

export const pointerPath = (root: string, configuration: PackagesConfiguration): string =>
  joinPath(root, configuration.pointers);

interface Place {
  readonly root: string;
  readonly kind: PackageKind;
  readonly prefix: string;
}

export function repositoryOf(view: TreeView, configuration: PackagesConfiguration): Repository {
  const places = placesIn(configuration);
  const pointers = new Set(configuration.roots.map((root) => pointerPath(root, configuration)));
  const releases = new Map<string, Release & { files: Map<string, TreeEntry> }>();
  const byPackage = new Map<string, Release[]>();
  const paths = new Map<string, TreeEntry>();
  const governed: TreeEntry[] = [];
  for (const entry of view.entries) {
    paths.set(entry.path, entry);
    const place = places.find(({ prefix }) => entry.path.startsWith(prefix));
    if (place === undefined) {
      if (pointers.has(entry.path)) governed.push(entry);
      continue;
    }
    governed.push(entry);
    const found = locate(entry.path, place);
    if (found === null) continue;
    const release = releases.get(found.key) ?? newRelease(found, place);
    if (!releases.has(found.key)) {
      releases.set(found.key, release);
      const key = packageKey(nameOf(release));
      byPackage.set(key, [...(byPackage.get(key) ?? []), release]);
    }
    release.files.set(found.below, entry);
  }
  const sorted = new Map<string, readonly Release[]>();
  const versions = (key: string) => {
    const known = sorted.get(key) ?? inOrder(byPackage.get(key) ?? []);
    sorted.set(key, known);
    return known;
  };
  return { view, releases, versions, paths, governed };
}

/** Longer folders first, so that `schemas/registry` would win over `schemas`. */
function placesIn({ roots, kinds }: PackagesConfiguration): readonly Place[] {
  return roots
    .flatMap((root) => kinds.map((kind) => ({ root, kind, prefix: `${joinPath(root, kind.folder)}/` })))
    .sort((a, b) => b.prefix.length - a.prefix.length);
}

interface Found {
  readonly id: string;
  readonly version: string;
  readonly below: string;
  readonly key: string;
}

/** `<prefix><id>/releases/<version>/<below>` in its parts. */
function locate(path: string, { prefix, root, kind }: Place): Found | null {
  const afterId = path.indexOf("/", prefix.length);
  if (afterId < 0 || !path.startsWith("releases/", afterId + 1)) return null;
  const from = afterId + 1 + "releases/".length;
  const afterVersion = path.indexOf("/", from);
  if (afterVersion < 0) return null;
  const id = path.slice(prefix.length, afterId);
  const version = path.slice(from, afterVersion);
  const key = releaseKey({ root, kind: kind.name, id }, version);
  return { id, version, below: path.slice(afterVersion + 1), key };
}

function newRelease({ id, version }: Found, { root, kind, prefix }: Place) {
  const folder = `${prefix}${id}/releases/${version}`;
  return {
    root,
    kind,
    id,
    version,
    parsed: parseVersion(version),
    folder,
    files: new Map<string, TreeEntry>(),
  };
}

function inOrder(releases: readonly Release[]): readonly Release[] {
  return releases
    .flatMap((release) => (release.parsed === null ? [] : [{ release, parsed: release.parsed }]))
    .sort((a, b) => compareVersions(a.parsed, b.parsed))
    .map(({ release }) => release);
}

/** The release that a version is compared with: the last one before it that is no pre-release. */
export function releaseBefore(repository: Repository, release: Release): Release | null {
  const { parsed } = release;
  if (parsed === null) return null;
  const earlier = repository
    .versions(packageKey(nameOf(release)))
    .filter(
      (other) =>
        other.parsed !== null && !isPreRelease(other.parsed) && compareVersions(other.parsed, parsed) < 0,
    );
  return earlier.at(-1) ?? null;
}
