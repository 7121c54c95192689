/** What the outbox says that a commit's checks show. */
import { sql } from "kysely";
import type { Effect } from "../core/effects.ts";
import type { ShownCheck } from "../ports/queue.ts";
import type { DbTx } from "./schema.ts";

interface Asked {
  readonly repository_id: number;
  readonly head_sha: string;
  readonly external_ids: readonly string[];
}

export async function shownChecks(
  db: DbTx,
  { repository_id, head_sha, external_ids }: Asked,
): Promise<ReadonlyMap<string, ShownCheck>> {
  // As core/effects.ts names the stream of a check.
  const streams = external_ids.map((id) => `check:${head_sha}:${id}`);
  const rows = await db
    .selectFrom("effects")
    .select(["effect", "state"])
    .where("repository_id", "=", repository_id)
    .where(sql<boolean>`stream = any(${streams}::text[])`)
    .where("state", "<>", "superseded")
    .orderBy("seq")
    .execute();
  // Later ones take the place of earlier ones.
  return new Map(rows.flatMap(({ effect, state }) => shown(effect, state)));
}

function shown(effect: Effect, state: string): readonly (readonly [string, ShownCheck])[] {
  if (effect.kind !== "check") return [];
  if (state !== "pending" && state !== "done" && state !== "failed") return [];
  return [[effect.external_id, { effect, state }]];
}
