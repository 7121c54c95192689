/** Rules about the pointers as they would be: every active release is there, and everything that it requires is active, too. */
import { manifestOf, type ReleaseContext, requiredInputs, type Surroundings } from "../context.ts";
import { findingAt, findingIn } from "../files.ts";
import type { PointerFile } from "../pointers/read.ts";
import type { Place } from "../reading/lines.ts";
import { textOf } from "../reading/node.ts";
import { packageKey, releaseKey } from "../repository.ts";
import { isPreRelease, parseVersion } from "../semver.ts";
import type { Finding } from "../types.ts";

/** Package -> version, for one root. */
export type ActiveMap = ReadonlyMap<string, string>;

/** Pointers of the file itself. Kinds that the configuration does not know are somebody else's. */
export function targetFindings(
  { configuration, repository }: Surroundings,
  { root, file, pointers }: PointerFile,
): readonly Finding[] {
  if (file === null) return [];
  const known = new Set(configuration.kinds.filter(({ pointed }) => pointed).map(({ name }) => name));
  return pointers.flatMap(({ kind, id, version, node }) => {
    if (!known.has(kind)) return [];
    const name = { root, kind, id };
    const parsed = parseVersion(version);
    const preview =
      parsed !== null && isPreRelease(parsed)
        ? [
            findingAt(file, node, {
              rule: "pointer-preview",
              sentence: `\`${id}\` points to ${version}, a pre-release; those are never activated.`,
              remedy: "Release the version without the suffix, and point to that.",
            }),
          ]
        : [];
    if (repository.releases.has(releaseKey(name, version))) return preview;
    const there = repository.versions(packageKey(name)).map((one) => one.version);
    const sentence = `\`${id}\` points to ${version}, which is not in the repository.`;
    const remedy =
      there.length === 0
        ? `Add the package \`${id}\`, or take the pointer away.`
        : `Point to one that is there: ${there.slice(-5).join(", ")}.`;
    return [...preview, findingAt(file, node, { rule: "pointer-target", sentence, remedy })];
  });
}

/** One required input of an active release, with its place; the manifest itself need not be kept. */
export interface Need {
  /** Package keys. */
  readonly from: string;
  readonly to: string;
  /** What is required. */
  readonly id: string;
  readonly file: string;
  readonly place: Place;
}

/** `required_inputs` of one release. */
export function needsOf(context: ReleaseContext): readonly Need[] {
  const { release } = context;
  const manifest = manifestOf(context);
  if (manifest === null) return [];
  const name = (id: string) => packageKey({ root: release.root, kind: release.kind.name, id });
  return requiredInputs(manifest.root).flatMap((node) => {
    const id = textOf(node);
    if (id === undefined) return [];
    return [
      { from: name(release.id), to: name(id), id, file: manifest.path, place: manifest.place(node.start) },
    ];
  });
}

/** Whatever is required is active, and nothing requires itself. */
export function inputFindings(active: ActiveMap, needs: readonly Need[]): readonly Finding[] {
  const missing = needs
    .filter(({ from, to }) => from !== to && !active.has(to))
    .map(({ id, file, place }) => {
      const sentence = `\`${id}\` is required, but it has no active release.`;
      const remedy = `Activate \`${id}\` first or together with this one, or do not require it.`;
      return findingIn(file, { rule: "required-input", sentence, remedy }, place);
    });
  return [...missing, ...circles(needs)];
}

/** Each need that closes a circle, told once: where a walk in the order of names comes back to where it is. */
function circles(needs: readonly Need[]): readonly Finding[] {
  const next = new Map<string, Need[]>();
  for (const need of needs) next.set(need.from, [...(next.get(need.from) ?? []), need]);
  const state = new Map<string, "open" | "done">();
  const findings: Finding[] = [];
  for (const start of [...next.keys()].sort()) {
    if (state.has(start)) continue;
    const stack: { readonly key: string; at: number }[] = [{ key: start, at: 0 }];
    state.set(start, "open");
    for (let top = stack.at(-1); top !== undefined; top = stack.at(-1)) {
      const need = next.get(top.key)?.[top.at++];
      if (need === undefined) {
        state.set(top.key, "done");
        stack.pop();
      } else if (state.get(need.to) === "open") findings.push(circle(need));
      else if (!state.has(need.to)) {
        state.set(need.to, "open");
        stack.push({ key: need.to, at: 0 });
      }
    }
  }
  return findings;
}

function circle({ from, to, id, file, place }: Need): Finding {
  const sentence =
    from === to
      ? `\`${id}\` requires itself: it could never be produced.`
      : `\`${id}\` requires this package, directly or through others, and is required by it: neither could be produced.`;
  return findingIn(
    file,
    { rule: "requires-itself", sentence, remedy: `Do not require \`${id}\` here.` },
    place,
  );
}
