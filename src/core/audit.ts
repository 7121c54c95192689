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

/** What somebody else remembers of the log: the record `seq` had this hash. `where` names the memory, for people. */
export interface AuditAnchor {
  readonly seq: number;
  readonly hash: string;
  readonly where: string;
}

/** A place where the log is not what was written. */
export interface AuditFault {
  readonly seq: number;
  readonly message: string;
}

/** How far a log was read, in the order in which it was written. */
export interface AuditReading {
  readonly last: Pick<AuditRecord, "seq" | "hash"> | null;
  readonly faults: readonly AuditFault[];
  readonly records: number;
}

export const NOTHING_READ: AuditReading = { last: null, faults: [], records: 0 };

/** Reads on by one record. After a fault the record is taken as it stands, so that one edit is told once. */
export function readAudit(reading: AuditReading, record: AuditRecord): AuditReading {
  const message = faultOf(reading.last, record);
  const faults = message === null ? reading.faults : [...reading.faults, { seq: record.seq, message }];
  return { last: { seq: record.seq, hash: record.hash }, faults, records: reading.records + 1 };
}

function faultOf(last: AuditReading["last"], record: AuditRecord): string | null {
  const { seq, previous_hash, hash } = record;
  const before = last?.seq ?? 0;
  if (seq !== before + 1)
    return seq > before
      ? `Records ${before + 1} to ${seq - 1} are missing before record ${seq}.`
      : `Record ${seq} stands after record ${before}.`;
  if (auditHash(previous_hash, seq, record) !== hash)
    return `Record ${seq} was changed: its content does not have its hash.`;
  if (previous_hash !== (last?.hash ?? GENESIS_HASH))
    return `Record ${seq} does not follow from record ${before}: one of the two was written anew.`;
  return null;
}

/**
 * A log that was cut off, or rewritten with hashes that fit, contradicts what was remembered of it.
 * `hashes` holds the hashes of at least the anchored records that were found.
 */
export function anchorFaults(
  reading: AuditReading,
  hashes: ReadonlyMap<number, string>,
  anchors: readonly AuditAnchor[],
): readonly AuditFault[] {
  return anchors.flatMap(({ seq, hash, where }) => {
    const found = hashes.get(seq);
    if (found === hash) return [];
    const end = reading.last?.seq ?? 0;
    const message =
      found === undefined
        ? `The log ends at record ${end}, but ${where} says that record ${seq} existed: its end was cut off.`
        : `Record ${seq} has another hash than ${where} says: it or something before it was written anew.`;
    return [{ seq, message }];
  });
}

/** The text in which an anchor is kept, for example as the message of a tag. */
export function anchorText({ seq, hash }: Pick<AuditAnchor, "seq" | "hash">): string {
  return `Belay's audit log: record ${seq} has the hash ${hash}`;
}

/** The anchor of a text, or null where it is none. */
export function parseAnchor(text: string, where: string): AuditAnchor | null {
  const found = /^Belay's audit log: record ([1-9]\d{0,14}) has the hash ([0-9a-f]{64})$/m.exec(text);
  return found?.[1] === undefined || found[2] === undefined
    ? null
    : { seq: Number(found[1]), hash: found[2], where };
}
