/** What was set aside: shown, and tried again when a person says so. */
import { sql } from "kysely";
import type { Queue, SetAsideRow } from "../ports/queue.ts";
import type { Db } from "./schema.ts";

type SetAside = Pick<Queue, "setAside" | "tryAgain">;

export function setAside(db: Db): SetAside {
  return {
    setAside: async (since) => {
      const { rows } = await sql<SetAsideRow>`
        select 'deliveries' as queue, id, event as what, nullif(stream, '')::bigint as repository_id,
          null as operation_id, attempts, last_error
          from deliveries where state = 'failed' and received_at >= ${since}::timestamptz
        union all
        select 'effects', id::text, effect ->> 'kind', repository_id, operation_id, attempts, last_error
          from effects where state = 'failed' and not_before >= ${since}::timestamptz
        order by queue, id`.execute(db);
      return rows;
    },
    tryAgain: (ids, now) =>
      db.transaction().execute(async (tx) => {
        const anew = {
          state: "pending",
          faults: 0,
          not_before: now,
          leased_until: null,
          outage: null,
        } as const;
        const uuids = ids.filter((id) => UUID.test(id));
        if (ids.length === 0) return 0;
        const deliveries = tx.updateTable("deliveries").set(anew).where("id", "in", ids);
        const done = await deliveries.where("state", "=", "failed").executeTakeFirst();
        if (uuids.length === 0) return Number(done.numUpdatedRows);
        await tx
          .updateTable("effects")
          .set({ state: "superseded" })
          .where("id", "in", uuids)
          .where(OUTDATED)
          .execute();
        const effects = tx.updateTable("effects").set(anew).where("id", "in", uuids);
        const more = await effects.where("state", "=", "failed").executeTakeFirst();
        return Number(done.numUpdatedRows + more.numUpdatedRows);
      }),
  };
}

/** A newer state of the same comment or check was shown, or waits to be: the older one must not take its place. */
const OUTDATED = sql<boolean>`state = 'failed' and effect ->> 'kind' in ('comment', 'check') and exists (
  select 1 from effects newer where newer.repository_id = effects.repository_id and newer.stream = effects.stream
    and newer.seq > effects.seq and newer.state in ('pending', 'done'))`;

const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;
