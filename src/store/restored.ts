/** After a backup was put back: what was done since it was taken must not be done again. */
import { sql } from "kysely";
import type { Db, DbTx } from "./schema.ts";

const RESTORED = "restored";
/** Rows of the same table that are no sweeps (store/sweeps.ts). */
const MARKS = [RESTORED, "store", "caught-up"] as const;
const NEVER = "1970-01-01T00:00:00.000Z";
const CLICK = "check_run.requested_action";
const WHY = "The store was put back from a backup: this button may have been worked on since it was taken.";

export async function markRestored(db: Db, now: string): Promise<void> {
  await db.transaction().execute(async (tx) => {
    await tx
      .insertInto("sweeps")
      .values({ name: RESTORED, swept_at: now, leased_until: null })
      .onConflict((conflict) => conflict.column("name").doUpdateSet({ swept_at: now }))
      .execute();
    const idle = { leased_until: null } as const;
    await tx
      .updateTable("effects")
      .set({ ...idle, state: "superseded" })
      .where("state", "=", "pending")
      .where("stream", "like", "dispatch:%")
      .execute();
    await tx
      .updateTable("effects")
      .set({ ...idle, attempts: sql<number>`greatest(attempts, 1)` })
      .where("state", "=", "pending")
      .execute();
    await tx
      .updateTable("deliveries")
      .set({ ...idle, state: "failed", last_error: WHY })
      .where("state", "=", "pending")
      .where("event", "=", CLICK)
      .execute();
    await tx.updateTable("deliveries").set(idle).where("state", "=", "pending").execute();
    // Whatever is looked at now and then is looked at again at once.
    await tx
      .updateTable("sweeps")
      .set({ ...idle, swept_at: NEVER })
      .where("name", "not in", [...MARKS])
      .execute();
  });
}

export async function restoredAt(db: Db | DbTx): Promise<string | null> {
  const row = db.selectFrom("sweeps").select("swept_at").where("name", "=", RESTORED);
  return (await row.executeTakeFirst())?.swept_at ?? null;
}
