/**
 * A plugin whose new versions upgrade a table of visitors, promoted over ssh: what it adds is shown and done, what it takes away is
 * refused, by the target's own trial and by the plan, until the site agrees. And a promotion that is stopped in the middle of its trial.
 */
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { readdir, readlink, rm, writeFile } from "node:fs/promises";
import path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, expect, test } from "vitest";
import { z } from "zod";
import { mariadb } from "../lab/servers/mariadb.ts";
import { type Site, wp, writeCode } from "../lab/wordpress.ts";
import { approve, command, type Talk, type Told } from "../stage/commands.ts";
import { siteConfig } from "../stage/configuration.ts";
import { openEnvironmentPullRequest, type Stage, startStage } from "../stage/stage.ts";
import { deployToStaging, serves } from "../stage/staging.ts";

const PLUGIN = "visits/visits.php";
const PATIENCE_MS = 10 * 60_000;

/** The site's words about the plugin's data: the table is visitors', and its version stays with it. */
const promotion = (destructive: readonly string[]) => ({
  tables: { live: ["visits"] },
  options: { promote: ["lab_*", "theme_mods_*"], keep: ["visits_version"] },
  migrations: { destructive },
  data_updates: [{ plugin: "Visits", waits: "visits_wait", start: "Visits > Update" }],
});

let stage: Stage;
let talk: Talk;
let live: Site;
let copy: Site;

beforeAll(async () => {
  stage = await startStage({ words: { promotion: promotion([]) } });
  [live, copy] = [stage.lab.production, stage.lab.staging];
  // As an earlier version of the plugin has left it.
  const columns = "id INT AUTO_INCREMENT PRIMARY KEY, page VARCHAR(99), note VARCHAR(9)";
  await ask(`CREATE TABLE ${live.prefix}visits (${columns}) CHARACTER SET utf8mb4`, live);
  await ask(`INSERT INTO ${live.prefix}visits (page) VALUES ('a'), ('b'), ('c')`, live);
  talk = { double: stage.double, pull: await openEnvironmentPullRequest(stage), login: "dev" };
  await say("/refresh", "done");
  await say("/backup", "done");
});
afterAll(async () => {
  await stage?.stop();
  expect(stage?.double.problems).toEqual([]);
});

interface Visits {
  readonly version: string;
  /** Of WordPress: when the plugin upgrades its table. */
  readonly hook: string;
  readonly statement: string;
}

/** A version of the plugin; while `waits` exists it does not go on in production. */
async function addVisits(site: Site, { version, hook, statement }: Visits): Promise<void> {
  const text = `<?php
/*
 * Plugin Name: Visits
 * Version: ${version}
 */
function visits_wait() { return get_option('visits_rows') !== '${version}'; }
add_action('${hook}', function () {
    global $wpdb;
    if (get_option('visits_version') === '${version}') return;
    while (file_exists('${waits()}') && str_contains(__FILE__, '/sites/production/')) { clearstatcache(); usleep(50000); }
    $wpdb->query(sprintf("${statement}", $wpdb->prefix . 'visits'));
    update_option('visits_version', '${version}');
});
`;
  await writeCode(site, `wp-content/plugins/${PLUGIN}`, text);
}

const waits = () => path.join(stage.lab.folder, "waits");
/** Somebody looks at a page, from the command line; with `did` they are in wp-admin. */
const starts = (site: Site, did = "") => wp(site, `${did}; return get_option('visits_version');`);

async function say(text: string, ending: Told["ending"]): Promise<string> {
  const told = await command(talk, text);
  expect(told.ending, told.comment.body).toBe(ending);
  return told.comment.body;
}

/** The newest plan, with somebody else's yes. */
async function planned(): Promise<string> {
  const body = await say("/plan", "done");
  expect((await approve(talk)).comment.body).toContain("`reviewer` approved release");
  return body;
}

const ask = (sql: string, site: Site) => mariadb(stage.lab.database.socket, sql, site.database);
const columns = async (site: Site) =>
  (
    await ask(
      `SELECT column_name FROM information_schema.columns WHERE table_schema = '${site.database}' AND table_name = '${site.prefix}visits' ORDER BY 1`,
      site,
    )
  ).split("\n");
const pages = () => ask(`SELECT GROUP_CONCAT(page ORDER BY id) FROM ${live.prefix}visits`, live);

/** What a promotion prepares on the target, in the database and on the disk: all of it but logs and memories. */
async function prepared() {
  const tables = await ask("SHOW TABLES LIKE 'belay\\_%'", live);
  const list = (folder: string) => readdir(path.join(live.root, folder)).catch(() => []);
  return {
    tables: tables.split("\n").sort(),
    releases: (await list("releases")).sort(),
    incoming: await list(".belay/incoming"),
    candidate: await list(".belay/candidate"),
    watchdog: (await list(".belay/watchdog")).filter((name) => name !== "belay.pyz"),
    current: await readlink(path.join(live.root, "current")),
  };
}

