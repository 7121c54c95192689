/** Rules about the pointers as they would be: every active release is there, and everything that it requires is active, too. */
import { manifestOf, type ReleaseContext, requiredInputs, type Surroundings } from "../context.ts";
import { findingAt } from "../files.ts";
import type { PointerFile } from "../pointers/read.ts";
import { type Node, textOf } from "../reading/node.ts";
import { type PackageName, packageKey, type Release, releaseKey } from "../repository.ts";
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

interface Need {
  readonly from: string;
  readonly to: string;
  readonly finding: (sentence: string, remedy: string, rule: string) => Finding;
  readonly id: string;
}

/** `required_inputs` of every active release. */
export function inputFindings(
  surroundings: Surroundings,
  active: ActiveMap,
  releases: readonly Release[],
): readonly Finding[] {
  const needs = releases.flatMap((release) => needsOf({ ...surroundings, release }));
  const missing = needs
    .filter(({ from, to }) => from !== to && !active.has(to))
    .map(({ id, finding }) =>
      finding(
        `\`${id}\` is required, but it has no active release.`,
        `Activate \`${id}\` first or together with this one, or do not require it.`,
        "required-input",
      ),
    );
  return [...missing, ...circles(needs)];
}

function needsOf(context: ReleaseContext): readonly Need[] {
  const { release } = context;
  const manifest = manifestOf(context);
  if (manifest === null) return [];
  const name = (id: string): PackageName => ({ root: release.root, kind: release.kind.name, id });
  return requiredInputs(manifest.root).flatMap((node: Node) => {
    const id = textOf(node);
    if (id === undefined) return [];
    const finding = (sentence: string, remedy: string, rule: string) =>
      findingAt(manifest, node, { rule, sentence, remedy });
    return [{ from: packageKey(name(release.id)), to: packageKey(name(id)), id, finding }];
  });
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

function circle(need: Need): Finding {
  const itself = need.from === need.to;
  const sentence = itself
    ? `\`${need.id}\` requires itself: it could never be produced.`
    : `\`${need.id}\` requires this package, directly or through others, and is required by it: neither could be produced.`;
  return need.finding(sentence, `Do not require \`${need.id}\` here.`, "requires-itself");
}
