/** The inbox: webhooks as they came in, worked on one after another. */
import type { DeliveryRow, Queue } from "../ports/queue.ts";
import { LEASE_MS, later, messageOf, SETTLED, tryAgain } from "./lease.ts";
import { type Db, type DbTx, unnumbered } from "./schema.ts";

export function inbox(db: Db): Pick<Queue, "addDelivery" | "takeDelivery"> {
  return {
    addDelivery: async ({ payload, ...row }) => {
      const inserted = await db
        .insertInto("deliveries")
        .values({
          ...row,
          payload: JSON.stringify(payload),
          state: "pending",
          attempts: 0,
          not_before: row.received_at,
          leased_until: null,
          last_error: null,
        })
        .onConflict((conflict) => conflict.column("id").doNothing())
        .returning("id")
        .executeTakeFirst();
      return inserted !== undefined;
    },
    takeDelivery: (now, work) => takeDelivery(db, now, work),
  };
}

async function takeDelivery(
  db: Db,
  now: string,
  work: (row: DeliveryRow) => Promise<void>,
): Promise<boolean> {
  const row = await db.transaction().execute((tx) => leaseDelivery(tx, now));
  if (row === undefined) return false;
  const error = await work(row).then(
    () => null,
    (reason: unknown) => messageOf(reason),
  );
  await db
    .updateTable("deliveries")
    .set(error === null ? { ...SETTLED, state: "done" } : tryAgain(row.attempts, now, error))
    .where("id", "=", row.id)
    // Whoever took it after this lease had run out has the last word.
    .where("attempts", "=", row.attempts)
    .execute();
  return true;
}

async function leaseDelivery(tx: DbTx, now: string): Promise<DeliveryRow | undefined> {
  const due = await tx
    .selectFrom("deliveries")
    .select("id")
    .where("state", "=", "pending")
    .where("not_before", "<=", now)
    .where((sql) => sql.or([sql("leased_until", "is", null), sql("leased_until", "<=", now)]))
    .orderBy("seq")
    .limit(1)
    .forUpdate()
    .skipLocked()
    .executeTakeFirst();
  if (due === undefined) return undefined;
  const { leased_until: _lease, ...row } = await tx
    .updateTable("deliveries")
    .set((sql) => ({ leased_until: later(now, LEASE_MS), attempts: sql("attempts", "+", 1) }))
    .where("id", "=", due.id)
    .returningAll()
    .executeTakeFirstOrThrow();
  return unnumbered(row);
}