test("what an upgrade adds stands in the plan, is done after the switch, and is no drift afterwards", async () => {
  await addVisits(copy, {
    version: "2",
    hook: "plugins_loaded",
    statement: "ALTER TABLE %s ADD agent VARCHAR(99)",
  });
  await wp(copy, `require_once ABSPATH . 'wp-admin/includes/plugin.php'; activate_plugin('${PLUGIN}');`);
  expect(await starts(copy)).toBe("2");
  await deployToStaging(stage, "2");
  const plan = await planned();
  expect(plan).toContain("- visits/visits.php new to 2");
  expect(plan).toContain("- `visits`: + column `agent` (additive): varchar(99)");
  expect(await columns(live)).toEqual(["id", "note", "page"]);

  const done = await say("/promote", "done");
  expect(done).toContain("The upgrade of tables (a rollback does not undo it): visits/visits.php new to 2");
  expect(done).toContain(
    "⏳ `Visits`: the update of its rows waits; somebody has to start it: `Visits > Update`. Belay does not begin it.",
  );
  expect(await columns(live)).toEqual(["agent", "id", "note", "page"]);
  expect(await pages()).toBe("a,b,c");
  expect(await serves(live)).toBe("2/2");
  expect(await say("/drift", "done")).toContain("| drift | ✅ pass |");
});

test("/cancel during the trial stops before the switch, and nothing of the promotion stays", async () => {
  await addVisits(copy, {
    version: "3",
    hook: "plugins_loaded",
    statement: "ALTER TABLE %s ADD since INT",
  });
  expect(await starts(copy)).toBe("3");
  await deployToStaging(stage, "3");
  await planned();
  const before = await prepared();
  await writeFile(waits(), "");
  const promoting = command(talk, "/promote");
  try {
    const job = await soon("the promotion's job", runningJob);
    await soon(
      "the trial",
      async () => existsSync(path.join(live.root, ".belay/candidate/trial.json")) || null,
    );
    await stage.double.as("dev").comment(talk.pull, "/cancel");
    const stop = await soon("word on the runner", async () => stopFile(job));
    expect(existsSync(stop)).toBe(true);
  } finally {
    await rm(waits(), { force: true });
  }
  const told = await promoting;
  expect(told.ending, told.comment.body).toBe("stopped");
  expect(await prepared()).toEqual(before);
  expect(await columns(live)).toEqual(["agent", "id", "note", "page"]);
  expect(await serves(live)).toBe("2/2");
});

test("what takes something away is refused by the trial where the source does not show it, and blocks where it does", async () => {
  const drop = {
    version: "4",
    hook: "admin_init",
    statement: "ALTER TABLE %s ADD since INT, DROP COLUMN note",
  };
  await ask(`ALTER TABLE ${copy.prefix}visits DROP COLUMN since`, copy);
  await addVisits(copy, drop);
  await deployToStaging(stage, "4");
  expect(await planned()).not.toContain("(destructive)");
  const before = await prepared();
  const refused = await say("/promote", "failed");
  expect(refused).toContain("visits: column removed note (varchar(9))");
  expect(refused).toContain("destructive: [visits]");

  expect(await starts(copy, "do_action('admin_init')")).toBe("4");
  const blocked = await say("/promote", "blocked");
  expect(blocked).toContain(
    "⚠️ `visits`: - column `note` (destructive): varchar(9) (nobody has agreed to it)",
  );
  expect(blocked).toContain('destructive: ["visits"]');
  expect(await prepared()).toEqual(before);
  expect(await columns(live)).toEqual(["agent", "id", "note", "page"]);
  expect(await serves(live)).toBe("2/2");
});

test("with the site's consent it is done", async () => {
  const agreed = siteConfig(stage.lab, { promotion: promotion(["visits"]) });
  await stage.double.as("dev").push("main", { ".github/belay.yml": agreed });
  expect(await planned()).toContain("varchar(9) (agreed to)");
  const done = await say("/promote", "done");
  expect(done).toContain("⚠️ `visits`: - column `note` (destructive)");
  expect(await columns(live)).toEqual(["agent", "id", "page", "since"]);
  expect(await pages()).toBe("a,b,c");
  expect(await serves(live)).toBe("4/4");
});

async function soon<T>(what: string, found: () => Promise<T | null>): Promise<T> {
  for (const until = Date.now() + PATIENCE_MS; Date.now() < until; await sleep(200)) {
    const one = await found();
    if (one !== null) return one;
  }
  throw new Error(`${what} did not come within ${PATIENCE_MS / 1000} s`);
}

const Jobs = z.object({ items: z.array(z.object({ id: z.string(), type: z.string() })) });

async function runningJob(): Promise<string | null> {
  const response = await fetch(`${stage.bot.url}/api/jobs?state=running`, {
    headers: { authorization: `Bearer ${stage.double.userToken("dev")}` },
  });
  const { items } = Jobs.parse(await response.json());
  return items.find(({ type }) => type === "env_promote")?.id ?? null;
}

/** The file by which the runner tells Ansible to stop lies beside the job's input, which stands in Ansible's command line. */
function stopFile(job: string): string | null {
  const pids = readdirSync("/proc").filter((name) => /^\d+$/.test(name));
  const lines = pids.map((pid) => {
    try {
      return readFileSync(`/proc/${pid}/cmdline`, "utf8");
    } catch {
      return "";
    }
  });
  const [, folder = ""] =
    lines
      .map((line) => new RegExp(`@(/[^\\0]+)/input-${job}\\.json`).exec(line))
      .find((one) => one !== null) ?? [];
  const file = path.join(folder, `stop-${job}`);
  return folder !== "" && existsSync(file) ? file : null;
}
