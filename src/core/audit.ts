/** The audit log: who, what, when, why, result; each record holds the hash of the one before, so a gap or an edit shows. */
import { digestOf, type Json } from "./canonical.ts";

export interface AuditEntry {
  /** `github:<login>` for a person, `bot`, or `run:<run id>` for a runner. */
  readonly actor: string;
  /** What was done: `promote.requested`, `promote.blocked`, `lock.released`, ... */
  readonly action: string;
  /** What it was done to: `operation:<id>`, `environment:<id>`. */
  readonly subject: string;
  readonly site_id: string | null;
  /** Why, as a sentence. */
  readonly reason: string;
  readonly details: Json;
  readonly at: string;
}

export interface AuditRecord extends AuditEntry {
  readonly seq: number;
  readonly previous_hash: string;
  readonly hash: string;
}

/** What stands before the first record. */
export const GENESIS_HASH = "0".repeat(64);

/** SHA-256 over the hash before and the record's canonical JSON. */
export function auditHash(previous_hash: string, seq: number, entry: AuditEntry): string {
  const { actor, action, subject, site_id, reason, details, at } = entry;
  return digestOf([previous_hash, seq, { actor, action, subject, site_id, reason, details, at }]);
}

export function chainAudit(last: Pick<AuditRecord, "seq" | "hash"> | null, entry: AuditEntry): AuditRecord {
  const seq = (last?.seq ?? 0) + 1;
  const previous_hash = last?.hash ?? GENESIS_HASH;
  return { ...entry, seq, previous_hash, hash: auditHash(previous_hash, seq, entry) };
}

/** The `seq` of the first record that does not follow from the ones before it, or null when the chain holds. */
export function firstBrokenLink(records: readonly AuditRecord[]): number | null {
  let last: AuditRecord | null = null;
  for (const record of records) {
    const expected = chainAudit(last, record);
    if (expected.seq !== record.seq || expected.hash !== record.hash) return record.seq;
    if (expected.previous_hash !== record.previous_hash) return record.seq;
    last = record;
  }
  return null;
}
