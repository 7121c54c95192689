/** The packages of a commit: which releases there are, with which files. Built in one pass over the tree; no file is read. */
import type { PackageKind, PackagesConfiguration } from "./configuration.ts";
import { compareVersions, isPreRelease, parseVersion, type Version } from "./semver.ts";
import type { TreeEntry } from "./types.ts";

export interface Release {
  readonly root: string;
  readonly kind: PackageKind;
  readonly id: string;
  /** The folder's name; `parsed` is null where that is no version. */
  readonly version: string;
  readonly parsed: Version | null;
  /** Without a slash at its end. */
  readonly folder: string;
  /** By path below the folder; never empty. */
  readonly files: ReadonlyMap<string, TreeEntry>;
}

export interface Repository {
  readonly releases: ReadonlyMap<string, Release>;
  /** The releases of a package whose folders are versions, the earliest first. */
  readonly versions: (key: string) => readonly Release[];
  /** Entries below a kind's folder, and the pointer files. */
  readonly governed: readonly TreeEntry[];
  /** The pointer files by their paths. */
  readonly pointers: ReadonlyMap<string, TreeEntry>;
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

export function repositoryOf(
  entries: readonly TreeEntry[],
  configuration: PackagesConfiguration,
): Repository {
  const places = placesIn(configuration);
  const names = new Set(configuration.roots.map((root) => pointerPath(root, configuration)));
  const releases = new Map<string, Building>();
  const byPackage = new Map<string, Release[]>();
  const pointers = new Map<string, TreeEntry>();
  const governed: TreeEntry[] = [];
  let last: Building | null = null;
  for (const entry of entries) {
    // Git lists a folder's files one after the other.
    if (last !== null && entry.path.startsWith(last.prefix)) {
      governed.push(entry);
      last.entries.push(entry);
      continue;
    }
    if (names.has(entry.path)) pointers.set(entry.path, entry);
    const place = places.find(({ prefix }) => entry.path.startsWith(prefix));
    if (place === undefined && !names.has(entry.path)) continue;
    governed.push(entry);
    const found = place === undefined ? null : locate(entry.path, place);
    if (place === undefined || found === null) continue;
    last = releases.get(found.key) ?? null;
    if (last === null) {
      last = newRelease(found, place);
      releases.set(found.key, last);
      const key = packageKey(nameOf(last));
      const list = byPackage.get(key);
      if (list === undefined) byPackage.set(key, [last]);
      else list.push(last);
    }
    last.entries.push(entry);
  }
  return { releases, versions: inOrder(byPackage), governed, pointers };
}

function inOrder(byPackage: ReadonlyMap<string, readonly Release[]>): Repository["versions"] {
  const sorted = new Map<string, readonly Release[]>();
  return (key) => {
    const known = sorted.get(key) ?? byVersion(byPackage.get(key) ?? []);
    sorted.set(key, known);
    return known;
  };
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
  readonly key: string;
}

/** `<prefix><id>/releases/<version>/...` in its parts. */
function locate(path: string, { prefix, root, kind }: Place): Found | null {
  const afterId = path.indexOf("/", prefix.length);
  if (afterId < 0 || !path.startsWith("releases/", afterId + 1)) return null;
  const from = afterId + 1 + "releases/".length;
  const afterVersion = path.indexOf("/", from);
  if (afterVersion < 0) return null;
  const id = path.slice(prefix.length, afterId);
  const version = path.slice(from, afterVersion);
  return { id, version, key: releaseKey({ root, kind: kind.name, id }, version) };
}

interface Building extends Release {
  readonly prefix: string;
  readonly entries: TreeEntry[];
}

/** Most releases are never looked into: version and files are read when somebody asks. */
function newRelease({ id, version }: Found, { root, kind, prefix }: Place): Building {
  const folder = `${prefix}${id}/releases/${version}`;
  const entries: TreeEntry[] = [];
  let files: ReadonlyMap<string, TreeEntry> | undefined;
  let parsed: Version | null | undefined;
  return {
    root,
    kind,
    id,
    version,
    get parsed() {
      if (parsed === undefined) parsed = parseVersion(version);
      return parsed;
    },
    folder,
    prefix: `${folder}/`,
    entries,
    get files() {
      files ??= new Map(entries.map((entry) => [entry.path.slice(folder.length + 1), entry]));
      return files;
    },
  };
}

function byVersion(releases: readonly Release[]): readonly Release[] {
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
