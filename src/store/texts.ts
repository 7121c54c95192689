/** Texts as the database keeps them: it holds no NUL and no half of a character. */
import type { Dialect, QueryCompiler } from "kysely";

/** What cannot be kept stands as U+FFFD. Columns of JSON escape it, and keep it. */
export const keepable = (text: string): string => text.toWellFormed().replaceAll("\0", "\ufffd");

/** A document of which the database can read single values: of one that holds what cannot be kept it reads none. */
export const keepableJson = (document: unknown): string =>
  JSON.stringify(document, (_key, value: unknown) => (typeof value === "string" ? keepable(value) : value));

/** The dialect, whose statements are given texts that can be kept: a host's error with a NUL in it is to be told, not refused. */
export function keepingTexts(dialect: Dialect): Dialect {
  return {
    createDriver: () => dialect.createDriver(),
    createAdapter: () => dialect.createAdapter(),
    createIntrospector: (db) => dialect.createIntrospector(db),
    createQueryCompiler: () => keeping(dialect.createQueryCompiler()),
  };
}

function keeping(compiler: QueryCompiler): QueryCompiler {
  return {
    compileQuery: (...query) => {
      const compiled = compiler.compileQuery(...query);
      const parameters = compiled.parameters.map((one) => (typeof one === "string" ? keepable(one) : one));
      return { ...compiled, parameters };
    },
  };
}
