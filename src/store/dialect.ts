/** How Kysely reaches the database: PGlite inside this process, or a PostgreSQL server. Both answer with the same types. */
import { type Dialect, PGliteDialect, PostgresAdapter, PostgresDialect } from "kysely";
import pg from "pg";
import { takingTurns } from "./turns.ts";

/** PostgreSQL's numbers of the types whose JavaScript values differ between the drivers, or are not plain data. */
const INT8 = 20;
const TIMESTAMPTZ = 1184;
/** Ids of GitHub and counters stay far below 2^53. */
const parseInt8 = (text: string) => Number(text);
const parseInstant = (text: string) => new Date(text).toISOString();

/** @param directory where the files lie; undefined keeps everything in memory. Its one connection is lent in turn. */
export function pgliteDialect(directory: string | undefined): Dialect {
  const parsers = { [INT8]: parseInt8, [TIMESTAMPTZ]: parseInstant };
  const dialect = new PGliteDialect({
    // With PostgreSQL it is not even loaded: it would keep memory that nothing uses.
    pglite: async () => {
      const { PGlite } = await import("@electric-sql/pglite");
      return PGlite.create(directory === undefined ? { parsers } : { dataDir: directory, parsers });
    },
  });
  return {
    createDriver: () => takingTurns(dialect.createDriver()),
    // Its own adapter would have Kysely lend the connection, to whoever comes first and not to who waits.
    createAdapter: () => new PostgresAdapter(),
    createQueryCompiler: () => dialect.createQueryCompiler(),
    createIntrospector: (db) => dialect.createIntrospector(db),
  };
}

/** @param onLost told of idle connections that broke; the pool replaces them */
export function postgresDialect(url: string, onLost: (error: Error) => void): Dialect {
  const types = new pg.TypeOverrides();
  types.setTypeParser(INT8, parseInt8);
  types.setTypeParser(TIMESTAMPTZ, parseInstant);
  const pool = new pg.Pool({ connectionString: url, max: 10, connectionTimeoutMillis: 10_000, types });
  pool.on("error", onLost);
  return new PostgresDialect({ pool });
}
