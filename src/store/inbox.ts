/** The inbox: webhooks as they came in, worked on in the order in which each repository's came. */
import { sql } from "kysely";
import { z } from "zod";
import { outageOf } from "../core/outage.ts";
import type { DeliveryRow, Queue } from "../ports/queue.ts";
import { deliveryInsert } from "./inbox-insert.ts";
import { LEASE_MS, later, messageOf, SETTLED, tryAgain, whileLeased } from "./lease.ts";
import { type Db, type DbTx, unnumbered } from "./schema.ts";

export function inbox(db: Db): Pick<Queue, "addDelivery" | "takeDelivery"> {
  const insert = deliveryInsert(db);
  return {
    addDelivery: ({ payload, ...row }) =>
      insert({ ...row, payload: JSON.stringify(payload), stream: streamOf(payload) }),
    takeDelivery: (now, work) => takeDelivery(db, now, work),
  };
}

const OfRepository = z.object({ repository: z.object({ id: z.number() }) });

function streamOf(payload: unknown): string {
  const read = OfRepository.safeParse(payload);
  return read.success ? String(read.data.repository.id) : "";
}

async function takeDelivery(
  db: Db,
  now: string,
  work: (row: DeliveryRow) => Promise<void>,
): Promise<boolean> {
  const row = await lease(db, now);
  if (row === null) return false;
  const renew = (leased_until: string) =>
    db
      .updateTable("deliveries")
      .set({ leased_until })
      .where("id", "=", row.id)
      .where("attempts", "=", row.attempts)
      .where("leased_until", "is not", null)
      .execute();
  const failure = await whileLeased(now, renew, () => work(row)).then(
    () => null,
    (reason: unknown) => ({ message: messageOf(reason), outage: outageOf(reason), retry: true }),
  );
  await db
    .updateTable("deliveries")
    .set(failure === null ? { ...SETTLED, state: "done" } : tryAgain(row, now, failure))
    .where("id", "=", row.id)
    // Whoever took it after this lease had run out has the last word.
    .where("attempts", "=", row.attempts)
    .execute();
  return true;
}

/** Null: none is due. Another bot may take one of the same repository first; then the next one is looked for. */
async function lease(db: Db, now: string): Promise<DeliveryRow | null> {
  for (;;) {
    const found = await db.transaction().execute((tx) => leaseFirst(tx, now));
    if (found !== "raced") return found;
  }
}

/** Any number that no other advisory lock of Belay's begins with. */
const STREAM_LOCK = 7_305_228;

async function leaseFirst(tx: DbTx, now: string): Promise<DeliveryRow | "raced" | null> {
  const due = await firstDue(tx, now).executeTakeFirst();
  if (due === undefined) return null;
  // Two bots may both have found the repository free: whoever comes second waits here, and then finds it taken.
  await sql`select pg_advisory_xact_lock(${sql.lit(STREAM_LOCK)}, hashtext(${due.stream}))`.execute(tx);
  const taken = await tx
    .updateTable("deliveries")
    .set((to) => ({ leased_until: later(now, LEASE_MS), attempts: to("attempts", "+", 1) }))
    .where("id", "=", due.id)
    .where(({ not, exists }) => not(exists(atWork(tx, now).where("other.stream", "=", due.stream))))
    .returningAll()
    .executeTakeFirst();
  if (taken === undefined) return "raced";
  const { leased_until: _lease, ...row } = taken;
  return unnumbered(row);
}

const atWork = (tx: DbTx, now: string) =>
  tx.selectFrom("deliveries as other").select("other.id").where("other.leased_until", ">", now);

/** The first due one of a repository of which none is being worked on. The few that are are asked for once, not for each that waits. */
function firstDue(tx: DbTx, now: string) {
  const busy = sql`array(select stream from deliveries where leased_until > ${now}::timestamptz)`;
  return tx
    .selectFrom("deliveries")
    .select(["id", "stream"])
    .where("state", "=", "pending")
    .where("not_before", "<=", now)
    .where(sql<boolean>`stream <> all (${busy})`)
    .orderBy("seq")
    .limit(1)
    .forUpdate("deliveries")
    .skipLocked();
}
