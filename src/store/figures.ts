/** Counts over the tables, asked each time: nothing is counted in memory, so several bots on one database tell the same. */
import { sql } from "kysely";
import type { Figures } from "../ports/queue.ts";
import type { Db } from "./schema.ts";

export async function figures(db: Db, now: string): Promise<Figures> {
  const [operations, durations, deliveries, effects, locks, waiting, outages] = await Promise.all([
    db
      .selectFrom("operations")
      .select((one) => ["kind", "state", one.fn.countAll<number>().as("count")])
      .groupBy(["kind", "state"])
      .orderBy("kind")
      .orderBy("state")
      .execute(),
    db
      .selectFrom("operations")
      .select((one) => ["kind", one.fn.countAll<number>().as("count"), LASTED.as("seconds")])
      .where("state", "=", "succeeded")
      .groupBy("kind")
      .orderBy("kind")
      .execute(),
    db
      .selectFrom("deliveries")
      .select((one) => ["state", one.fn.countAll<number>().as("count")])
      .groupBy("state")
      .orderBy("state")
      .execute(),
    db
      .selectFrom("effects")
      .select((one) => ["state", one.fn.countAll<number>().as("count")])
      .groupBy("state")
      .orderBy("state")
      .execute(),
    db
      .selectFrom("locks")
      .select((one) => one.fn.countAll<number>().as("count"))
      .executeTakeFirstOrThrow(),
    Promise.all([waitingIn(db, "deliveries", now), waitingIn(db, "effects", now)]),
    Promise.all([outagesIn(db, "deliveries"), outagesIn(db, "effects")]),
  ]);
  return {
    operations: operations.map(counted),
    durations: durations.map(({ kind, count, seconds }) => ({
      kind,
      count: Number(count),
      seconds: Number(seconds),
    })),
    deliveries: deliveries.map(counted),
    effects: effects.map(counted),
    waiting_s: { deliveries: waiting[0], effects: waiting[1] },
    outages: outages.flat(),
    locks: Number(locks.count),
  };
}

async function outagesIn(db: Db, queue: "deliveries" | "effects"): Promise<Figures["outages"]> {
  const { rows } = await sql<{ code: string; count: number }>`
    select outage as code, count(*)::int as count from ${sql.table(queue)}
    where state = 'pending' and outage is not null group by outage order by outage`.execute(db);
  return rows.map(({ code, count }) => ({ queue, code, count: Number(count) }));
}

/** A driver gives a count as text where it may be too large for a number. */
const counted = <Row extends { readonly count: number }>(row: Row): Row => ({
  ...row,
  count: Number(row.count),
});

const LASTED = sql<number>`coalesce(sum(extract(epoch from finished_at - requested_at)), 0)`;

/** Of rows whose time has come: one that waits for its next try does not count. */
async function waitingIn(db: Db, table: "deliveries" | "effects", now: string): Promise<number> {
  const { rows } = await sql<{ readonly waited: number }>`
    select greatest(0, coalesce(extract(epoch from ${now}::timestamptz - min(not_before)), 0))::float as waited
    from ${sql.table(table)} where state = 'pending' and not_before <= ${now}::timestamptz`.execute(db);
  return Number(rows[0]?.waited ?? 0);
}
