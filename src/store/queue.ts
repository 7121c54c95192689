/**
 * The inbox of webhooks and the outbox of effects. A row is leased in a short transaction, worked on outside any
 * transaction, and settled in a second one: a process that dies leaves a lease that runs out, and the row is done again.
 */
import { type EffectResult, supersedes } from "../core/effects.ts";
import type { DeliveryRow, EffectRow, Queue, ResourceRow } from "../ports.ts";
import { type Db, type DbTx, unnumbered } from "./schema.ts";

/** Longer than any work takes (the GitHub adapter gives up within a minute), short enough to heal by itself. */
const LEASE_MS = 5 * 60_000;
/** After so many tries a row is set aside as failed; the waits between them add up to three quarters of an hour. */
export const MAX_ATTEMPTS = 12;
const FIRST_WAIT_MS = 2_000;
const LONGEST_WAIT_MS = 15 * 60_000;

export function queue(db: Db): Queue {
  return {
    most_attempts: MAX_ATTEMPTS,
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
    takeEffect: (now, work) => takeEffect(db, now, work),
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

async function takeEffect(
  db: Db,
  now: string,
  work: (row: EffectRow, known: ResourceRow | null) => Promise<EffectResult>,
): Promise<boolean> {
  const leased = await db.transaction().execute((tx) => leaseEffect(tx, now));
  if (leased === undefined) return false;
  const { row, known } = leased;
  const result = await work(row, known).catch((reason: unknown) => ({
    ok: false as const,
    retry: true,
    code: "EFFECT_CRASHED",
    message: messageOf(reason),
  }));
  await db.transaction().execute(async (tx) => {
    if (result.ok) await remember(tx, row, result);
    const change = result.ok
      ? ({ ...SETTLED, state: "done" } as const)
      : tryAgain(result.retry ? row.attempts : MAX_ATTEMPTS, now, `${result.code}: ${result.message}`);
    const outdated = !result.ok && (await hasSuccessor(tx, row));
    await tx
      .updateTable("effects")
      .set(outdated ? { ...change, state: "superseded" } : change)
      .where("id", "=", row.id)
      .where("attempts", "=", row.attempts)
      .execute();
  });
  return true;
}

/** The first effect of each stream is the only one that may be taken, so a stream is applied in order. */
async function leaseEffect(tx: DbTx, now: string) {
  const due = await tx
    .selectFrom("effects")
    .select("id")
    .where("state", "=", "pending")
    .where("not_before", "<=", now)
    .where((sql) => sql.or([sql("leased_until", "is", null), sql("leased_until", "<=", now)]))
    .where((sql) =>
      sql.not(
        sql.exists(
          sql
            .selectFrom("effects as earlier")
            .select("earlier.id")
            .whereRef("earlier.repository_id", "=", "effects.repository_id")
            .whereRef("earlier.stream", "=", "effects.stream")
            .whereRef("earlier.seq", "<", "effects.seq")
            .where("earlier.state", "=", "pending"),
        ),
      ),
    )
    .orderBy("seq")
    .limit(1)
    .forUpdate()
    .skipLocked()
    .executeTakeFirst();
  if (due === undefined) return undefined;
  const {
    leased_until: _lease,
    repository_id,
    ...row
  } = await tx
    .updateTable("effects")
    .set((sql) => ({ leased_until: later(now, LEASE_MS), attempts: sql("attempts", "+", 1) }))
    .where("id", "=", due.id)
    .returningAll()
    .executeTakeFirstOrThrow();
  const known = await tx
    .selectFrom("resources")
    .selectAll()
    .where("repository_id", "=", repository_id)
    .where("stream", "=", row.stream)
    .executeTakeFirst();
  return { row, known: known ?? null };
}

async function remember(
  tx: DbTx,
  row: EffectRow,
  made: { readonly external_id: number | null; readonly url: string | null },
): Promise<void> {
  const { external_id, url } = made;
  await tx
    .insertInto("resources")
    .values({ repository_id: row.repository.id, stream: row.stream, external_id, url })
    .onConflict((conflict) => conflict.columns(["repository_id", "stream"]).doUpdateSet({ external_id, url }))
    .execute();
}

/** A newer state of the same comment or check was written while this one could not be applied. */
async function hasSuccessor(tx: DbTx, row: EffectRow): Promise<boolean> {
  if (!supersedes(row.effect)) return false;
  const newer = await tx
    .selectFrom("effects")
    .select("id")
    .where("repository_id", "=", row.repository.id)
    .where("stream", "=", row.stream)
    .where("state", "=", "pending")
    .where("seq", ">", row.seq)
    .executeTakeFirst();
  return newer !== undefined;
}

const SETTLED = { leased_until: null, last_error: null } as const;

function tryAgain(attempts: number, now: string, error: string) {
  const wait = Math.min(FIRST_WAIT_MS * 2 ** (attempts - 1), LONGEST_WAIT_MS);
  const state: "pending" | "failed" = attempts >= MAX_ATTEMPTS ? "failed" : "pending";
  return { state, leased_until: null, last_error: error.slice(0, 2_000), not_before: later(now, wait) };
}

function later(now: string, milliseconds: number): string {
  return new Date(Date.parse(now) + milliseconds).toISOString();
}

function messageOf(reason: unknown): string {
  return reason instanceof Error ? (reason.stack ?? reason.message) : String(reason);
}
