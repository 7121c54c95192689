/** Pull requests and their heads, as webhooks told of them. */
import type { HeadRow } from "../ports/sites.ts";
import type { Tx } from "../ports/store.ts";
import { type DbTx, unnumbered } from "./schema.ts";

type PullRequests = Pick<Tx, "pullRequest" | "putPullRequest" | "pullRequestsOf" | "addHead" | "headsOf">;

export function pullRequests(db: DbTx): PullRequests {
  const ofRepository = (id: number) =>
    db.selectFrom("pull_requests").selectAll().where("repository_id", "=", id).orderBy("number");
  return {
    pullRequest: async (repository_id, number) =>
      (await ofRepository(repository_id).where("number", "=", number).executeTakeFirst()) ?? null,
    pullRequestsOf: (repository_id) => ofRepository(repository_id).execute(),
    putPullRequest: async (row) => {
      const { repository_id: _id, number: _number, ...change } = row;
      await db
        .insertInto("pull_requests")
        .values(row)
        .onConflict((conflict) => conflict.columns(["repository_id", "number"]).doUpdateSet(change))
        .execute();
    },
    addHead: async (row) => {
      await db
        .insertInto("pull_request_heads")
        .values(row)
        .onConflict((conflict) => conflict.doNothing())
        .execute();
    },
    headsOf: (repository_id, number) => headsOf(db, repository_id, number),
  };
}

async function headsOf(db: DbTx, repository_id: number, number: number): Promise<readonly HeadRow[]> {
  const rows = await db
    .selectFrom("pull_request_heads")
    .selectAll()
    .where("repository_id", "=", repository_id)
    .where("number", "=", number)
    .orderBy("changed_at")
    .orderBy("seq")
    .execute();
  return rows.map(unnumbered);
}
