/** Looking names up that come from outside: a table may be called `constructor`, which every object seems to have. */

/** The record's own value of this name; undefined where it has none. */
export function own<T>(record: Readonly<Record<string, T>> | undefined, name: string): T | undefined {
  return record !== undefined && Object.hasOwn(record, name) ? record[name] : undefined;
}
