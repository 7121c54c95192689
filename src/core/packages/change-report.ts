/** From two commits to what changed: the files, the releases, what each needs, and what may not be changed any more. */
import { compareReleases, firstDifference, suggestedVersion } from "./changes.ts";
import type { PackagesConfiguration } from "./configuration.ts";
import type { Surroundings } from "./context.ts";
import { findingIn } from "./files.ts";
import type { PointerFile } from "./pointers/read.ts";
import { releasedIn } from "./released.ts";
import { joinPath, type Release, type Repository, releaseBefore, repositoryOf } from "./repository.ts";
import { bumpBetween, compareBumps } from "./semver.ts";
import type { BaseView, Finding, PackageChange, TreeEntry, ValidationInput } from "./types.ts";

export interface Difference {
  /** Paths that were added, removed, or hold other bytes or another mode. */
  readonly files: ReadonlySet<string>;
  /** Keys of the head's releases that hold one of them, or lost one. */
  readonly releases: ReadonlySet<string>;
  /** Keys of releases of either side that were added, edited or removed. */
  readonly touched: ReadonlySet<string>;
  /** The base's entries: of the touched releases, and the pointer files. */
  readonly base: readonly TreeEntry[];
}

export function changedReleases(
  head: Repository,
  base: BaseView,
  configuration: PackagesConfiguration,
): Difference {
  const before = base.changes.flatMap((change) => change.before ?? []);
  const files = new Set(base.changes.map(({ path }) => path));
  const named = [...files].map((path) => ({ path, mode: "", id: "" }));
  const touched = new Set(repositoryOf(named, configuration).releases.keys());
  const releases = new Set([...touched].filter((key) => head.releases.has(key)));
  const kept = [...releases].flatMap((key) => [...(head.releases.get(key)?.files.values() ?? [])]);
  const same = [...kept, ...head.pointers.values()].filter(({ path }) => !files.has(path));
  return { files, releases, touched, base: [...same, ...before] };
}

export interface ChangeInput {
  readonly head: Surroundings;
  readonly base: Surroundings;
  readonly difference: Difference;
  /** The base's pointers. */
  readonly before: readonly PointerFile[];
  readonly input: ValidationInput;
}

export function packageChanges(change: ChangeInput): {
  readonly packages: readonly PackageChange[];
  readonly findings: readonly Finding[];
} {
  const { head, base, difference, before, input } = change;
  const released = releasedIn(before, input.released ?? []);
  const packages: PackageChange[] = [];
  const findings: Finding[] = [];
  for (const key of [...difference.touched].sort()) {
    const is = head.repository.releases.get(key);
    const was = base.repository.releases.get(key);
    const release = is ?? was;
    if (release === undefined) continue;
    const one = packageChange(change, { is, was, release });
    packages.push(one);
    if (was !== undefined && released(was)) findings.push(...immutable(change, { was, is, one }));
  }
  return { packages, findings };
}

interface Both {
  readonly is: Release | undefined;
  readonly was: Release | undefined;
  readonly release: Release;
}

/** An edited version is compared with itself at the base, a new one with the release before it. */
function packageChange({ head, base }: ChangeInput, { is, was, release }: Both): PackageChange {
  const from = is === undefined ? null : was === undefined ? releaseBefore(head.repository, is) : was;
  const context = was === undefined ? head : base;
  const compared =
    is === undefined || from === null
      ? null
      : compareReleases({ ...context, release: from }, { ...head, release: is });
  const parsed = was === undefined ? from?.parsed : null;
  const gives = is?.parsed != null && parsed != null ? bumpBetween(parsed, is.parsed) : null;
  const needs = compared?.needs ?? null;
  const edited = was !== undefined && is !== undefined;
  const short = gives !== null && needs !== null && compareBumps(gives, needs) < 0;
  const suggested =
    (edited || short) && needs !== null ? suggestedVersion(head.repository, release, from, needs) : null;
  const parent = release.folder.slice(0, -release.version.length - 1);
  return {
    root: release.root,
    kind: release.kind.name,
    id: release.id,
    version: release.version,
    folder: release.folder,
    change: was === undefined ? "added" : is === undefined ? "removed" : "edited",
    previous: from?.version ?? null,
    needs,
    gives,
    reasons: compared?.reasons ?? [],
    suggestion: suggested === null ? null : { version: suggested, folder: joinPath(parent, suggested) },
  };
}

interface Broken {
  readonly was: Release;
  readonly is: Release | undefined;
  readonly one: PackageChange;
}

/** On each file of the version: on the first line that differs, or on the file that is gone or new. */
function immutable({ head, base, difference }: ChangeInput, { was, is, one }: Broken): readonly Finding[] {
  const names = [...new Set([...was.files.keys(), ...(is?.files.keys() ?? [])])];
  const next = one.suggestion;
  const remedy =
    next === null
      ? `Take the change back; \`${was.id}\` ${was.version} stays as it is.`
      : `Take the change back and put it into \`${next.folder}\` with \`version: ${next.version}\`.`;
  const firstLine = (name: string): number => {
    const before = was.files.get(name);
    const after = is?.files.get(name);
    if (before === undefined || after === undefined) return 1;
    return firstDifference(base.files.open(before, "text"), head.files.open(after, "text"));
  };
  return names.flatMap((name) => {
    const path = joinPath(was.folder, name);
    if (!difference.files.has(path)) return [];
    const what = !was.files.has(name)
      ? "adds a file to"
      : is?.files.has(name) === true
        ? "changes a file of"
        : "removes a file of";
    const sentence = `This ${what} \`${was.id}\` ${was.version}, which was released: a released version is never changed.`;
    const line = what === "changes a file of" ? firstLine(name) : 1;
    return [findingIn(path, { rule: "immutable", sentence, remedy }, { line, column: 1 })];
  });
}
