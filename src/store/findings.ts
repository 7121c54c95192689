/** What was found out about environments: releases, baselines, drift checks, backups. */
import type { Tx } from "../ports.ts";
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

type Baselines = Pick<
  Tx,
  | "baseline"
  | "baselineOf"
  | "addBaseline"
  | "driftCheck"
  | "driftVerdict"
  | "addDriftCheck"
  | "newestDriftCheck"
>;

export function baselines(db: DbTx): Baselines {
  const newest = () => db.selectFrom("baselines").selectAll().orderBy("seq", "desc").limit(1);
  const newestCheck = () => db.selectFrom("drift_checks").selectAll().orderBy("seq", "desc").limit(1);
  return {
    baseline: async (id) => {
      const row = await newest().where("id", "=", id).executeTakeFirst();
      return row === undefined ? null : unnumbered(row);
    },
    baselineOf: async (source, target) => {
      const row = await newest()
        .where("source_environment_id", "=", source)
        .where("target_environment_id", "=", target)
        .executeTakeFirst();
      return row === undefined ? null : unnumbered(row);
    },
    addBaseline: async (row) => {
      await db.insertInto("baselines").values(encoded(row, JSON_COLUMNS.baselines)).execute();
    },
    driftCheck: async (id) => {
      const row = await newestCheck().where("id", "=", id).executeTakeFirst();
      return row === undefined ? null : unnumbered(row);
    },
    driftVerdict: async (id) => {
      const row = await db.selectFrom("drift_checks").select("drift").where("id", "=", id).executeTakeFirst();
      return row?.drift ?? null;
    },
    addDriftCheck: async (row) => {
      await db.insertInto("drift_checks").values(encoded(row, JSON_COLUMNS.drift_checks)).execute();
    },
    newestDriftCheck: async (environment_id, baseline_id) => {
      const row = await newestCheck()
        .where("environment_id", "=", environment_id)
        .where("baseline_id", "=", baseline_id)
        .executeTakeFirst();
      return row === undefined ? null : unnumbered(row);
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
