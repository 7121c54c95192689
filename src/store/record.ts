/** Once, one at a time, on record: claimed keys, locks, the audit log. */
import { type AuditRecord, chainAudit } from "../core/audit.ts";
import { grantLock, type LockHeld, type LockProof } from "../core/lock.ts";
import type { Tx } from "../ports/store.ts";
import type { DbTx } from "./schema.ts";
import { keepable } from "./texts.ts";

type Locks = Pick<Tx, "claimOnce" | "acquireLock" | "releaseLock" | "locks" | "heartbeat">;

export function locks(db: DbTx): Locks {
  return {
    claimOnce: async (key, at) => {
      const inserted = await db
        .insertInto("claimed_keys")
        .values({ key, claimed_at: at })
        .onConflict((conflict) => conflict.doNothing())
        .returning("key")
        .executeTakeFirst();
      return inserted !== undefined;
    },
    acquireLock: (operation_id, environment_ids, at) =>
      acquireLock(db, operation_id, { environment_ids, at }),
    releaseLock: async (operation_id) => {
      await db.deleteFrom("locks").where("operation_id", "=", operation_id).execute();
    },
    heartbeat: async (operation_id, at) => {
      await db
        .updateTable("locks")
        .set({ heartbeat_at: at })
        .where("operation_id", "=", operation_id)
        .execute();
    },
    locks: () => db.selectFrom("locks").selectAll().orderBy("acquired_at").execute(),
  };
}

/** Looks first and takes after: the transaction is serialisable, so nobody takes one of them in between. */
async function acquireLock(
  db: DbTx,
  operation_id: string,
  asked: { readonly environment_ids: readonly string[]; readonly at: string },
): Promise<LockProof | LockHeld> {
  const ids = [...new Set(asked.environment_ids)].sort();
  const held = await db.selectFrom("locks").selectAll().where("environment_id", "in", ids).execute();
  const other = held.find((lock) => lock.operation_id !== operation_id);
  if (other !== undefined) {
    const { operation_id: held_by, environment_id, acquired_at: since } = other;
    return { by: "operation", held_by, environment_id, since };
  }
  const free = ids.filter((id) => !held.some((lock) => lock.environment_id === id));
  if (free.length > 0) {
    const person = await lockedByOther(db, operation_id, free);
    if (person !== undefined) return person;
    const { at } = asked;
    const rows = free.map((environment_id) => ({
      environment_id,
      operation_id,
      acquired_at: at,
      heartbeat_at: at,
    }));
    await db.insertInto("locks").values(rows).execute();
  }
  return grantLock(operation_id, asked.environment_ids);
}

/** What an operation holds already stays its own, whoever locks the environment meanwhile. */
async function lockedByOther(
  db: DbTx,
  operation_id: string,
  environment_ids: readonly string[],
): Promise<LockHeld | undefined> {
  const asking = await db
    .selectFrom("operations")
    .select("requested_by")
    .where("id", "=", operation_id)
    .executeTakeFirst();
  const rows = await db
    .selectFrom("person_locks")
    .selectAll()
    .where("environment_id", "in", environment_ids)
    .orderBy("environment_id")
    .execute();
  const found = rows.find(({ login }) => login.toLowerCase() !== asking?.requested_by.toLowerCase());
  if (found === undefined) return undefined;
  const { environment_id, acquired_at: since, login, reason } = found;
  return { by: "person", environment_id, since, login, reason };
}

type PersonLocks = Pick<Tx, "personLock" | "putPersonLock" | "removePersonLock">;

export function personLocks(db: DbTx): PersonLocks {
  return {
    personLock: async (environment_id) => {
      const found = db.selectFrom("person_locks").selectAll().where("environment_id", "=", environment_id);
      return (await found.executeTakeFirst()) ?? null;
    },
    putPersonLock: async (row) => {
      await db
        .insertInto("person_locks")
        .values(row)
        .onConflict((conflict) => conflict.column("environment_id").doUpdateSet(row))
        .execute();
    },
    removePersonLock: async (environment_id) => {
      await db.deleteFrom("person_locks").where("environment_id", "=", environment_id).execute();
    },
  };
}

type Audit = Pick<Tx, "addAudit" | "audit" | "auditAfter">;

export function audit(db: DbTx): Audit {
  const newest = () => db.selectFrom("audit_log").selectAll().orderBy("seq", "desc");
  return {
    addAudit: async (entry) => {
      const last = await newest().limit(1).executeTakeFirst();
      const at = new Date(entry.at).toISOString();
      // What is hashed is what is kept.
      const record = chainAudit(last ?? null, { ...entry, reason: keepable(entry.reason), at });
      await db
        .insertInto("audit_log")
        .values({ ...columnsOf(record), details: JSON.stringify(record.details) })
        .execute();
      return record;
    },
    audit: ({ site_id }, page) => {
      let query = newest().limit(page.limit);
      if (site_id !== undefined) query = query.where("site_id", "=", site_id);
      if (page.after !== undefined) query = query.where("seq", "<", Number(page.after));
      return query.execute();
    },
    auditAfter: (seq, limit) =>
      db.selectFrom("audit_log").selectAll().where("seq", ">", seq).orderBy("seq").limit(limit).execute(),
  };
}

function columnsOf(record: AuditRecord): Omit<AuditRecord, "details"> {
  const { seq, actor, action, subject, site_id, reason, at, previous_hash, hash } = record;
  return { seq, actor, action, subject, site_id, reason, at, previous_hash, hash };
}
