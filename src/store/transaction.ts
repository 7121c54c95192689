/** One transaction as flows see it, and its repetition when the database could not make it look alone. */
import { AsyncLocalStorage } from "node:async_hooks";
import { setTimeout as sleep } from "node:timers/promises";
import type { Tx } from "../ports/store.ts";
import { apiRequests } from "./api-requests.ts";
import { approvals } from "./approvals.ts";
import { baselines } from "./baselines.ts";
import { backups, releases } from "./findings.ts";
import { jobs, operations } from "./operations.ts";
import { outbox } from "./outbox.ts";
import { packages } from "./packages.ts";
import { pullRequests } from "./pull-requests.ts";
import { audit, locks, personLocks } from "./record.ts";
import type { Db, DbTx } from "./schema.ts";
import { sites } from "./sites.ts";

const ATTEMPTS = 20;
/** serialization_failure and deadlock_detected; a lost race for the next number of the log is one, too. */
const SERIALIZATION = new Set(["40001", "40P01"]);

/** Whether this code runs inside a transaction: a second one would wait for the first, which waits for it. */
const inside = new AsyncLocalStorage<true>();

/** Serialisable: what a flow read is still so when it commits, on PostgreSQL as on PGlite (which runs one at a time anyway). */
export async function transaction<T>(db: Db, work: (tx: Tx) => Promise<T>): Promise<T> {
  if (inside.getStore()) throw new Error("A flow began a transaction inside a transaction.");
  for (let attempt = 1; ; attempt++) {
    try {
      return await db
        .transaction()
        .setIsolationLevel("serializable")
        .execute((tx) => inside.run(true, () => work(flowsView(tx))));
    } catch (error) {
      if (attempt === ATTEMPTS || !isRace(error)) throw error;
      await sleep(Math.random() * 10 * attempt);
    }
  }
}

function flowsView(tx: DbTx): Tx {
  return {
    ...sites(tx),
    ...pullRequests(tx),
    ...operations(tx),
    ...jobs(tx),
    ...releases(tx),
    ...baselines(tx),
    ...backups(tx),
    ...approvals(tx),
    ...apiRequests(tx),
    ...packages(tx),
    ...locks(tx),
    ...personLocks(tx),
    ...audit(tx),
    ...outbox(tx),
  };
}

function isRace(error: unknown): boolean {
  if (!(error instanceof Error) || !("code" in error)) return false;
  if (typeof error.code === "string" && SERIALIZATION.has(error.code)) return true;
  return error.code === "23505" && "constraint" in error && RACED_KEYS.has(String(error.constraint));
}

/** Keys that two transactions may reach for at once, each having seen them free. */
const RACED_KEYS = new Set([
  "audit_log_pkey",
  "audit_log_previous_hash_key",
  "locks_pkey",
  "person_locks_pkey",
  "claimed_keys_pkey",
  "api_requests_pkey",
]);
