/** The laboratory of this benchmark: a site with tables and visitors' pages, a clone of it, and a release for each size. */
import { FACTS } from "../../../src/core/facts.ts";
import { makePlan } from "../../../src/core/wordpress/plan.ts";
import { type Laboratory, startLaboratory } from "../../../test/lab/laboratory.ts";
import { addPlugin } from "../../../test/lab/wordpress.ts";
import { prepareHost } from "../../../test/stage/host.ts";
import { type JobFile, mustSucceed, prepareRunner } from "../../faults/host/jobs.ts";
import { FIRST_CLONE, jobsOf, settingsOf } from "../../faults/host/world.ts";
import { addObjectCache, addPages, addTables, changeSource, type Size, TABLES } from "./site.ts";

const WORDS = { promotion: { tables: TABLES } };

/** What a promotion of one size is given, and the way back from it. */
export type Release = {
  readonly size: Size;
  readonly version: string;
  readonly name: string;
  readonly promotion: () => JobFile;
  readonly rollback: () => JobFile;
};
export type World = {
  readonly lab: Laboratory;
  readonly releases: readonly Release[];
  readonly say: (sentence: string) => void;
};

export async function makeWorld(
  lab: Laboratory,
  sizes: readonly Size[],
  say: (sentence: string) => void,
): Promise<World> {
  const { production: site } = lab;
  const most = Math.max(...sizes);
  await prepareRunner(lab);
  await addPlugin(site, "1");
  await addTables(lab, site, most);
  await addPages(site, most);
  const prepared = await prepareHost(lab, site);
  if (prepared.exitCode !== 0) throw new Error(`production was not prepared:\n${prepared.stdout}`);
  say("staging is cloned from production");
  const jobs = jobsOf(lab, WORDS);
  const cloned = FACTS.env_refresh.parse(
    (await mustSucceed(lab, jobs("env_refresh", "source", FIRST_CLONE))).facts,
  );
  await addObjectCache(lab, site);
  const baseline = { source: cloned.source, target: cloned.target };
  const releases: Release[] = [];
  for (const size of sizes) releases.push(await buildRelease({ lab, baseline, size, say }));
  return { lab, releases, say };
}

type Order = {
  readonly lab: Laboratory;
  readonly baseline: { readonly source: Fingerprint; readonly target: Fingerprint };
  readonly size: Size;
  readonly say: (sentence: string) => void;
};
type Fingerprint = ReturnType<typeof FACTS.env_refresh.parse>["source"];

async function buildRelease({ lab, baseline, size, say }: Order): Promise<Release> {
  const version = String(size);
  say(`a release that replaces ${size} tables is built`);
  await changeSource(lab, size, version);
  const jobs = jobsOf(lab, WORDS);
  const built = FACTS.release_build.parse(
    (await mustSucceed(lab, jobs("release_build", "source", { baseline }))).facts,
  );
  const looked = FACTS.baseline_create.parse(
    (await mustSucceed(lab, jobs("baseline_create", "target", {}))).facts,
  );
  const plan = makePlan({
    ...settingsOf(lab, WORDS),
    ...{ baseline, manifest: built.release.manifest, mode: "live" },
    now: { source: built.fingerprint, target: looked.fingerprint },
    compared: { source: null, target: null },
  });
  if (plan.blocks.length > 0) throw new Error(plan.blocks.map(({ text }) => text).join("\n"));
  if (plan.job.promote_tables.length !== size)
    throw new Error(`The plan replaces ${plan.job.promote_tables.length} tables, not ${size}.`);
  const { digest } = built.release;
  const old = looked.fingerprint.active_release;
  const goal = { plan, release_digest: digest, expected_release: old };
  const back = { expected_release: digest.slice(0, 12), to_release: old };
  return {
    ...{ size, version, name: digest.slice(0, 12) },
    promotion: () => jobs("env_promote", "target", goal),
    rollback: () => jobs("release_rollback", "target", back),
  };
}

export const startWorld = async (say: (sentence: string) => void): Promise<Laboratory> =>
  startLaboratory({ onProgress: say });
