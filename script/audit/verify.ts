/** Reads the audit log from its first record to its last, a page at a time. */
import { type AuditFault, anchorFaults, NOTHING_READ, readAudit } from "../../src/core/audit.ts";
import type { Store } from "../../src/ports/store.ts";
import type { Remembered } from "./anchors.ts";

const PAGE = 1_000;

export interface Verification {
  readonly holds: boolean;
  readonly records: number;
  /** The newest record; null for an empty log. */
  readonly head: { readonly seq: number; readonly hash: string } | null;
  readonly anchors: number;
  readonly faults: readonly AuditFault[];
  readonly sentences: readonly string[];
}

const NOTHING: Remembered = { anchors: [], foreign: [] };

/** @param remembered what is remembered of the log elsewhere; without any, nobody can tell that its end was cut off */
export async function verify(
  store: Pick<Store, "transaction">,
  { anchors, foreign }: Remembered = NOTHING,
): Promise<Verification> {
  const anchored = new Set(anchors.map(({ seq }) => seq));
  const hashes = new Map<number, string>();
  let reading = NOTHING_READ;
  for (;;) {
    const after = reading.last?.seq ?? 0;
    const page = await store.transaction((tx) => tx.auditAfter(after, PAGE));
    for (const record of page) {
      reading = readAudit(reading, record);
      if (anchored.has(record.seq)) hashes.set(record.seq, record.hash);
    }
    if (page.length < PAGE) break;
  }
  const faults = [...reading.faults, ...anchorFaults(reading, hashes, anchors), ...foreign.map(foreignTag)];
  const { last: head, records } = reading;
  const result = { holds: faults.length === 0, records, head, anchors: anchors.length, faults };
  return { ...result, sentences: sentencesOf(result) };
}

/** The log itself may be whole. */
const foreignTag = (tag: string): AuditFault => ({
  seq: Number(/\d+$/.exec(tag)?.[0] ?? 0),
  message: `The tag ${tag} was not made by Belay, and keeps Belay from remembering its record there: find out who made it, and delete it.`,
});

function sentencesOf({ faults, records, head, anchors }: Omit<Verification, "sentences">): readonly string[] {
  const read = `The audit log has ${records} record${records === 1 ? "" : "s"}${head === null ? "" : `; the newest is ${head.seq}, with the hash ${head.hash}`}.`;
  if (faults.length > 0)
    return [
      read,
      "The audit log is not what was written:",
      ...faults.map(({ message }) => `- ${message}`),
      "Keep the store as it is and compare it with a backup of it (docs/operating.md).",
    ];
  const compared =
    anchors === 0
      ? "It was compared with no tag: that its newest records were not cut off, only --clone can tell."
      : `It agrees with ${anchors} tag${anchors === 1 ? "" : "s"} of the site's repository.`;
  return [read, "Every record follows from the one before it.", compared];
}
