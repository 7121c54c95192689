/** What was set aside: shown, and tried again when a person says so. */
import { sql } from "kysely";
import { isOver } from "../core/promotion.ts";
import { PromotionState } from "../core/vocabulary.ts";
import type { Queue, SetAsideRow } from "../ports/queue.ts";
import type { Db, DbTx } from "./schema.ts";

type SetAside = Pick<Queue, "setAside" | "tryAgain" | "tryOnceMore">;

export function setAside(db: Db): SetAside {
  return {
    setAside: async (since) => {
      const { rows } = await sql<SetAsideRow>`
        select 'deliveries' as queue, id, event as what, nullif(stream, '')::bigint as repository_id,
          null as operation_id, attempts, last_error
          from deliveries where state = 'failed' and received_at >= ${since}::timestamptz
        union all
        select 'effects', id::text, effect ->> 'kind', repository_id, operation_id, attempts, last_error
          from effects where state = 'failed' and coalesce(settled_at, not_before) >= ${since}::timestamptz
        order by queue, id`.execute(db);
      return rows;
    },
    tryAgain: (ids, now) =>
      db.transaction().execute(async (tx) => {
        if (ids.length === 0) return 0;
        const deliveries = tx.updateTable("deliveries").set(anew(now)).where("id", "in", ids);
        const done = await deliveries.where("state", "=", "failed").executeTakeFirst();
        return (
          Number(done.numUpdatedRows) + (await effectsAgain(tx, ids, { ...anew(now), settled_at: null }))
        );
      }),
    tryOnceMore: (ids, now) => db.transaction().execute((tx) => effectsAgain(tx, ids, anew(now))),
  };
}

const anew = (now: string) =>
  ({ state: "pending", faults: 0, not_before: now, leased_until: null, outage: null }) as const;

/** `settled_at` absent: what is given up again has been so since the first time. */
async function effectsAgain(
  tx: DbTx,
  ids: readonly string[],
  change: ReturnType<typeof anew> & { readonly settled_at?: null },
): Promise<number> {
  const uuids = ids.filter((id) => UUID.test(id));
  if (uuids.length === 0) return 0;
  const outdated = tx.updateTable("effects").set({ state: "superseded" }).where("id", "in", uuids);
  await outdated.where(OUTDATED).execute();
  const effects = tx.updateTable("effects").set(change).where("id", "in", uuids);
  const done = await effects.where("state", "=", "failed").executeTakeFirst();
  return Number(done.numUpdatedRows);
}

const OVER = PromotionState.options.filter(isOver);

/**
 * A newer state of the same comment or check was shown, or waits to be: the older one must not take its place. And what moves something
 * on behalf of an operation does so no more when that has ended: its lock is gone, and its end is told.
 */
const OUTDATED = sql<boolean>`state = 'failed' and (effect ->> 'kind' in ('comment', 'check') and exists (
  select 1 from effects newer where newer.repository_id = effects.repository_id and newer.stream = effects.stream
    and newer.seq > effects.seq and newer.state in ('pending', 'done'))
  or effect ->> 'kind' in ('dispatch', 'pointers') and exists (
    select 1 from operations ended where ended.id = effects.operation_id and ended.state in (${sql.join(OVER)})))`;

const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;
