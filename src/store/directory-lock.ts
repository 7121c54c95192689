/**
 * One process at a time on a store directory: two on the same PGlite files lose most of what they write.
 * The lock is the operating system's, taken through SQLite on a file of its own: it needs no program beside Node, there is
 * no moment in which two processes both find it free, and it dies with the process, also after kill -9.
 */
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { StoreError } from "./error.ts";

export interface DirectoryLock {
  release(): void;
}

/** Kept from the garbage collector: it would close the database of a lock that nobody refers to any more, and free it. */
const held = new Set<DatabaseSync>();

/** @throws StoreError `STORE_LOCKED` when another process (or another store of this one) holds the directory. */
export function lockDirectory(directory: string): DirectoryLock {
  mkdirSync(directory, { recursive: true, mode: 0o700 });
  const owner = join(directory, "owner");
  const database = new DatabaseSync(join(directory, "lock"), { timeout: 0 });
  try {
    database.exec("PRAGMA journal_mode = OFF; BEGIN EXCLUSIVE");
  } catch (error) {
    database.close();
    throw lockedBy(directory, readOwner(owner), error);
  }
  writeFileSync(owner, `${process.pid}\n`, { mode: 0o600 });
  held.add(database);
  return {
    release: () => {
      held.delete(database);
      database.close();
    },
  };
}

function readOwner(path: string): string {
  try {
    return `process ${readFileSync(path, "utf8").trim()}`;
  } catch {
    return "a process that is just starting";
  }
}

function lockedBy(directory: string, owner: string, cause: unknown): StoreError {
  return new StoreError(
    "STORE_LOCKED",
    `The store in ${directory} is in use by another Belay (${owner}), and only one may use a directory.`,
    "Stop the other one, choose another BELAY_STORE_DIR, or let both use one PostgreSQL through DATABASE_URL.",
    { cause },
  );
}
