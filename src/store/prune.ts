/**
 * What is old enough to be dropped. Never dropped: what keeps anything from being done twice (`claimed_keys`, `resources`), the newest
 * effect of each check and of each operation's comment, by which is known what GitHub shows, and all that people may look up later
 * (operations, findings, approvals, the audit log). A check that GitHub refused shows nothing: it goes once nobody can look at its commit
 * in an open pull request, where it would be taken for one that was never judged.
 */
import { sql } from "kysely";
import type { PruneBefore, Pruned } from "../ports/reconcile.ts";
import type { Db } from "./schema.ts";

/** Streams that are over with their one effect: what came of it stands in `resources`. */
const NOTHING_SHOWN = sql`old.stream not like 'check:%' and old.stream not like 'comment:%:<!-- belay:operation=%'`;

const REFUSED_AND_CLOSED = sql`old.state = 'failed' and old.stream like 'check:%' and not exists (
  select from pull_request_heads as head
  join pull_requests as pull on pull.repository_id = head.repository_id and pull.number = head.number
  where pull.state = 'open' and head.repository_id = old.repository_id and head.sha = split_part(old.stream, ':', 2))`;

export async function prune(db: Db, { answers, worked_on, set_aside, most }: PruneBefore): Promise<Pruned> {
  const requests = await db.deleteFrom("api_requests").where("at", "<", answers).executeTakeFirst();
  const asked = await db.deleteFrom("redeliveries").where("asked_at", "<", answers).executeTakeFirst();
  const deliveries = await sql`
    delete from deliveries where id in (
      select id from deliveries
      where (state = 'done' and received_at < ${worked_on}) or (state = 'failed' and received_at < ${set_aside})
      order by received_at limit ${most})`.execute(db);
  const effects = await sql`
    delete from effects where seq in (
      select old.seq from effects as old
      where old.state <> 'pending'
        and coalesce(old.settled_at, old.not_before) < case when old.state = 'failed' then ${set_aside}::timestamptz else ${worked_on}::timestamptz end
        and (${NOTHING_SHOWN} or (${REFUSED_AND_CLOSED}) or exists (
          select from effects as newer
          where newer.repository_id = old.repository_id and newer.stream = old.stream and newer.seq > old.seq
            and newer.state in ('pending', 'done')))
      order by coalesce(old.settled_at, old.not_before) limit ${most})`.execute(db);
  const [first = 0, second = 0] = [deliveries, effects].map(({ numAffectedRows = 0n }) =>
    Number(numAffectedRows),
  );
  const rows = Number(requests.numDeletedRows + asked.numDeletedRows) + first + second;
  return { rows, more: first === most || second === most };
}
