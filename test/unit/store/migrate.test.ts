import { Kysely, sql } from "kysely";
import { afterAll, beforeAll, expect, test } from "vitest";
import { pgliteDialect } from "../../../src/store/dialect.ts";
import { MIGRATIONS, migrate, statementsOf } from "../../../src/store/migrate.ts";
import type { Database } from "../../../src/store/schema.ts";

let db: Kysely<Database>;
beforeAll(async () => {
  db = new Kysely<Database>({ dialect: pgliteDialect(undefined) });
}, 60_000);
afterAll(() => db.destroy());

/** The number of a step that this code does not know yet. */
const NEXT = MIGRATIONS.length + 1;

test("steps run once, later ones are added, and a database from the future is refused", async () => {
  await migrate(db);
  await migrate(db);
  const next = { version: NEXT, name: "next", script: "create table next (id integer);" };
  await migrate(db, [...MIGRATIONS, next]);
  const applied = await sql<{
    version: number;
  }>`select version from belay_migrations order by version`.execute(db);
  expect(applied.rows).toEqual([...MIGRATIONS, next].map(({ version }) => ({ version })));
  await expect(migrate(db)).rejects.toThrow(
    `The database has been changed by a newer Belay (step ${NEXT}, "next"), which this one does not know. ` +
      "Start that newer Belay again, or restore the store's backup from before the update.",
  );
}, 60_000);

test("a step that fails leaves nothing behind", async () => {
  const known = [...MIGRATIONS, { version: NEXT, name: "next", script: "create table next (id integer);" }];
  const broken = {
    version: NEXT + 1,
    name: "broken",
    script: "create table half (id integer);\ncreate table half (id integer);",
  };
  await expect(migrate(db, [...known, broken])).rejects.toThrow("already exists");
  const half = await sql<{ name: string | null }>`select to_regclass('half')::text as name`.execute(db);
  expect(half.rows).toEqual([{ name: null }]);
}, 60_000);

test("a script is split at semicolons, but not inside a function", () => {
  const script =
    "create table a (\n  b text\n);\ncreate function f() as $$\nbegin\n  x;\nend $$;\nselect 1;\n";
  expect(statementsOf(script)).toEqual([
    "create table a (\n  b text\n);",
    "create function f() as $$\nbegin\n  x;\nend $$;",
    "select 1;",
  ]);
});
