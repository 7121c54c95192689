/** What the measured site has beside WordPress: plugin tables, pages that tell versions, a table of orders, an object cache outside of PHP. */
import { chmod, chown, mkdir, readFile, stat, symlink, writeFile } from "node:fs/promises";
import path from "node:path";
import { execa } from "execa";
import type { Laboratory } from "../../../test/lab/laboratory.ts";
import { mariadb } from "../../../test/lab/servers/mariadb.ts";
import { OWNER, type Site, writeCode } from "../../../test/lab/site.ts";
import { addTheme } from "../../../test/lab/wordpress.ts";

/** Size of a promotion, in tables that are replaced (WordPress's options are one more). */
export type Size = number;

/** What the site's configuration says of them. */
export const TABLES = { promote: ["lab_widgets", "lab_t*"], live: ["lab_orders"] };
const ROWS = 60;
const PAGES = ["lab-marks.php", "lab-page.php", "lab-order.php"];
const DROP_IN = "wp-content/object-cache.php";

/** Names of the first tables: the one of the laboratory's plugin, and numbered ones. */
export const tablesOf = (size: Size): readonly string[] => [
  "lab_widgets",
  ...Array.from({ length: size - 1 }, (_, at) => `lab_t${String(at + 1).padStart(3, "0")}`),
];

/** Small tables, as most of a plugin's are: what a switch of many costs is the switch, not their rows. */
export async function addTables({ database }: Laboratory, site: Site, most: Size): Promise<void> {
  const [first = "", ...others] = tablesOf(most)
    .slice(1)
    .map((name) => `${site.prefix}${name}`);
  const columns =
    "id int unsigned NOT NULL AUTO_INCREMENT PRIMARY KEY, name varchar(190) NOT NULL, body text, KEY name (name)";
  const sql = [
    `CREATE TABLE ${first} (${columns})`,
    `INSERT INTO ${first} (name, body) SELECT IF(seq = 1, '1', CONCAT('Thing ', seq)), REPEAT(MD5(seq), 10) FROM seq_1_to_${ROWS}`,
    ...others.flatMap((name) => [
      `CREATE TABLE ${name} LIKE ${first}`,
      `INSERT INTO ${name} SELECT * FROM ${first}`,
    ]),
    `CREATE TABLE ${site.prefix}lab_orders (id int unsigned NOT NULL AUTO_INCREMENT PRIMARY KEY, name char(36) NOT NULL, made timestamp NOT NULL DEFAULT current_timestamp())`,
  ];
  await mariadb(database.socket, `${sql.join(";\n")};`, site.database);
}

export async function addPages(site: Site, most: Size): Promise<void> {
  for (const name of PAGES) await writeCode(site, name, await content(name));
  await setVersion(site, "1", most);
}

/** The source as it is before a release of this size: other code, and as many tables with another first row. */
export async function changeSource({ database, staging }: Laboratory, size: Size, version: string) {
  await addTheme(staging, { version });
  await setVersion(staging, version, size);
  const changes = tablesOf(size).map(
    (name) => `UPDATE ${staging.prefix}${name} SET name = '${version}' WHERE id = 1`,
  );
  await mariadb(database.socket, `${changes.join(";\n")};`, staging.database);
}

async function setVersion(site: Site, version: string, tables: number): Promise<void> {
  const text = await content("lab-version.php");
  const filled = text.replace("{version}", version).replace("{tables}", String(tables));
  await writeCode(site, "lab-version.php", filled);
}

/** memcached, and a drop-in in the site's shared folder whose keys are salted as docs/hosts.md says. */
export async function addObjectCache(lab: Laboratory, site: Site): Promise<void> {
  const folder = path.join(lab.folder, "memcached");
  const socket = path.join(folder, "socket");
  await mkdir(folder);
  await execa("chown", [OWNER, folder]);
  await lab.start({
    name: "memcached",
    command: ["/usr/bin/memcached", "-u", OWNER, "-s", socket, "-a", "0777", "-m", "64"],
    log: path.join(lab.folder, "memcached.log"),
    ready: async () => (await stat(socket)).isSocket(),
  });
  const shared = path.join(site.root, "shared", DROP_IN);
  await mkdir(path.dirname(shared), { recursive: true });
  await writeFile(shared, (await content("object-cache.php")).replace("{socket}", socket));
  await chmod(shared, 0o644);
  await symlink(`../../../shared/${DROP_IN}`, path.join(site.root, "current", DROP_IN));
  const config = path.join(site.root, "shared/wp-config.php");
  const { uid, gid, mode } = await stat(config);
  const salt =
    "<?php\ndefine( 'WP_CACHE_KEY_SALT', defined( 'BELAY_SWITCH' ) ? BELAY_SWITCH : 'command line' );\n";
  await writeFile(config, (await readFile(config, "utf8")).replace("<?php\n", salt));
  await chmod(config, mode);
  await chown(config, uid, gid);
}

const content = (name: string) => readFile(new URL(`content/${name}`, import.meta.url), "utf8");
