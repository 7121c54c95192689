/** Approvals by command. They are never changed: whether one counts is judged anew each time. */
import type { Tx } from "../ports/store.ts";
import { type DbTx, encoded, JSON_COLUMNS, unnumbered } from "./schema.ts";

type Approvals = Pick<Tx, "addApproval" | "approvalsOf">;

export function approvals(db: DbTx): Approvals {
  return {
    addApproval: async (row) => {
      await db.insertInto("approvals").values(encoded(row, JSON_COLUMNS.approvals)).execute();
    },
    approvalsOf: async (target_environment_id, pull_request) => {
      const rows = await db
        .selectFrom("approvals")
        .selectAll()
        .where("target_environment_id", "=", target_environment_id)
        .where("pull_request", "=", pull_request)
        .orderBy("seq")
        .execute();
      return rows.map(unnumbered);
    },
  };
}
