import type { Page } from "../ports/store.ts";
import type { DbTx } from "./schema.ts";

/** The number of the row that the page follows, or null for the first page. A row that is gone begins from the start. */
export async function numberOf(
  db: DbTx,
  table: "sites" | "environments" | "operations" | "jobs" | "package_releases",
  page: Page,
): Promise<number | null> {
  if (page.after === undefined) return null;
  const row = await db.selectFrom(table).select("seq").where("id", "=", page.after).executeTakeFirst();
  return row?.seq ?? null;
}
