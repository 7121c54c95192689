/** Requests of the API that came with a key, and their answers. */
import type { Tx } from "../ports/store.ts";
import { type DbTx, encoded, JSON_COLUMNS } from "./schema.ts";

type ApiRequests = Pick<Tx, "apiRequest" | "addApiRequest">;

export function apiRequests(db: DbTx): ApiRequests {
  return {
    apiRequest: async (login, key) => {
      const row = await db
        .selectFrom("api_requests")
        .selectAll()
        .where("login", "=", login)
        .where("key", "=", key)
        .executeTakeFirst();
      return row ?? null;
    },
    addApiRequest: async (row) => {
      await db.insertInto("api_requests").values(encoded(row, JSON_COLUMNS.api_requests)).execute();
    },
  };
}
