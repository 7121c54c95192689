/**
 * Deliveries are written in groups: while one group is on its way to the disk, those that arrive wait for the next one. Each is
 * answered when its group has been committed, so nothing is told to be stored that is not.
 */
import { sql } from "kysely";
import type { Db } from "./schema.ts";
import { inHurry } from "./turns.ts";

/** A delivery as it is written; `payload` is JSON text. */
export interface NewDelivery {
  readonly id: string;
  readonly event: string;
  readonly payload: string;
  readonly stream: string;
  readonly received_at: string;
}

interface Waiting {
  readonly row: NewDelivery;
  readonly resolve: (inserted: boolean) => void;
  readonly reject: (error: unknown) => void;
}

/** Bounds the size of one statement. */
const MOST_AT_ONCE = 200;

/** @returns a function that stores a delivery: false when one of this id is stored already */
export function deliveryInsert(db: Db): (row: NewDelivery) => Promise<boolean> {
  let waiting: Waiting[] = [];
  let writing = false;
  const write = async () => {
    writing = true;
    while (waiting.length > 0) {
      const group = waiting.slice(0, MOST_AT_ONCE);
      waiting = waiting.slice(MOST_AT_ONCE);
      // GitHub waits for the answer.
      await inHurry(() => writeGroup(db, group));
    }
    writing = false;
  };
  return (row) =>
    new Promise((resolve, reject) => {
      waiting.push({ row, resolve, reject });
      if (!writing) void write();
    });
}

/** Never throws. A delivery that the database refuses must not take others with it: then each is written alone. */
async function writeGroup(db: Db, group: readonly Waiting[]): Promise<void> {
  try {
    const inserted = await insert(
      db,
      group.map(({ row }) => row),
    );
    // The same id twice in one group: one of them is the one that was stored.
    for (const { row, resolve } of group) resolve(inserted.delete(row.id));
  } catch (error) {
    if (group.length === 1) for (const { reject } of group) reject(error);
    else for (const one of group) await writeGroup(db, [one]);
  }
}

/** @returns the ids that were not stored before */
async function insert(db: Db, rows: readonly NewDelivery[]): Promise<Set<string>> {
  const column = (name: keyof NewDelivery) => rows.map((row) => row[name]);
  const written = await sql<{ readonly id: string }>`
    insert into deliveries (id, event, payload, stream, received_at, not_before, state, attempts)
    select id, event, payload::json, stream, received_at::timestamptz, received_at::timestamptz, 'pending', 0
    from unnest(${column("id")}::text[], ${column("event")}::text[], ${column("payload")}::text[],
      ${column("stream")}::text[], ${column("received_at")}::text[])
      as given (id, event, payload, stream, received_at)
    on conflict (id) do nothing returning id`.execute(db);
  return new Set(written.rows.map(({ id }) => id));
}
