/** Effects that would tell GitHub what it shows already. */
import { canonicalJson } from "../core/canonical.ts";
import type { Effect } from "../core/effects.ts";
import type { DbTx } from "./schema.ts";
import { keepableJson } from "./texts.ts";

interface Coming {
  readonly repository_id: number;
  readonly stream: string;
  readonly operation_id: string | null;
  readonly effect: Effect;
}

/**
 * Whether a check shows the same already, by this operation: GitHub limits how often we may write. Another operation writes
 * anew, because somebody may have asked for the check again on GitHub's page meanwhile.
 */
export async function isRepetition(
  db: DbTx,
  { repository_id, stream, operation_id, effect }: Coming,
): Promise<boolean> {
  if (effect.kind !== "check" || operation_id === null) return false;
  const newest = await db
    .selectFrom("effects")
    .select(["effect", "operation_id"])
    .where("repository_id", "=", repository_id)
    .where("stream", "=", stream)
    .where("state", "in", ["pending", "done"])
    .orderBy("seq", "desc")
    .limit(1)
    .executeTakeFirst();
  const kept = canonicalJson(JSON.parse(keepableJson(effect)));
  return newest?.operation_id === operation_id && canonicalJson(newest.effect) === kept;
}
