/** Sites and their environments. */
import type { EnvironmentRow, SiteRow } from "../ports/sites.ts";
import type { Page, Tx } from "../ports/store.ts";
import { missing } from "./error.ts";
import { numberOf } from "./page.ts";
import { type DbTx, type SiteTable, unnumbered } from "./schema.ts";

type Sites = Pick<
  Tx,
  | "siteOfRepository"
  | "site"
  | "sites"
  | "putSite"
  | "environment"
  | "environmentsOf"
  | "environments"
  | "putEnvironment"
  | "updateEnvironment"
>;

export function sites(db: DbTx): Sites {
  const one = (row: Readable | undefined) => (row === undefined ? null : siteRow(row));
  return {
    siteOfRepository: async (id) =>
      one(await db.selectFrom("sites").selectAll().where("repository_id", "=", id).executeTakeFirst()),
    site: async (id) => one(await db.selectFrom("sites").selectAll().where("id", "=", id).executeTakeFirst()),
    sites: async (page) => {
      const after = await numberOf(db, "sites", page);
      const rows = await db
        .selectFrom("sites")
        .selectAll()
        .$if(after !== null, (query) => query.where("seq", ">", after))
        .orderBy("seq")
        .limit(page.limit)
        .execute();
      return rows.map(siteRow);
    },
    putSite: async (row) => {
      const columns = siteColumns(row);
      const { id: _id, ...change } = columns;
      await db
        .insertInto("sites")
        .values(columns)
        .onConflict((conflict) => conflict.column("id").doUpdateSet(change))
        .execute();
    },
    ...environments(db),
  };
}

function environments(
  db: DbTx,
): Pick<Tx, "environment" | "environmentsOf" | "environments" | "putEnvironment" | "updateEnvironment"> {
  const all = () => db.selectFrom("environments").selectAll().orderBy("seq");
  return {
    environment: async (id) => {
      const row = await all().where("id", "=", id).executeTakeFirst();
      return row === undefined ? null : unnumbered(row);
    },
    environmentsOf: async (site_id) => (await all().where("site_id", "=", site_id).execute()).map(unnumbered),
    environments: async (page: Page) => {
      const after = await numberOf(db, "environments", page);
      const rows = await all()
        .$if(after !== null, (query) => query.where("seq", ">", after))
        .limit(page.limit)
        .execute();
      return rows.map(unnumbered);
    },
    putEnvironment: async (row) => {
      const { id: _id, state_version: _version, ...change } = row;
      await db
        .insertInto("environments")
        .values(row)
        .onConflict((conflict) =>
          conflict
            .column("id")
            .doUpdateSet((sql) => ({ ...change, state_version: sql("environments.state_version", "+", 1) })),
        )
        .execute();
    },
    updateEnvironment: (id, change) => updateEnvironment(db, id, change),
  };
}

async function updateEnvironment(
  db: DbTx,
  id: string,
  change: Partial<Omit<EnvironmentRow, "id">>,
): Promise<EnvironmentRow> {
  const row = await db
    .updateTable("environments")
    .set((sql) => ({ ...change, state_version: sql("state_version", "+", 1) }))
    .where("id", "=", id)
    .returningAll()
    .executeTakeFirst();
  if (row === undefined) throw missing("environments", id);
  return unnumbered(row);
}

type Readable = Omit<SiteTable, "seq"> & { readonly seq: number };

function siteRow(row: Readable): SiteRow {
  return {
    id: row.id,
    name: row.name,
    repository: {
      id: row.repository_id,
      owner: row.repository_owner,
      name: row.repository_name,
      installation_id: row.installation_id,
      default_branch: row.default_branch,
    },
  };
}

function siteColumns({ id, name, repository }: SiteRow): Omit<SiteTable, "seq"> {
  return {
    id,
    name,
    repository_id: repository.id,
    repository_owner: repository.owner,
    repository_name: repository.name,
    installation_id: repository.installation_id,
    default_branch: repository.default_branch,
  };
}
