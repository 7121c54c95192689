/** What must not be there when everything is over, found without Belay's code. */
import { createHash } from "node:crypto";
import { readdir, readFile } from "node:fs/promises";
import path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { execa } from "execa";
import { MARK } from "../../../test/lab/guard.ts";
import { hasEnvironment, listProcesses } from "../../../test/lab/processes.ts";
import { mariadb } from "../../../test/lab/servers/mariadb.ts";
import { runnerFolder } from "./jobs.ts";
import { stepsOf, type World } from "./world.ts";

/** How long processes that nobody steers any more may take to notice it. */
const PATIENCE_MS = 60_000;

export async function leftovers(world: World): Promise<readonly string[]> {
  const parts = [processes(world), tables(world), files(world), locks(world)];
  return (await Promise.all(parts)).flat();
}

async function processes(world: World): Promise<readonly string[]> {
  let found: readonly string[] = [];
  for (const until = Date.now() + PATIENCE_MS; Date.now() < until; await sleep(1_000)) {
    found = await living(world);
    if (found.length === 0) return [];
  }
  return found.map((line) => `a process is left: ${line}`);
}

/** Programs of the runner and of the host that work on the site; the servers are none of them. */
async function living({ lab, site }: World): Promise<readonly string[]> {
  const lines = await Promise.all(
    listProcesses().map(async ({ pid }) => {
      const words = (await readFile(`/proc/${pid}/cmdline`, "utf8").catch(() => ""))
        .replaceAll("\0", " ")
        .trim();
      const named = words.includes(runnerFolder(lab)) || words.includes(`${site.root}/.belay/watchdog`);
      // PHP-FPM's workers have titles; what Belay starts has words.
      const program = /^\S*(python3?\S*|php\S*) /.test(words) && !words.startsWith("php-fpm:");
      const ours = program && !/--fpm-config/.test(words) && hasEnvironment(pid, `${MARK}=${lab.folder}`);
      // ssh keeps a shared connection for a minute after its last use.
      return (named || ours) && !words.includes("[mux]") ? `${pid} ${words.slice(0, 200)}` : "";
    }),
  );
  return lines.filter((line) => line !== "");
}

async function tables({ lab, site }: World): Promise<readonly string[]> {
  const ask = (sql: string) => mariadb(lab.database.socket, sql);
  const listed = await ask(
    `SELECT table_name FROM information_schema.tables WHERE table_schema = '${site.database}' AND table_name LIKE 'belay\\_%'`,
  );
  const switched = await operationsThatSwitched(site);
  const lost = listed.split("\n").filter((table) => {
    const archive = /^belay_[0-9a-f]{6}_a_([0-9a-f]{12})_/.exec(table)?.[1];
    return archive === undefined ? !/^(belay_[0-9a-f]{6}_release)?$/.test(table) : !switched.has(archive);
  });
  const schemas = (await ask("SHOW DATABASES LIKE '%\\_belay\\_%'"))
    .split("\n")
    .filter((name) => name !== "");
  const connections = await ask(
    `SELECT COUNT(*) FROM information_schema.processlist WHERE user = '${site.user}'`,
  );
  return [
    ...lost.map((table) => `a table is left: ${table}`),
    ...schemas.map((schema) => `a schema is left: ${schema}`),
    ...(connections === "0" ? [] : [`${connections} connections to the database are left`]),
  ];
}

/** What names the tables that their switches keep. */
async function operationsThatSwitched(site: World["site"]): Promise<ReadonlySet<string>> {
  const names = await readdir(path.join(site.root, ".belay/journal"));
  const operations = names.map((name) => name.replace(".jsonl", ""));
  const switched = await Promise.all(
    operations.map(async (one) =>
      (await stepsOf(site, one)).some((step) => ["activated", "switch"].includes(step)),
    ),
  );
  const moved = operations.filter((_, at) => switched[at]);
  // What a way back moves aside is kept for inspection, under a name of its own.
  const inspected = moved.map((one) => createHash("sha256").update(`rollback ${one}`).digest("hex"));
  return new Set(
    [...moved.map((one) => one.replaceAll("-", "")), ...inspected].map((name) => name.slice(0, 12)),
  );
}

async function files({ site }: World): Promise<readonly string[]> {
  const belay = path.join(site.root, ".belay");
  const all = (await readdir(belay, { recursive: true })).map((name) => path.join(".belay", name));
  const top = await readdir(site.root);
  return [...all, ...top]
    .filter(
      (name) =>
        /\.(new|tmp|part)$/.test(name) ||
        /^\.belay\/incoming\/./.test(name) ||
        (/^\.belay\/watchdog\/./.test(name) && !name.endsWith("belay.pyz")),
    )
    .map((name) => `a file is left: ${name}`);
}

async function locks({ lab, site }: World): Promise<readonly string[]> {
  const name = `belay:${createHash("sha256").update(`${site.database}\0${site.prefix}`).digest("hex").slice(0, 24)}`;
  const inDatabase = await mariadb(lab.database.socket, `SELECT IS_USED_LOCK('${name}')`);
  const paths = [".belay/lock", ".belay/hold/turnstile", ".belay/hold/room"];
  const held = await Promise.all(
    paths.map(
      async (file) =>
        (await execa("flock", ["-n", path.join(site.root, file), "true"], { reject: false })).exitCode,
    ),
  );
  return [
    ...(inDatabase === "NULL" ? [] : ["the database's lock is held"]),
    ...paths.filter((_, at) => held[at] !== 0).map((file) => `the lock ${file} is held`),
  ];
}
