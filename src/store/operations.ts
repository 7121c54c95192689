/** Operations and their jobs. */
import type { JobRow, OperationRow } from "../ports/operations.ts";
import type { JobFilter, OperationFilter, Page, Tx } from "../ports/store.ts";
import { missing } from "./error.ts";
import { numberOf } from "./page.ts";
import { type DbTx, encoded, JSON_COLUMNS, unnumbered } from "./schema.ts";

type Operations = Pick<
  Tx,
  "operation" | "operationForUpdate" | "addOperation" | "updateOperation" | "operations"
>;

export function operations(db: DbTx): Operations {
  const json = JSON_COLUMNS.operations;
  const byId = (id: string) => db.selectFrom("operations").selectAll().where("id", "=", id);
  return {
    operation: async (id) => {
      const row = await byId(id).executeTakeFirst();
      return row === undefined ? null : unnumbered(row);
    },
    operationForUpdate: async (id) => {
      const row = await byId(id).forUpdate().executeTakeFirst();
      return row === undefined ? null : unnumbered(row);
    },
    addOperation: async (row) => {
      await db.insertInto("operations").values(encoded(row, json)).execute();
    },
    updateOperation: async (id, change) => {
      const row = await db
        .updateTable("operations")
        .set((sql) => ({ ...encoded(change, json), state_version: sql("state_version", "+", 1) }))
        .where("id", "=", id)
        .returningAll()
        .executeTakeFirst();
      if (row === undefined) throw missing("operations", id);
      return unnumbered(row);
    },
    operations: (filter, page) => listOperations(db, filter, page),
  };
}

const EQUAL = [
  "site_id",
  "target_environment_id",
  "source_environment_id",
  "pull_request",
  "run_id",
] as const;

async function listOperations(
  db: DbTx,
  filter: OperationFilter,
  page: Page,
): Promise<readonly OperationRow[]> {
  const after = await numberOf(db, "operations", page);
  let query = db.selectFrom("operations").selectAll().orderBy("seq", "desc").limit(page.limit);
  if (after !== null) query = query.where("seq", "<", after);
  const { kinds, states, ...equal } = filter;
  if (kinds !== undefined) query = query.where("kind", "in", kinds);
  if (states !== undefined) query = query.where("state", "in", states);
  for (const name of EQUAL) {
    const value = equal[name];
    if (value !== undefined) query = query.where(name, "=", value);
  }
  return (await query.execute()).map(unnumbered);
}

type Jobs = Pick<Tx, "job" | "addJob" | "updateJob" | "jobsOf" | "jobs">;

export function jobs(db: DbTx): Jobs {
  const json = JSON_COLUMNS.jobs;
  return {
    job: async (id) => {
      const row = await db.selectFrom("jobs").selectAll().where("id", "=", id).executeTakeFirst();
      return row === undefined ? null : unnumbered(row);
    },
    addJob: async (row) => {
      await db.insertInto("jobs").values(encoded(row, json)).execute();
    },
    updateJob: async (id, change) => {
      const row = await db
        .updateTable("jobs")
        .set((sql) => ({ ...encoded(change, json), state_version: sql("state_version", "+", 1) }))
        .where("id", "=", id)
        .returningAll()
        .executeTakeFirst();
      if (row === undefined) throw missing("jobs", id);
      return unnumbered(row);
    },
    jobsOf: async (operation_id) => {
      const query = db.selectFrom("jobs").selectAll().where("operation_id", "=", operation_id).orderBy("seq");
      return (await query.execute()).map(unnumbered);
    },
    jobs: (filter, page) => listJobs(db, filter, page),
  };
}

async function listJobs(db: DbTx, filter: JobFilter, page: Page): Promise<readonly JobRow[]> {
  const after = await numberOf(db, "jobs", page);
  let query = db.selectFrom("jobs").selectAll().orderBy("seq", "desc").limit(page.limit);
  if (after !== null) query = query.where("seq", "<", after);
  if (filter.states !== undefined) query = query.where("state", "in", filter.states);
  if (filter.environment_id !== undefined) query = query.where("environment_id", "=", filter.environment_id);
  return (await query.execute()).map(unnumbered);
}
