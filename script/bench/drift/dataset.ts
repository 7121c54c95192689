/** The data that is measured, built once per size and kept outside the repository. */
import { existsSync } from "node:fs";
import { mkdir, readFile, rm, statfs, symlink, writeFile } from "node:fs/promises";
import path from "node:path";
import { execa } from "execa";
import type { Guard } from "../../../test/lab/guard.ts";
import { say } from "../frame/output.ts";
import { ask, installDatabase, startDatabase } from "./server.ts";

/** Another text makes data sets of other versions worthless. */
const VERSION = "drift-3";
const RELEASE = "00000000000b";
const HERE = import.meta.dirname;

export type Shape = {
  /** 1 is the size of the headline. */
  readonly size: number;
  readonly posts: number;
  readonly postmeta: number;
  readonly files: number;
  /** Bytes of all files. */
  readonly bytes: number;
};

export type Dataset = Shape & {
  /** Data directory of MariaDB. */
  readonly database: string;
  /** Root of the site, as docs/hosts.md lays it out. */
  readonly site: string;
  readonly uploads: string;
  /** The uploads once more, as hard links. */
  readonly copy: string;
};

export const shapeOf = (size: number): Shape => ({
  size,
  posts: Math.round(500_000 * size),
  postmeta: Math.round(2_000_000 * size),
  files: Math.round(20_000 * size),
  bytes: Math.round(3_900_000_000 * size),
});

/** Bytes of disk that a data set takes while it is built: rows, their indexes and what sorts them, the log, files. */
export const diskBytes = (shape: Shape): number =>
  shape.posts * 7_000 + shape.bytes + 2 ** 30 + shape.files * 4096;

/** Bytes of memory that hold all rows and their indexes, and some more: 4 GB at size 1. */
export const poolBytes = (shape: Shape): number => (1 + Math.ceil(shape.size * 2.7)) * 2 ** 30;

export type Place = {
  readonly cache: string;
  readonly run: string;
  readonly guard: Guard;
  readonly fresh: boolean;
};

/** The data set of a size, built if it is not there whole. @returns a sentence instead where the disk is too small. */
export async function ensureDataset(shape: Shape, place: Place): Promise<Dataset | string> {
  const folder = path.join(place.cache, `size-${shape.size}`);
  const stamp = path.join(folder, "stamp.json");
  const wanted = JSON.stringify({ version: VERSION, ...shape });
  const dataset = describe(shape, folder);
  if (!place.fresh && existsSync(stamp) && (await readFile(stamp, "utf8")) === wanted) return dataset;
  // What has no stamp, or another one, is half built or of another version.
  await rm(folder, { recursive: true, force: true });
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const free = await freeBytes(folder);
  if (free < diskBytes(shape))
    return `size ${shape.size} needs ${gigabytes(diskBytes(shape))} GB on the disk of ${place.cache}, which has ${gigabytes(free)} GB left`;
  await layOut(dataset);
  say(`size ${shape.size}: writing ${shape.files} files, ${gigabytes(shape.bytes)} GB`);
  const program = path.join(HERE, "make_files.py");
  await execa("python3", [program, dataset.uploads, dataset.copy, String(shape.files), String(shape.bytes)]);
  say(`size ${shape.size}: writing ${shape.posts} posts and ${shape.postmeta} rows of postmeta`);
  await fillDatabase(dataset, place);
  await execa("sync");
  await writeFile(stamp, wanted);
  return dataset;
}

const describe = (shape: Shape, folder: string): Dataset => ({
  ...shape,
  database: path.join(folder, "database"),
  site: path.join(folder, "site"),
  uploads: path.join(folder, "site/shared/wp-content/uploads"),
  copy: path.join(folder, "copy"),
});

/** The few files that make a folder a site. */
async function layOut({ site, uploads, copy }: Dataset): Promise<void> {
  const tree = path.join(site, "releases", RELEASE);
  for (const folder of [uploads, copy, path.join(tree, "wp-includes"), path.join(tree, "wp-content")])
    await mkdir(folder, { recursive: true });
  await writeFile(path.join(tree, "wp-includes/version.php"), "<?php\n$wp_version = '6.4.3';\n");
  await writeFile(path.join(site, "shared/wp-config.php"), "<?php\n$table_prefix = 'wp_';\n");
  await symlink(`releases/${RELEASE}`, path.join(site, "current"));
  await symlink("../../shared/wp-config.php", path.join(tree, "wp-config.php"));
  await symlink("../../../shared/wp-content/uploads", path.join(tree, "wp-content/uploads"));
}

async function fillDatabase(dataset: Dataset, { run, guard }: Place): Promise<void> {
  await mkdir(dataset.database);
  await installDatabase(dataset.database);
  const server = await startDatabase({ data: dataset.database, run, guard, pool: poolBytes(dataset) }, [
    "--innodb-doublewrite=0",
    "--innodb-flush-log-at-trx-commit=0",
  ]);
  try {
    await ask(server.socket, "CREATE DATABASE bench CHARACTER SET utf8mb4", "mysql");
    await ask(server.socket, await readFile(path.join(HERE, "schema.sql"), "utf8"));
    const rows = await readFile(path.join(HERE, "rows.sql"), "utf8");
    await ask(
      server.socket,
      rows.replaceAll("{posts}", String(dataset.posts)).replaceAll("{meta}", String(dataset.postmeta)),
    );
    // Writes every page out: the server is then stopped at once, and starts at once later.
    await ask(server.socket, "FLUSH TABLES wp_posts, wp_postmeta, wp_options FOR EXPORT; UNLOCK TABLES");
  } finally {
    await server.stop();
  }
}

async function freeBytes(folder: string): Promise<number> {
  const { bavail, bsize } = await statfs(folder);
  return bavail * bsize;
}

const gigabytes = (bytes: number) => (bytes / 1e9).toFixed(1);
