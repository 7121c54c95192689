/** The pointers lead to the new releases: states, tags, telling the runtime, and the operation's end. */
import { outageOf } from "../../core/outage.ts";
import type { Move } from "../../core/packages/activation.ts";
import { advancePackage } from "../../core/packages/states.ts";
import * as words from "../../core/rendering/packages/words.ts";
import type { PackageReleaseRow } from "../../ports/packages.ts";
import type { Tx } from "../../ports/store.ts";
import type { Deps } from "../deps.ts";
import { finish } from "../finish.ts";
import type { SettingsReads } from "../site.ts";
import { emit, move, openWork, type Work } from "../work.ts";
import { loadPackages, type PackagesScene } from "./scene.ts";
import { showPackages } from "./show.ts";

type ActivatedDeps = Deps<SettingsReads>;

/** Twice is harmless. @throws an outage; without the settings the pointers lead where they lead all the same, and what cannot follow is told */
export async function activated(deps: ActivatedDeps, operation_id: string, sha: string): Promise<void> {
  const scene = await sceneOf(deps, operation_id).catch((error: unknown) => {
    if (outageOf(error) !== null) throw error;
    return null;
  });
  await deps.store.transaction(async (tx) => {
    const active = await activeNow(deps, tx, { operation_id, sha });
    if (active === null) return;
    const { work, moves } = active;
    for (const one of moves) await switchStates(work, one);
    await followUp(work, { moves, sha, scene });
    const done = words.activatedSentence(moves, sha);
    const message = scene === null ? `${done} ${words.nothingFollowed()}` : done;
    await finish(work, { event: "finished", code: "done", message, actor: "bot" });
    await show(deps, work);
  });
}

/** The pointers moved, and what follows cannot be written down: the operation says so and ends, instead of keeping its lock. */
export async function activatedUnrecorded(
  deps: ActivatedDeps,
  operation_id: string,
  { sha, why }: { readonly sha: string; readonly why: string },
): Promise<void> {
  await deps.store.transaction(async (tx) => {
    const active = await activeNow(deps, tx, { operation_id, sha });
    if (active === null) return;
    const message = `${words.activatedSentence(active.moves, sha)} ${words.nothingRecorded(why)}`;
    await finish(active.work, { event: "finished", code: "done", message, actor: "bot" });
  });
}

interface Moved {
  readonly operation_id: string;
  readonly sha: string;
}

/** Null: it is over already. */
async function activeNow(
  deps: ActivatedDeps,
  tx: Tx,
  { operation_id, sha }: Moved,
): Promise<{ readonly work: Work; readonly moves: readonly Move[] } | null> {
  const work = await openWork(deps, tx, operation_id);
  const packages = work?.operation.packages ?? null;
  if (work === null || packages === null || work.operation.state !== "running") return null;
  const { moves } = packages;
  return { work: await move(work, "activated", { packages: { ...packages, commit: sha } }), moves };
}

async function show(deps: ActivatedDeps, { tx, site, operation }: Work): Promise<void> {
  const { pull_request, head_sha } = operation;
  if (pull_request === null) return;
  const showing = { repository: site.repository, site_id: site.id, pull_request, head_sha };
  await showPackages(deps, tx, { ...showing, report: null });
}

/** The release that the pointer leads to now, and the one that it led to. What was active before Belay knew it goes on record now. */
async function switchStates(work: Work, one: Move): Promise<void> {
  const { tx, now } = work;
  const to = (await rowOf(work, one, one.to)) ?? unknownRow(work, one, one.to, one.digest);
  const step = advancePackage(to.status, "activated");
  const status = step.ok ? step.state : "released";
  await tx.putPackageRelease({ ...to, status, released_at: now });
  if (one.from === null) return;
  const from = (await rowOf(work, one, one.from)) ?? unknownRow(work, one, one.from, one.from_digest ?? "");
  if (from.status !== "vetoed") await tx.putPackageRelease({ ...from, status: "superseded" });
}

async function rowOf(
  { tx, site }: Work,
  { root, kind, id }: Move,
  version: string,
): Promise<PackageReleaseRow | null> {
  const asked = { site_id: site.id, root, kind, package: id, version };
  return (await tx.packageReleases(asked, { limit: 1 }))[0] ?? null;
}

function unknownRow(
  { clock, site }: Work,
  { root, kind, id }: Move,
  version: string,
  digest: string,
): PackageReleaseRow {
  return {
    ...{ id: clock.id(), site_id: site.id, root, kind, package: id, version, digest },
    ...{ status: "released", pull_request: null, head_sha: null, report_id: null },
    ...{ staged_by: null, staged_at: null, released_at: null, veto: null, state_version: 0 },
  };
}

interface Following {
  readonly moves: readonly Move[];
  readonly sha: string;
  /** Null: the settings cannot be read any more; then nothing follows. */
  readonly scene: PackagesScene | null;
}

/** Tags, and telling the runtime. */
async function followUp(work: Work, { moves, sha, scene }: Following): Promise<void> {
  if (scene === null) return;
  const { kind, id: operation_id, requested_by } = work.operation;
  const { tags, sync } = scene.settings;
  for (const one of tags && kind === "activate" ? moves : []) {
    const message = words.tagMessage(one, requested_by);
    await emit(work, { kind: "tag", tag: words.tagName(one), commit: sha, message });
  }
  const branch = scene.repository.default_branch;
  const packages = moves.map(({ root, kind: group, id, from, to }) => ({ root, kind: group, id, from, to }));
  const told = { kind: "sync", operation_id, commit: sha, branch, packages } as const;
  const { repository_dispatch, workflow, webhook } = sync;
  if (repository_dispatch !== undefined)
    await emit(work, { ...told, how: { by: "repository_dispatch", event_type: repository_dispatch } });
  if (workflow !== undefined) await emit(work, { ...told, how: { by: "workflow", workflow, ref: branch } });
  if (webhook) await emit(work, { ...told, how: { by: "webhook" } });
}

/** The scene of an operation; null: there are no settings (any more), or they are wrong. */
export async function sceneOf(deps: ActivatedDeps, operation_id: string): Promise<PackagesScene | null> {
  const site = await deps.store.transaction(async (tx) => {
    const operation = await tx.operation(operation_id);
    return operation === null ? null : tx.site(operation.site_id);
  });
  const loaded = site === null ? null : await loadPackages(deps, site.repository);
  return loaded?.ok === true ? loaded.scene : null;
}
