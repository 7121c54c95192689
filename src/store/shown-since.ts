/** When what effects show stood on GitHub's page. */
import { sql } from "kysely";
import type { ShownSince } from "../ports/queue.ts";
import type { DbTx } from "./schema.ts";

interface Asked {
  readonly repository_id: number;
  readonly streams: readonly string[];
}

/** Oldest first. Rows of older versions do not know when they were settled: they count from when they were due. */
export async function shownSince(
  db: DbTx,
  { repository_id, streams }: Asked,
): Promise<readonly ShownSince[]> {
  if (streams.length === 0) return [];
  const rows = await db
    .selectFrom("effects")
    .select(["stream", "not_before", "settled_at"])
    .where("repository_id", "=", repository_id)
    .where(sql<boolean>`stream = any(${streams}::text[])`)
    .where("state", "=", "done")
    .orderBy("seq")
    .execute();
  return rows.map(({ stream, not_before, settled_at }) => ({
    stream,
    due_at: not_before,
    since: settled_at ?? not_before,
  }));
}
