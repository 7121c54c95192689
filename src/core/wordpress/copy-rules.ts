/**
 * What a copy gets of its original and in which form, from the site's configuration and the catalog. Promotable tables always
 * come whole and as they are: what a copy lacked or had in another form could be promoted back.
 */
import type { SiteConfig } from "../config/types.ts";
import { isExact, matchesPattern, patternsMeet } from "../glob.ts";
import type { JobInputs, Mask } from "../jobs.ts";
import type { DataClass } from "../vocabulary.ts";
import type { Catalog, CatalogFile } from "./catalog.ts";

export type CopyRules = Pick<
  JobInputs["env_refresh"],
  "clone_options" | "leave_out_tables" | "leave_out_files" | "masks"
>;

/** Without the people in them nobody could sign in: masked where other tables are left out. */
const PEOPLE = ["users", "usermeta"];

/** @param classOf the class that a table has in this site; null: nothing knows it */
export function copyRules(
  config: SiteConfig,
  catalog: Catalog,
  classOf: (table: string) => DataClass | null,
): CopyRules {
  const { personal_data, leave_out } = config.refresh;
  const emptied =
    personal_data === "leave_out" ? catalog.files.flatMap((file) => liveTables(file, classOf)) : [];
  const leave_out_tables = [...new Set([...leave_out.tables, ...emptied])];
  const isEmpty = (table: string) => leave_out_tables.some((pattern) => matchesPattern(pattern, table));
  const personal = personal_data === "keep" ? [] : catalog.files.flatMap((file) => file.personal);
  return {
    clone_options: catalog.files.flatMap(({ options }) =>
      options.flatMap((entry) => (entry.copied ? entry.options : [])),
    ),
    leave_out_tables,
    leave_out_files: [...leave_out.files],
    masks: personal.filter(({ table }) => classOf(table) !== "config" && !isEmpty(table)).map(maskOf),
  };
}

const maskOf = ({ table, columns, match }: Mask): Mask => ({ table, columns, match });

/** The tables of visitors' data of a plugin that has personal data in one of them: half of it would tell nobody anything. */
function liveTables(file: CatalogFile, classOf: (table: string) => DataClass | null): string[] {
  const isOutside = (table: string) => {
    const kind = classOf(table);
    return !PEOPLE.includes(table) && (kind === "live" || kind === "derived");
  };
  const named = file.personal.map(({ table }) => table).filter(isOutside);
  if (named.length === 0) return [];
  const others = file.tables.flatMap((entry) => (entry.class === "live" ? [] : entry.tables));
  const live = file.tables.flatMap((entry) => (entry.class === "live" ? entry.tables : []));
  const whole = live.filter((pattern) =>
    isExact(pattern) ? isOutside(pattern) : !others.some((other) => patternsMeet(pattern, other)),
  );
  return [...named, ...whole];
}
