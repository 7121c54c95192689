/**
 * The two ways in which people do it today, made as well as their authors would: a dump that is read into the live schema, and tables that are
 * dropped and renamed one by one. Both change the option rows by one statement and empty the object cache at the end.
 */
import { mkdir, readdir, realpath, rm, writeFile } from "node:fs/promises";
import path from "node:path";
import { execa } from "execa";
import { mariadb } from "../../../test/lab/servers/mariadb.ts";
import { asOwner, type Site } from "../../../test/lab/site.ts";
import { type Size, tablesOf } from "./site.ts";
import type { World } from "./world.ts";

/** What the live site becomes: tables of another schema, and a code tree. */
export type State = { readonly database: string; readonly prefix: string; readonly code: string };
export type Change = (world: World, to: State, size: Size) => Promise<{ readonly switch_ms: number }>;

/** Without what it says the hold lets every request pass, as on a site that has none. */
export const leaveHold = ({ lab }: World) => rm(path.join(lab.production.root, ".belay/hold/state"));

/** The site as it is, kept in a schema of its own, so that there is a way back. */
export async function keep({ lab }: World, size: Size): Promise<State> {
  const { production: site, folder } = lab;
  const database = "lab_before";
  const named = [...tablesOf(size), "options"].map((name) => `${site.prefix}${name}`);
  const copies = named.flatMap((name) => [
    `CREATE TABLE ${database}.${name} LIKE ${site.database}.${name}`,
    `INSERT INTO ${database}.${name} SELECT * FROM ${site.database}.${name}`,
  ]);
  const anew = [`DROP DATABASE IF EXISTS ${database}`, `CREATE DATABASE ${database}`];
  await mariadb(lab.database.socket, `${[...anew, ...copies].join(";\n")};`);
  const code = path.join(folder, "before");
  await execa("rsync", ["-a", "--delete", `${await running(site)}/`, `${code}/`]);
  return { database, prefix: site.prefix, code };
}

/** What staging is after the source was changed for this size. */
export const staged = async ({ lab: { staging } }: World): Promise<State> => ({
  database: staging.database,
  prefix: staging.prefix,
  code: await running(staging),
});

/** The code that a site runs, without the link to it: rsync follows none of somebody else's. */
const running = (site: Site) => realpath(path.join(site.root, "current"));

/** `mariadb-dump | mariadb` into the live schema, and `rsync` into the live folder. */
export const importing: Change = async (world, to, size) => {
  const { production: site, database } = world.lab;
  const options = ["--no-defaults", `--socket=${database.socket}`];
  const names = tablesOf(size).map((name) => `${to.prefix}${name}`);
  const began = performance.now();
  await execa("rsync", ["-a", "--delete", ...OWN, `${to.code}/`, `${await running(site)}/`]);
  const dump = execa("mariadb-dump", [...options, "--single-transaction", to.database, ...names]);
  await dump
    .pipe("sed", [`s/\`${to.prefix}lab_/\`${site.prefix}lab_/g`])
    .pipe("mariadb", [...options, site.database]);
  await changeOptions(world, to);
  await emptyCache(site);
  return { switch_ms: performance.now() - began };
};

/** Everything is loaded and copied beside the live site; then table by table, and the link. */
export const renaming: Change = async (world, to, size) => {
  const { production: site, database } = world.lab;
  const sql = (lines: readonly string[]) => mariadb(database.socket, `${lines.join(";\n")};`, site.database);
  const names = tablesOf(size);
  const release = await besides(site, to);
  await sql(
    names.flatMap((name) => [
      `CREATE TABLE incoming_${name} LIKE ${to.database}.${to.prefix}${name}`,
      `INSERT INTO incoming_${name} SELECT * FROM ${to.database}.${to.prefix}${name}`,
    ]),
  );
  const began = performance.now();
  await sql(
    names.flatMap((name) => [
      `DROP TABLE ${site.prefix}${name}`,
      `RENAME TABLE incoming_${name} TO ${site.prefix}${name}`,
    ]),
  );
  await changeOptions(world, to);
  await asOwner(["ln", "-sfn", `releases/${release}`, path.join(site.root, "current")]);
  await emptyCache(site);
  return { switch_ms: performance.now() - began };
};

/** What stays the live site's own. */
const OWN = ["wp-config.php", "wp-content/uploads", "wp-content/object-cache.php"].map(
  (name) => `--exclude=/${name}`,
);

async function besides(site: Site, to: State): Promise<string> {
  const count = (await readdir(path.join(site.root, "releases"))).length;
  const release = String(count + 100).padStart(12, "0");
  const folder = path.join(site.root, "releases", release);
  await mkdir(folder);
  await execa("rsync", ["-a", ...OWN, `${to.code}/`, `${folder}/`]);
  for (const name of ["wp-config.php", "wp-content/uploads", "wp-content/object-cache.php"])
    await execa("cp", ["-a", path.join(site.root, "current", name), path.join(folder, name)]);
  return release;
}

async function changeOptions({ lab }: World, to: State): Promise<void> {
  const { production: site, database } = lab;
  const wanted =
    "option_name IN ('template', 'stylesheet', 'current_theme', 'lab_version') OR option_name LIKE 'theme\\_mods\\_lab-%'";
  await mariadb(
    database.socket,
    `INSERT INTO ${site.prefix}options (option_name, option_value, autoload)
     SELECT option_name, option_value, autoload FROM ${to.database}.${to.prefix}options WHERE ${wanted}
     ON DUPLICATE KEY UPDATE option_value = VALUES(option_value);`,
    site.database,
  );
}

/** As `wp cache flush` does. */
async function emptyCache(site: Site): Promise<void> {
  const program = path.join(site.root, "..", "flush.php");
  await writeFile(
    program,
    "<?php define('SHORTINIT', true); require $argv[1]; exit(wp_cache_flush() ? 0 : 1);",
  );
  await asOwner(["php", "-d", "auto_prepend_file=", program, path.join(site.root, "current/wp-load.php")]);
}
