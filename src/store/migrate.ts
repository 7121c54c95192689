/** Brings a database to the tables that this code knows: forwards only, one transaction for all steps that are missing. */
import { type Kysely, sql } from "kysely";
import { StoreError } from "./error.ts";
import { initial } from "./migrations/0001-initial.ts";
import { baselines } from "./migrations/0002-baselines.ts";
import { approvals } from "./migrations/0003-approvals.ts";
import { apiRequests } from "./migrations/0004-api-requests.ts";
import { work } from "./migrations/0005-work.ts";
import { packages } from "./migrations/0006-packages.ts";
import { packageVetoes } from "./migrations/0007-package-vetoes.ts";
import { settled } from "./migrations/0008-settled.ts";

export interface Migration {
  readonly version: number;
  readonly name: string;
  /** Statements, separated by semicolons; run as one script. */
  readonly script: string;
}

/** Append-only: a released step is never edited, a mistake is corrected by a later one. */
export const MIGRATIONS: readonly Migration[] = [
  { version: 1, name: "initial", script: initial },
  { version: 2, name: "baselines", script: baselines },
  { version: 3, name: "approvals", script: approvals },
  { version: 4, name: "api-requests", script: apiRequests },
  { version: 5, name: "work", script: work },
  { version: 6, name: "packages", script: packages },
  { version: 7, name: "package-vetoes", script: packageVetoes },
  { version: 8, name: "settled", script: settled },
];

/** Any number that is not taken twice in one database: two bots that start together migrate one after the other. */
const MIGRATION_LOCK = 7_305_227;

/**
 * @throws StoreError `STORE_TOO_NEW` when a newer Belay has been at this database
 */
export async function migrate<DB>(
  db: Kysely<DB>,
  migrations: readonly Migration[] = MIGRATIONS,
): Promise<void> {
  await db.transaction().execute(async (tx) => {
    await sql`select pg_advisory_xact_lock(${sql.lit(MIGRATION_LOCK)})`.execute(tx);
    await sql`create table if not exists belay_migrations (
      version integer primary key, name text not null, applied_at timestamptz not null default now())`.execute(
      tx,
    );
    const applied = await appliedTo(tx);
    const unknown = unknownStep(applied, migrations);
    if (unknown !== null) throw unknown;
    for (const step of migrations.slice(applied.length)) {
      for (const statement of statementsOf(step.script)) await sql.raw(statement).execute(tx);
      await sql`insert into belay_migrations (version, name) values (${step.version}, ${step.name})`.execute(
        tx,
      );
    }
  });
}

interface Applied {
  readonly version: number;
  readonly name: string;
}

async function appliedTo<DB>(db: Kysely<DB>): Promise<readonly Applied[]> {
  const steps = sql<Applied>`select version, name from belay_migrations order by version`;
  return (await steps.execute(db)).rows;
}

/** Whether a newer Belay has been at this database since it was opened; null: it has not. */
export async function outdatedFor<DB>(db: Kysely<DB>): Promise<StoreError | null> {
  return unknownStep(await appliedTo(db), MIGRATIONS);
}

function unknownStep(applied: readonly Applied[], known: readonly Migration[]): StoreError | null {
  const strange = applied.find(
    ({ version, name }, at) => known[at]?.version !== version || known[at]?.name !== name,
  );
  if (strange === undefined) return null;
  return new StoreError(
    "STORE_TOO_NEW",
    `The database has been changed by a newer Belay (step ${strange.version}, "${strange.name}"), which this one does not know.`,
    "Start that newer Belay again, or restore the store's backup from before the update.",
  );
}

/** Splits a script at the semicolons that end a line outside a `$$` body: prepared statements hold one statement each. */
export function statementsOf(script: string): readonly string[] {
  const statements: string[] = [];
  let open = "";
  for (const line of script.split("\n")) {
    open += `${line}\n`;
    const insideBody = (open.split("$$").length - 1) % 2 === 1;
    if (!insideBody && line.trimEnd().endsWith(";")) {
      statements.push(open.trim());
      open = "";
    }
  }
  if (open.trim() !== "") statements.push(open.trim());
  return statements;
}
