/** What a change does to the packages: which versions it adds, edits or removes, what each needs, and where it should stand. */

import { documentsOf, manifestOf, type ReleaseContext } from "./context.ts";
import type { SourceFile } from "./reading/document.ts";
import { items, member, members, type Node, textOf, valueText } from "./reading/node.ts";
import { nameOf, packageKey, type Release, type Repository } from "./repository.ts";
import { schemaChanges } from "./schema/difference.ts";
import { type Bump, largestBump, nextVersion, parseVersion } from "./semver.ts";
import type { ChangeReason } from "./types.ts";

export interface Compared {
  readonly needs: Bump;
  readonly reasons: readonly ChangeReason[];
}

/** The difference from one release to another, each in its own commit. Reasons stand on the later one's lines. */
export function compareReleases(old: ReleaseContext, next: ReleaseContext): Compared {
  const reasons = [
    ...manifestReasons(old, next),
    ...schemaReasons(old, next),
    ...docdefReasons(old, next),
    ...fileReasons(old, next),
  ];
  return { needs: largestBump(reasons.map(({ bump }) => bump)), reasons };
}

type Side = SourceFile & { readonly root: Node };

function reasonAt(file: SourceFile, node: Node, bump: Bump, sentence: string): ChangeReason {
  return { bump, sentence, file: file.path, line: file.place(node.start).line };
}

/** Keys that only describe the package, or say where it stands. */
const WORDS = new Set(["version", "display_name", "description", "ui", "tests", "artifacts", "checksums"]);

function manifestReasons(old: ReleaseContext, next: ReleaseContext): readonly ChangeReason[] {
  const before = manifestOf(old);
  const after = manifestOf(next);
  if (before === null || after === null) return [];
  const keys = [...new Set([...members(after.root), ...members(before.root)].map(({ key }) => key))];
  return keys.flatMap((key) => keyReason({ before, after, key, context: next, old: old.release }));
}

interface Key {
  readonly before: Side;
  readonly after: Side;
  readonly key: string;
  readonly context: ReleaseContext;
  readonly old: Release;
}

function keyReason({ before, after, key, context, old }: Key): readonly ChangeReason[] {
  const was = member(before.root, key)?.value;
  const is = member(after.root, key)?.value;
  const at = is ?? after.root;
  if (
    was !== undefined &&
    is !== undefined &&
    before.text.slice(was.start, was.end) === after.text.slice(is.start, is.end)
  )
    return [];
  const changed = valueText(was) !== valueText(is);
  if (!changed || ownVersion(was, is, { old: old.version, next: context.release.version })) return [];
  if (context.release.kind.breaking_fields.includes(key)) {
    const sentence = `\`${key}\` went from \`${textOf(was) ?? "nothing"}\` to \`${textOf(is) ?? "nothing"}\``;
    return [reasonAt(after, at, "major", sentence)];
  }
  return [reasonAt(after, at, WORDS.has(key) ? "patch" : "minor", `\`${key}\` of the manifest changed`)];
}

/** A reference to the package's own release follows the version. */
function ownVersion(
  was: Node | undefined,
  is: Node | undefined,
  versions: { readonly old: string; readonly next: string },
): boolean {
  const before = textOf(was);
  return before !== undefined && before.replaceAll(versions.old, versions.next) === textOf(is);
}

function schemaReasons(old: ReleaseContext, next: ReleaseContext): readonly ChangeReason[] {
  const keys = next.release.kind.schema_artifacts;
  const [before] = documentsOf(old, keys);
  const [after] = documentsOf(next, keys);
  if (before === undefined && after === undefined) return [];
  const manifest = manifestOf(next);
  if (before === undefined || after === undefined) {
    const [bump, sentence] =
      before === undefined
        ? (["minor", "the schema is new"] as const)
        : (["major", "the schema was removed"] as const);
    const file = after ?? manifest;
    return file === null ? [] : [reasonAt(file, file.root, bump, sentence)];
  }
  const side = (file: Side, { release }: ReleaseContext) => ({
    text: file.text,
    root: file.root,
    version: release.version,
  });
  return schemaChanges({ old: side(before, old), next: side(after, next) }).map(({ bump, field, what, at }) =>
    reasonAt(after, at, bump, field === "" ? `the document ${what}` : `\`${field}\` ${what}`),
  );
}

/** Sections are matched by their id; one that is gone or new is a change of what people see. */
function docdefReasons(old: ReleaseContext, next: ReleaseContext): readonly ChangeReason[] {
  return next.release.kind.docdef_artifacts.flatMap((key) => {
    const [before] = documentsOf(old, [key]);
    const [after] = documentsOf(next, [key]);
    if (before === undefined || after === undefined) return [];
    const was = sectionNames(before.root);
    const is = sectionNames(after.root);
    return [
      ...[...is]
        .filter(([name]) => !was.has(name))
        .map(([name, node]) => reasonAt(after, node, "minor", `the section \`${name}\` was added`)),
      ...[...was.keys()]
        .filter((name) => !is.has(name))
        .map((name) => reasonAt(after, after.root, "minor", `the section \`${name}\` was removed`)),
    ];
  });
}

function sectionNames(root: Node): ReadonlyMap<string, Node> {
  const sections = items(member(root, "sections")?.value);
  return new Map(
    sections.flatMap((node) => {
      const name = textOf(member(node, "section_id")?.value) ?? textOf(member(node, "id")?.value);
      return name === undefined ? [] : [[name, node] as const];
    }),
  );
}

/** Files that came, went or read differently; what manifest and schema changed is told above, field by field. */
function fileReasons(old: ReleaseContext, next: ReleaseContext): readonly ChangeReason[] {
  const { kind } = next.release;
  const told = new Set([
    kind.manifest,
    ...documentsOf(next, kind.schema_artifacts).map(({ path }) => path.slice(next.release.folder.length + 1)),
  ]);
  const names = [...new Set([...next.release.files.keys(), ...old.release.files.keys()])].filter(
    (name) => !told.has(name),
  );
  return names.flatMap((name): ChangeReason[] => {
    const was = old.release.files.get(name);
    const is = next.release.files.get(name);
    if (was?.id === is?.id) return [];
    const what = was === undefined ? "was added" : is === undefined ? "was removed" : "changed";
    return [
      { bump: "patch", sentence: `\`${name}\` ${what}`, file: `${next.release.folder}/${name}`, line: 1 },
    ];
  });
}

/** The version that a change needs: the bump on top of the release before, past every version that is there already. */
export function suggestedVersion(
  repository: Repository,
  release: Release,
  before: Release | null,
  needs: Bump,
): string {
  const from = before?.parsed ?? null;
  if (from === null) return "1.0.0";
  const taken = new Set(repository.versions(packageKey(nameOf(release))).map(({ version }) => version));
  let wanted = nextVersion(from, needs);
  for (let tries = 0; taken.has(wanted) && tries < 1_000; tries++) {
    const parsed = parseVersion(wanted);
    if (parsed === null) break;
    wanted = nextVersion(parsed, needs);
  }
  return wanted;
}

/** The first line in which two texts differ; 1 where one of them cannot be read. */
export function firstDifference(before: SourceFile | null, after: SourceFile | null): number {
  if (after === null || before === null) return 1;
  const old = before.text.split("\n");
  const lines = after.text.split("\n");
  const at = lines.findIndex((line, index) => line !== old[index]);
  return at < 0 ? Math.max(1, lines.length) : at + 1;
}
