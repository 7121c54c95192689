/** What was found out about environments: releases, backups. Baselines and drift checks: baselines.ts. */
import type { Tx } from "../ports/store.ts";
import { type DbTx, encoded, JSON_COLUMNS, unnumbered } from "./schema.ts";

type Releases = Pick<Tx, "release" | "releaseByDigest" | "putRelease">;

export function releases(db: DbTx): Releases {
  const all = () => db.selectFrom("releases").selectAll();
  return {
    release: async (id) => {
      const row = await all().where("id", "=", id).executeTakeFirst();
      return row === undefined ? null : unnumbered(row);
    },
    releaseByDigest: async (site_id, digest) => {
      const row = await all().where("site_id", "=", site_id).where("digest", "=", digest).executeTakeFirst();
      return row === undefined ? null : unnumbered(row);
    },
    // Only the status of a release ever changes: what it is made of is immutable.
    putRelease: async (row) => {
      await db
        .insertInto("releases")
        .values(encoded(row, JSON_COLUMNS.releases))
        .onConflict((conflict) => conflict.column("id").doUpdateSet({ status: row.status }))
        .execute();
    },
  };
}

type Backups = Pick<Tx, "backup" | "backupsOf" | "putBackup">;

export function backups(db: DbTx): Backups {
  return {
    backup: async (id) => {
      const row = await db.selectFrom("backups").selectAll().where("id", "=", id).executeTakeFirst();
      return row === undefined ? null : unnumbered(row);
    },
    backupsOf: async (environment_id) => {
      const rows = await db
        .selectFrom("backups")
        .selectAll()
        .where("environment_id", "=", environment_id)
        .orderBy("taken_at", (order) => order.desc().nullsLast())
        .orderBy("created_at", "desc")
        .orderBy("seq", "desc")
        .execute();
      return rows.map(unnumbered);
    },
    putBackup: async (row) => {
      const { id: _id, ...change } = encoded(row, JSON_COLUMNS.backups);
      await db
        .insertInto("backups")
        .values({ id: row.id, ...change })
        .onConflict((conflict) => conflict.column("id").doUpdateSet(change))
        .execute();
    },
  };
}
