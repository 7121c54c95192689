/** `/veto`: nobody activates this version of a package, or goes back to it, until the veto is lifted. */
import type { Answer } from "../../core/answer.ts";
import type { Command } from "../../core/commands.ts";
import type { PackageName } from "../../core/packages/activation.ts";
import { releaseKey } from "../../core/packages/repository.ts";
import { compareVersions, parseVersion } from "../../core/packages/semver.ts";
import { advancePackage, type PackageState } from "../../core/packages/states.ts";
import * as words from "../../core/rendering/packages/words.ts";
import type { PackageReleaseRow } from "../../ports/packages.ts";
import type { Tx } from "../../ports/store.ts";
import type { Deps } from "../deps.ts";
import type { Branch } from "./judge-move.ts";
import { isCalled } from "./rollback-moves.ts";
import { type PackagesRows, type PackagesScene, packagesRows } from "./scene.ts";
import { MOST_RELEASES, showPackages } from "./show.ts";

export interface Vetoing {
  readonly scene: PackagesScene;
  readonly branch: Branch;
  readonly command: Extract<Command, { readonly kind: "veto" }>;
  readonly by: string;
}

type VetoDeps = Pick<Deps<never>, "clock">;

/** Inside the transaction that claimed the command. What is being activated at this moment cannot be called back. */
export async function veto(deps: VetoDeps, tx: Tx, vetoing: Vetoing): Promise<Answer> {
  const { name, version } = vetoing.command.package;
  const rows = await packagesRows(tx, deps.clock, vetoing.scene.repository);
  const found = await releasesCalled(deps, tx, { ...vetoing, rows });
  const [row] = found;
  if (row === undefined) return words.versionUnknown(name, version);
  if (found.length > 1) return words.packageAmbiguous(name, found.map(nameOf).map(words.fullName));
  if (await isMoving(tx, rows, row)) return words.beingActivated(name, version);
  const next = changed(deps, vetoing, row);
  if ("code" in next) return next;
  await tx.putPackageRelease(next);
  await record(deps, tx, vetoing, next);
  await show(deps, tx, vetoing, next);
  return vetoing.command.lift ? words.vetoLifted(name, version, next.status) : words.vetoed(name, version);
}

const nameOf = ({ root, kind, package: id }: PackageReleaseRow): PackageName => ({ root, kind, id });

/** Of the records, and what the branch holds without being on record. */
async function releasesCalled(
  { clock }: VetoDeps,
  tx: Tx,
  { rows, branch, command }: Vetoing & { readonly rows: PackagesRows },
): Promise<readonly PackageReleaseRow[]> {
  const { name, version } = command.package;
  const site_id = rows.site.id;
  const known = (await tx.packageReleases({ site_id, version }, { limit: MOST_RELEASES })).filter((row) =>
    isCalled(nameOf(row), name),
  );
  const keys = new Set(known.map((row) => releaseKey(nameOf(row), version)));
  const others = [...branch.digests].flatMap(([key, digest]) => {
    const [root = "", kind = "", id = "", own = ""] = key.split("\0");
    if (own !== version || keys.has(key) || !isCalled({ root, kind, id }, name)) return [];
    const status = stateBeside(branch.active.get(key.slice(0, -version.length - 1)), version);
    const row: PackageReleaseRow = {
      ...{ id: clock.id(), site_id, root, kind, package: id, version, digest },
      ...{ status, pull_request: null, head_sha: null, report_id: null },
      ...{ staged_by: null, staged_at: null, released_at: null, veto: null, state_version: 0 },
    };
    return [row];
  });
  return [...known, ...others];
}

/** What comes before the active version was released once, whatever the records know. */
function stateBeside(active: string | undefined, version: string): PackageState {
  if (active === version) return "released";
  const [is, one] = [parseVersion(active ?? ""), parseVersion(version)];
  return is !== null && one !== null && compareVersions(one, is) < 0 ? "superseded" : "committed";
}

async function isMoving(tx: Tx, { target }: PackagesRows, row: PackageReleaseRow): Promise<boolean> {
  const running = await tx.operations(
    { target_environment_id: target.id, kinds: ["activate", "rollback"], states: ["running"] },
    { limit: 10 },
  );
  const key = releaseKey(nameOf(row), row.version);
  return running.some(({ packages }) => packages?.moves.some((one) => releaseKey(one, one.to) === key));
}

/** The row as it will be, or why it stays as it is. */
function changed(
  { clock }: VetoDeps,
  { command, by }: Vetoing,
  row: PackageReleaseRow,
): PackageReleaseRow | Answer {
  const { lift, reason } = command;
  const step = advancePackage(row.status, lift ? "veto_lifted" : "vetoed", row.veto?.before);
  if (!step.ok) return words.notVetoed(step);
  if (lift) return { ...row, status: step.state, veto: null };
  const { status } = row;
  if (status === "released" || status === "vetoed")
    throw new Error(`A release that is ${status} was vetoed.`);
  return { ...row, status: step.state, veto: { by, at: clock.now(), reason, before: status } };
}

async function record(
  { clock }: VetoDeps,
  tx: Tx,
  { command, by }: Vetoing,
  { id, site_id, root, kind, package: name, version }: PackageReleaseRow,
): Promise<void> {
  await tx.addAudit({
    actor: `github:${by}`,
    action: command.lift ? "veto.lifted" : "veto.given",
    subject: `package:${id}`,
    site_id,
    reason: command.reason,
    details: { root, kind, package: name, version },
    at: clock.now(),
  });
}

/** On the pull request that brought it. */
async function show(
  deps: VetoDeps,
  tx: Tx,
  { scene }: Vetoing,
  { site_id, pull_request, head_sha }: PackageReleaseRow,
): Promise<void> {
  const { repository } = scene;
  if (pull_request === null || head_sha === null) return;
  await showPackages(deps, tx, { repository, site_id, pull_request, head_sha, report: null });
}
