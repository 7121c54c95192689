/** Sweeps of the reconciler, in the database: several bots share them, and a restart does not begin anew. */
import { sql } from "kysely";
import type { SettingsMark, Sweeps } from "../ports/reconcile.ts";
import { later } from "./lease.ts";
import { prune } from "./prune.ts";
import { restoredAt } from "./restored.ts";
import type { Db, DbTx } from "./schema.ts";

/** Whoever is at a sweep renews it (`hold`). Short: after a crash the next one waits for it. */
const SWEEP_MS = 60_000;
const BEGINNING = "store";
const CAUGHT_UP = "caught-up";
const NEVER = "1970-01-01T00:00:00.000Z";

export function sweeps(db: Db): Sweeps {
  return {
    begin: (name, now, every_s) => begin(db, { name, now, due: later(now, -every_s * 1000) }),
    hold: async (name, until) => {
      await db
        .updateTable("sweeps")
        .set({ leased_until: until })
        .where("name", "=", name)
        // One that ended meanwhile stays ended.
        .where("leased_until", "is not", null)
        .execute();
    },
    end: async (name, now) => {
      await db
        .updateTable("sweeps")
        .set({ swept_at: now, leased_until: null })
        .where("name", "=", name)
        .execute();
    },
    settingsMarks: () => settingsMarks(db),
    unmarkSettings: async ({ repository_id, at }) => {
      const row = db.deleteFrom("sweeps").where("name", "=", `${SETTINGS}${repository_id}`);
      await row.where("swept_at", "=", at).execute();
    },
    beganAt: async (now) => {
      await add(db, BEGINNING, now);
      const row = db.selectFrom("sweeps").select("swept_at").where("name", "=", BEGINNING);
      return (await row.executeTakeFirstOrThrow()).swept_at;
    },
    restoredAt: () => restoredAt(db),
    caughtUpAt: async () => {
      const row = db.selectFrom("sweeps").select("swept_at").where("name", "=", CAUGHT_UP);
      return (await row.executeTakeFirst())?.swept_at ?? null;
    },
    caughtUp: async (at) => {
      await add(db, CAUGHT_UP, at);
      await db.updateTable("sweeps").set({ swept_at: at }).where("name", "=", CAUGHT_UP).execute();
    },
    known: async (guids) => {
      const given = sql<boolean>`id = any(${guids}::text[])`;
      const rows = await db.selectFrom("deliveries").select("id").where(given).execute();
      return new Set(rows.map(({ id }) => id));
    },
    countRedelivery: async (guid, now) => {
      const row = await db
        .insertInto("redeliveries")
        .values({ guid, attempts: 1, asked_at: now })
        .onConflict((conflict) =>
          conflict.column("guid").doUpdateSet((to) => ({
            attempts: to("redeliveries.attempts", "+", 1),
            asked_at: now,
          })),
        )
        .returning("attempts")
        .executeTakeFirstOrThrow();
      return row.attempts;
    },
    uncountRedelivery: async (guid) => {
      const once = sql<number>`attempts - 1`;
      await db.updateTable("redeliveries").set({ attempts: once }).where("guid", "=", guid).execute();
    },
    prune: (before) => prune(db, before),
  };
}

/** Rows that stand for sites to be looked at, by repository. */
const SETTINGS = "settings:";

export async function markSettings(db: DbTx, ids: readonly number[], at: string): Promise<void> {
  if (ids.length === 0) return;
  const rows = ids.map((id) => ({ name: `${SETTINGS}${id}`, swept_at: at, leased_until: null }));
  await db
    .insertInto("sweeps")
    .values(rows)
    .onConflict((conflict) => conflict.column("name").doUpdateSet({ swept_at: at }))
    .execute();
}

async function settingsMarks(db: Db): Promise<readonly SettingsMark[]> {
  const rows = await db
    .selectFrom("sweeps")
    .select(["name", "swept_at"])
    .where("name", "like", `${SETTINGS}%`)
    .orderBy("name")
    .execute();
  return rows.map(({ name, swept_at }) => ({
    repository_id: Number(name.slice(SETTINGS.length)),
    at: swept_at,
  }));
}

interface Beginning {
  readonly name: string;
  readonly now: string;
  /** It is due where the last one ended before this. */
  readonly due: string;
}

async function begin(db: Db, { name, now, due }: Beginning): Promise<boolean> {
  await add(db, name, NEVER);
  const taken = await db
    .updateTable("sweeps")
    .set({ leased_until: later(now, SWEEP_MS) })
    .where("name", "=", name)
    .where("swept_at", "<=", due)
    .where((is) => is.or([is("leased_until", "is", null), is("leased_until", "<=", now)]))
    .returning("name")
    .executeTakeFirst();
  return taken !== undefined;
}

async function add(db: Db, name: string, swept_at: string): Promise<void> {
  await db
    .insertInto("sweeps")
    .values({ name, swept_at, leased_until: null })
    .onConflict((conflict) => conflict.column("name").doNothing())
    .execute();
}
