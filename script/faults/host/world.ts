/** Two prepared sites, a release that was built on one of them, and what its promotion to the other is given. */
import { readlinkSync } from "node:fs";
import { copyFile, mkdir, mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { execa } from "execa";
import { loadCatalog } from "../../../src/catalog-files.ts";
import { parseSiteConfig } from "../../../src/core/config/parse.ts";
import { FACTS } from "../../../src/core/facts.ts";
import { type JobFacts, jobInput } from "../../../src/core/job-input.ts";
import type { JobType } from "../../../src/core/vocabulary.ts";
import { makePlan } from "../../../src/core/wordpress/plan.ts";
import { compileRules } from "../../../src/core/wordpress/rules.ts";
import { DEFAULT_SETTINGS } from "../../../src/flows/deps.ts";
import { type Laboratory, startLaboratory } from "../../../test/lab/laboratory.ts";
import { asOwner, type Site } from "../../../test/lab/site.ts";
import { addPlugin, addTheme, setOption, writeCode } from "../../../test/lab/wordpress.ts";
import { siteConfig, type Words } from "../../../test/stage/configuration.ts";
import { prepareHost } from "../../../test/stage/host.ts";
import { type JobFile, mustSucceed, prepareRunner } from "./jobs.ts";
import { type Breakable, breakable } from "./servers.ts";
import { makeUpgrade, withPurge } from "./upgrade.ts";
import { UPLOADER } from "./writers.ts";

export type World = {
  readonly lab: Laboratory;
  readonly site: Site;
  /** Names of releases: the one before, the one that is promoted, and one that brings upgrades and newly active plugins as well. */
  readonly old: string;
  readonly new: string;
  readonly upgraded: string;
  readonly promotion: () => JobFile;
  readonly upgrade: () => JobFile;
  /** Back to `old` from the release that is active. */
  readonly rollback: () => JobFile;
  readonly recovery: (how: { readonly wait_s: number; readonly stop: boolean }) => JobFile;
  readonly servers: { readonly mariadb: Breakable; readonly php: Breakable };
  readonly say: (sentence: string) => void;
};

const WORDPRESS = "/usr/share/wordpress";
const EMOJI = "wp-includes/js/wp-emoji-loader.min.js";
/** Room on the site's own file system: four code trees, and not much more. */
const ROOM = "700m";

export async function makeWorld(lab: Laboratory, say: (sentence: string) => void): Promise<World> {
  const { production: site, staging } = lab;
  await ownFileSystem(site);
  await prepareRunner(lab);
  await addPlugin(site, "1");
  await writeCode(site, "wp-content/mu-plugins/lab-uploads.php", UPLOADER);
  const prepared = await prepareHost(lab, site);
  if (prepared.exitCode !== 0) throw new Error(`production was not prepared:\n${prepared.stdout}`);
  const jobs = jobsOf(lab);
  say("staging is cloned from production");
  const cloned = FACTS.env_refresh.parse(
    (await mustSucceed(lab, jobs("env_refresh", "source", FIRST_CLONE))).facts,
  );
  say(
    "staging gets a new theme, other rows in the plugin's table and another option; a release is built of it",
  );
  await addTheme(staging, { version: "2" });
  await setOption(staging, "lab_season", "Season 2");
  const baseline = { source: cloned.source, target: cloned.target };
  const looked = FACTS.baseline_create.parse(
    (await mustSucceed(lab, jobs("baseline_create", "target", {}))).facts,
  );
  const target = looked.fingerprint;
  const goal = await release(lab, baseline, target);
  say("another release is built, with an upgrade of a table and a newly active plugin");
  await makeUpgrade(staging);
  const second = await release(lab, baseline, target);
  const active = target.active_release;
  return {
    ...{ lab, site, say, old: active, new: nameOf(goal), upgraded: nameOf(second) },
    promotion: () => jobs("env_promote", "target", goal),
    upgrade: () => withPurge(jobs("env_promote", "target", second), site),
    rollback: () =>
      jobs("release_rollback", "target", { expected_release: activeIn(site), to_release: active }),
    recovery: (how) => ({ ...jobs("recover", "target", {}), ...how }),
    servers: await serversOf(lab),
  };
}

type Built = ReturnType<typeof FACTS.release_build.parse>;
type Goal = Pick<JobFacts, "plan" | "release_digest" | "expected_release">;

/** Builds a release of the source as it is, and plans its promotion to the target as that was. */
async function release(
  lab: Laboratory,
  baseline: NonNullable<JobFacts["baseline"]>,
  target: Built["fingerprint"],
): Promise<Goal> {
  const job = jobsOf(lab)("release_build", "source", { baseline });
  const built = FACTS.release_build.parse((await mustSucceed(lab, job)).facts);
  const { config, rules } = settingsOf(lab);
  const { manifest, digest } = built.release;
  const now = { source: built.fingerprint, target };
  const compared = { source: null, target: null };
  const plan = makePlan({ config, rules, manifest, baseline, now, compared, mode: "live" });
  if (plan.blocks.length > 0) throw new Error(plan.blocks.map(({ text }) => text).join("\n"));
  return { plan, release_digest: digest, expected_release: target.active_release };
}

const nameOf = ({ release_digest }: Goal) => (release_digest ?? "").slice(0, 12);

/** The release that `current` points to. */
export const activeIn = (site: Site) => path.basename(readlinkSync(path.join(site.root, "current")));

export const FIRST_CLONE: Partial<JobFacts> = {
  refresh: {
    first_clone: true,
    ...{
      keep_tables: [],
      keep_options: [],
      conflicts: [],
      overwritten: [],
      sentences: [],
      expected_source: null,
    },
  },
};

/** A tmpfs of its own, so that it can be filled to the last byte. */
async function ownFileSystem(site: Site): Promise<void> {
  const aside = `${site.root}.aside`;
  await execa("mv", [site.root, aside]);
  await execa("mkdir", [site.root]);
  await execa("mount", ["-t", "tmpfs", "-o", `size=${ROOM},mode=755`, "tmpfs", site.root]);
  await execa("cp", ["-a", `${aside}/.`, site.root]);
  await execa("rm", ["-rf", aside]);
  await asOwner(["test", "-w", site.root]);
}

/** The site's configuration and its rules; `words` as `siteConfig` takes them. */
export function settingsOf(lab: Laboratory, words: Partial<Words> = {}) {
  const catalog = loadCatalog();
  const parsed = parseSiteConfig(siteConfig(lab, words), catalog);
  if (!parsed.ok) throw new Error(parsed.errors.map(({ message }) => message).join("\n"));
  return { config: parsed.config, rules: compileRules(parsed.config, catalog) };
}

/** Inputs of jobs, each of an operation of its own. */
export function jobsOf(lab: Laboratory, words: Partial<Words> = {}) {
  const { config, rules } = settingsOf(lab, words);
  const { staging: source, production: target } = config.environments;
  if (source === undefined || target === undefined)
    throw new Error("The two environments are not configured.");
  const nothing = {
    baseline: null,
    full: false,
    plan: null,
    release_digest: null,
    refresh: null,
    source_structures: [],
  };
  const usual = { config, rules, source, target, ...nothing, expected_release: null, to_release: null };
  return (type: JobType, on: JobFacts["job"]["on"], more: Partial<JobFacts>): JobFile => {
    const operation_id = crypto.randomUUID();
    const job = { id: crypto.randomUUID(), type, on };
    return {
      ...jobInput({ ...usual, settings: DEFAULT_SETTINGS, job, operation_id, ...more }),
      operation_id,
    };
  };
}

async function serversOf(lab: Laboratory): Promise<World["servers"]> {
  const [mariadb = 0, php = 0] = lab.processes;
  const answers = async () =>
    (
      await execa("mariadb-admin", ["--no-defaults", `--socket=${lab.database.socket}`, "ping"], {
        reject: false,
      })
    ).exitCode === 0;
  const serves = async () => (await fetch(`${lab.production.url}/`)).status < 502;
  return {
    mariadb: await breakable(lab, { name: "MariaDB", pid: mariadb, ready: answers }),
    php: await breakable(lab, { name: "PHP-FPM", pid: php, ready: serves }),
  };
}

/**
 * Starts the laboratory; the caller stops it. Its WordPress has no scripts, styles and pictures: nobody here has a browser, and they are
 * two thirds of what every promotion would carry.
 */
export async function startWorldsLaboratory(say: (sentence: string) => void): Promise<Laboratory> {
  const folder = await mkdtemp(path.join(tmpdir(), "belay-wordpress-"));
  try {
    await execa("cp", ["-aL", `${WORDPRESS}/.`, folder]);
    const unused = ["js", "css", "images"].flatMap((name) => [`wp-includes/${name}`, `wp-admin/${name}`]);
    for (const name of unused) await rm(path.join(folder, name), { recursive: true, force: true });
    // Every page reads this one; without it PHP's log would be full of warnings.
    await mkdir(path.join(folder, "wp-includes/js"));
    await copyFile(path.join(WORDPRESS, EMOJI), path.join(folder, EMOJI));
    return await startLaboratory({ onProgress: say, workers: 6, wordpress: folder });
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

export type { JobFile } from "./jobs.ts";
export const journalPath = (site: Site, operation: string) =>
  path.join(site.root, ".belay/journal", `${operation}.jsonl`);

/** Steps of an operation's journal, in order. */
export async function stepsOf(site: Site, operation: string): Promise<readonly string[]> {
  const text = await readFile(journalPath(site, operation), "utf8").catch(() => "");
  return [...text.matchAll(/"step": "([a-z_]+)"/g)].map(([, step]) => step ?? "");
}
