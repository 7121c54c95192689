/** Where `/rollback` leads: the packages that are named, and the versions that they had before. */
import type { Answer } from "../../core/answer.ts";
import type { NamedPackage } from "../../core/commands.ts";
import type { Move, PackageName } from "../../core/packages/activation.ts";
import { compareVersions, parseVersion } from "../../core/packages/semver.ts";
import * as words from "../../core/rendering/packages/words.ts";
import type { Tx } from "../../ports/store.ts";
import { type Branch, movesFrom } from "./judge-move.ts";
import { type PackagesScene, packagesRowsOf } from "./scene.ts";
import { MOST_RELEASES } from "./show.ts";

export interface Back {
  readonly scene: PackagesScene;
  readonly branch: Branch;
  readonly named: readonly NamedPackage[];
}

export async function rollbackMoves(
  tx: Tx,
  { scene, branch, named }: Back,
): Promise<readonly Move[] | Answer> {
  const wanted: (PackageName & { readonly to: string; readonly digest: string })[] = [];
  for (const { name, version } of named) {
    const all = called(branch, name);
    const [found] = all;
    if (found === undefined) return words.packageUnknown(name);
    if (all.length > 1) return words.packageAmbiguous(name, all.map(words.fullName));
    const to = version ?? (await before(tx, { scene, found }));
    if (to === null) return words.nothingBefore(name, found.active);
    const { root, kind, id } = found;
    // What is not there has no digest; the gate says so.
    wanted.push({ root, kind, id, to, digest: branch.digestOf({ root, kind, id }, to) ?? "" });
  }
  const moves = movesFrom(branch, wanted);
  return moves.length === 0 ? words.alreadyThere() : moves;
}

interface Active extends PackageName {
  readonly active: string;
}

/** By its id, by kind and id, or in full. */
function called({ active }: Branch, name: string): readonly Active[] {
  return [...active].flatMap(([key, version]) => {
    const [root = "", kind = "", id = ""] = key.split("\0");
    const one = { root, kind, id, active: version };
    return isCalled(one, name) ? [one] : [];
  });
}

export const isCalled = (one: PackageName, name: string): boolean =>
  [one.id, `${one.kind}:${one.id}`, words.fullName(one)].includes(name);

/** The latest of those that were active once and come before what is active now: going back twice leads two steps back. */
async function before(
  tx: Tx,
  { scene, found }: { readonly scene: PackagesScene; readonly found: Active },
): Promise<string | null> {
  const rows = await packagesRowsOf(tx, scene.repository.id);
  const now = parseVersion(found.active);
  if (rows === null || now === null) return null;
  const { root, kind, id } = found;
  const filter = { site_id: rows.site.id, root, kind, package: id, states: ["superseded"] } as const;
  const earlier = (await tx.packageReleases(filter, { limit: MOST_RELEASES }))
    .flatMap(({ version }) => parseVersion(version) ?? [])
    .filter((version) => compareVersions(version, now) < 0)
    .sort(compareVersions);
  return earlier.at(-1)?.text ?? null;
}
