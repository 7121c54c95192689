/** PHP-FPM with one pool per site. */
import { mkdir, readdir, stat, writeFile } from "node:fs/promises";
import path from "node:path";
import type { Guard } from "../guard.ts";
import { type Server, startServer } from "../servers.ts";
import { OWNER } from "../site.ts";

export type Pool = { readonly name: string; readonly root: string; readonly workers: number };

export async function startPhp(folder: string, pools: readonly Pool[], guard: Guard): Promise<Server> {
  await mkdir(folder, { recursive: true });
  const log = path.join(folder, "php-fpm.log");
  const config = path.join(folder, "php-fpm.conf");
  const sections = pools.map((pool) => poolSection(folder, pool));
  await writeFile(config, [`[global]\nerror_log = ${log}\ndaemonize = no`, ...sections, ""].join("\n\n"));
  return startServer({
    name: "PHP-FPM",
    command: [await program(), "--nodaemonize", "--fpm-config", config],
    log,
    ready: async () => {
      for (const pool of pools) if (!(await stat(phpSocket(folder, pool.name))).isSocket()) return false;
      return true;
    },
    guard,
  });
}

/** Where a pool listens. */
export const phpSocket = (folder: string, pool: string) => path.join(folder, `${pool}.sock`);

/** The newest of Debian's programs, whose names carry the version. */
async function program(): Promise<string> {
  const versions = (await readdir("/usr/sbin")).filter((name) => /^php-fpm\d/.test(name));
  const newest = versions.sort((a, b) => a.localeCompare(b, "en", { numeric: true })).at(-1);
  if (newest === undefined) throw new Error("PHP-FPM is not installed. Type: script/setup --lab");
  return `/usr/sbin/${newest}`;
}

function poolSection(folder: string, pool: Pool): string {
  return [
    `[${pool.name}]`,
    `user = ${OWNER}`,
    `group = ${OWNER}`,
    `listen = ${phpSocket(folder, pool.name)}`,
    `listen.owner = ${OWNER}`,
    // Requests wait here while a switch is made; a small backlog would turn visitors away.
    "listen.backlog = 511",
    "pm = static",
    `pm.max_children = ${pool.workers}`,
    "catch_workers_output = yes",
    `php_admin_value[auto_prepend_file] = ${pool.root}/.belay/hold/hold.php`,
  ].join("\n");
}
