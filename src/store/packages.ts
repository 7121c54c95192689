/** Configuration packages: reports of their validation, and the states of their releases. */
import type { PackageReleaseFilter, PackageReleaseRow } from "../ports/packages.ts";
import type { Page, Tx } from "../ports/store.ts";
import { numberOf } from "./page.ts";
import { type DbTx, encoded, JSON_COLUMNS, unnumbered } from "./schema.ts";

type Packages = Pick<
  Tx,
  "packageReport" | "newestPackageReport" | "addPackageReport" | "packageReleases" | "putPackageRelease"
>;

export function packages(db: DbTx): Packages {
  const reports = () => db.selectFrom("package_reports").selectAll();
  return {
    packageReport: async (id) => {
      const row = await reports().where("id", "=", id).executeTakeFirst();
      return row === undefined ? null : unnumbered(row);
    },
    newestPackageReport: async (site_id, pull_request) => {
      const own = reports().where("site_id", "=", site_id).where("pull_request", "=", pull_request);
      const row = await own.orderBy("seq", "desc").limit(1).executeTakeFirst();
      return row === undefined ? null : unnumbered(row);
    },
    addPackageReport: async (row) => {
      await db
        .insertInto("package_reports")
        .values(encoded(row, JSON_COLUMNS.package_reports))
        .onConflict((conflict) => conflict.doNothing())
        .execute();
      const { id } = await db
        .selectFrom("package_reports")
        .select("id")
        .where("site_id", "=", row.site_id)
        .where("pull_request", "=", row.pull_request)
        .where("digest", "=", row.digest)
        .executeTakeFirstOrThrow();
      return id;
    },
    packageReleases: (filter, page) => packageReleases(db, filter, page),
    putPackageRelease: async (row) => {
      const written = encoded(row, JSON_COLUMNS.package_releases);
      const { id: _id, state_version: _version, ...change } = written;
      await db
        .insertInto("package_releases")
        .values(written)
        .onConflict((conflict) =>
          conflict.column("id").doUpdateSet((sql) => ({
            ...change,
            state_version: sql("package_releases.state_version", "+", 1),
          })),
        )
        .execute();
    },
  };
}

const EQUAL = ["pull_request", "root", "kind", "package", "version"] as const;

async function packageReleases(
  db: DbTx,
  filter: PackageReleaseFilter,
  page: Page,
): Promise<readonly PackageReleaseRow[]> {
  const after = await numberOf(db, "package_releases", page);
  let query = db
    .selectFrom("package_releases")
    .selectAll()
    .where("site_id", "=", filter.site_id)
    .orderBy("seq", "desc")
    .limit(page.limit);
  if (after !== null) query = query.where("seq", "<", after);
  if (filter.states !== undefined) query = query.where("status", "in", filter.states);
  for (const name of EQUAL) {
    const value = filter[name];
    if (value !== undefined) query = query.where(name, "=", value);
  }
  return (await query.execute()).map(unnumbered);
}
