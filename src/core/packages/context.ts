/** What the rules of one release look at, each part read when a rule asks for it. */
import type { Guardrail, PackagesConfiguration } from "./configuration.ts";
import type { Files } from "./files.ts";
import type { Searcher } from "./patterns/search.ts";
import type { Format, SourceFile } from "./reading/document.ts";
import { child, items, type Member, members, type Node, textOf } from "./reading/node.ts";
import type { References } from "./references.ts";
import { joinPath, type Release, type Repository } from "./repository.ts";
import type { Finding } from "./types.ts";

export interface PreparedGuardrail {
  readonly guardrail: Guardrail;
  readonly searcher: Searcher;
}

export interface Surroundings {
  readonly configuration: PackagesConfiguration;
  readonly repository: Repository;
  readonly files: Files;
  readonly references: References;
  readonly guardrails: readonly PreparedGuardrail[];
}

export interface ReleaseContext extends Surroundings {
  readonly release: Release;
}

export interface ReleaseRule {
  readonly id: string;
  /** What the rule demands, in one sentence; documentation and SARIF show it. */
  readonly demands: string;
  readonly check: (context: ReleaseContext) => readonly Finding[];
}

/** One entry of the artifacts map. */
export interface Artifact {
  readonly key: string;
  readonly node: Node;
  /** Below the release's folder, without `.` and `..`; null where the path is none or leads outside. */
  readonly below: string | null;
  /** In the repository. Null as `below`. */
  readonly path: string | null;
}

export const pathOf = (release: Release, below: string): string => joinPath(release.folder, below);

export function openBelow(
  { release, files }: ReleaseContext,
  below: string,
  format?: Format,
): SourceFile | null {
  const entry = release.files.get(below);
  return entry === undefined ? null : files.open(entry, format);
}

export type Readable = SourceFile & { readonly root: Node };
const isReadable = (file: SourceFile | null): file is Readable => file !== null && file.root !== null;

/** The manifest where it is there and can be read. */
export function manifestOf(context: ReleaseContext): Readable | null {
  const { manifest } = context.release.kind;
  const file = manifest === null ? null : openBelow(context, manifest);
  return isReadable(file) ? file : null;
}

/** Every rule asks for the artifacts: they are found once for each manifest that was read. */
const known = new WeakMap<SourceFile, readonly Artifact[]>();

export function artifactsOf(context: ReleaseContext): readonly Artifact[] {
  const manifest = manifestOf(context);
  if (manifest === null) return [];
  const before = known.get(manifest);
  if (before !== undefined) return before;
  const found = members(child(manifest.root, "artifacts")).flatMap(
    (one) => artifactOf(context.release, one) ?? [],
  );
  known.set(manifest, found);
  return found;
}

/** Nothing where the value is null: the package does not have that artifact. */
function artifactOf(release: Release, { key, value }: Member): Artifact | null {
  const text = textOf(value);
  if (value.kind === "null") return null;
  const below = text === undefined ? null : insidePath(text);
  return { key, node: value, below, path: below === null ? null : pathOf(release, below) };
}

/** A relative path in its plain form, or null where it is none or leaves the folder. */
export function insidePath(text: string): string | null {
  if (text === "" || text.startsWith("/") || text.includes("\\") || text.includes("\0")) return null;
  const parts: string[] = [];
  for (const part of text.split("/")) {
    if (part === "..") return null;
    if (part !== "." && part !== "") parts.push(part);
  }
  return parts.length === 0 ? null : parts.join("/");
}

/** The artifacts under those keys that are there and can be read. */
export function documentsOf(context: ReleaseContext, keys: readonly string[]): readonly Readable[] {
  const found: Readable[] = [];
  for (const { key, below } of artifactsOf(context)) {
    if (below === null || !keys.includes(key)) continue;
    const file = openBelow(context, below, "json");
    if (isReadable(file)) found.push(file);
  }
  return found;
}

/** The package's first schema. */
export const schemaOf = (context: ReleaseContext) =>
  documentsOf(context, context.release.kind.schema_artifacts)[0] ?? null;

/** Whether the manifest names a schema, be it there and readable or not: another rule tells that. */
export const namesSchema = (context: ReleaseContext): boolean =>
  artifactsOf(context).some(({ key }) => context.release.kind.schema_artifacts.includes(key));

export const requiredInputs = (manifest: Node): readonly Node[] => items(child(manifest, "required_inputs"));
