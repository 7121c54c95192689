/** Opens the store: where the rows live, who else may use them, and the tables that this code needs. */
import { join } from "node:path";
import { type Dialect, Kysely, sql } from "kysely";
import type { Queue } from "../ports/queue.ts";
import type { Sweeps } from "../ports/reconcile.ts";
import type { Store } from "../ports/store.ts";
import { pgliteDialect, postgresDialect } from "./dialect.ts";
import { lockDirectory } from "./directory-lock.ts";
import type { StoreError } from "./error.ts";
import { migrate, outdatedFor } from "./migrate.ts";
import { queue } from "./queue.ts";
import type { Database, Db } from "./schema.ts";
import { sweeps } from "./sweeps.ts";
import { keepingTexts } from "./texts.ts";
import { transaction } from "./transaction.ts";

export interface OpenStore {
  readonly store: Store;
  readonly queue: Queue;
  readonly sweeps: Sweeps;
  /** Runs one statement as it is: for tests and for a person who repairs. */
  sql(statement: string): Promise<readonly Readonly<Record<string, unknown>>[]>;
  /** True when the database answers. */
  ready(): Promise<boolean>;
  /** A newer Belay has changed the tables meanwhile: this one must not go on. Null: they are as this one knows them. */
  outdated(): Promise<StoreError | null>;
  /** Ends every connection and gives the directory free. */
  close(): Promise<void>;
}

export type StorePlace =
  | { readonly kind: "directory"; readonly path: string }
  | { readonly kind: "postgres"; readonly url: string; readonly onLost: (error: Error) => void }
  /** Lost at the end of the process: for tests. */
  | { readonly kind: "memory" };

/** @throws StoreError `STORE_LOCKED`, `STORE_TOO_NEW`; the driver's error when the database cannot be reached */
export async function openStore(place: StorePlace): Promise<OpenStore> {
  const lock = place.kind === "directory" ? lockDirectory(place.path) : null;
  const db: Db = new Kysely<Database>({ dialect: keepingTexts(dialectOf(place)) });
  const close = async () => {
    await db.destroy();
    lock?.release();
  };
  try {
    await migrate(db);
    // Nobody else works on this directory, so a lease that is left over belongs to a process that died.
    if (place.kind === "directory") await endLeases(db);
  } catch (error) {
    await close();
    throw error;
  }
  return {
    store: { transaction: (work) => transaction(db, work) },
    queue: queue(db),
    sweeps: sweeps(db),
    sql: async (statement) => (await sql.raw<Record<string, unknown>>(statement).execute(db)).rows,
    ready: () => isReady(db),
    outdated: () => outdatedFor(db),
    close,
  };
}

function dialectOf(place: StorePlace): Dialect {
  if (place.kind === "postgres") return postgresDialect(place.url, place.onLost);
  return pgliteDialect(place.kind === "memory" ? undefined : join(place.path, "pglite"));
}

async function endLeases(db: Db): Promise<void> {
  await db
    .updateTable("deliveries")
    .set({ leased_until: null })
    .where("leased_until", "is not", null)
    .execute();
  await db.updateTable("effects").set({ leased_until: null }).where("leased_until", "is not", null).execute();
  await db.updateTable("sweeps").set({ leased_until: null }).where("leased_until", "is not", null).execute();
}

async function isReady(db: Db): Promise<boolean> {
  return db
    .selectFrom("locks")
    .select("environment_id")
    .limit(1)
    .execute()
    .then(
      () => true,
      () => false,
    );
}
