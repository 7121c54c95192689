/**
 * From configuration and catalog to the ordered rules that a job gets: the first rule that matches decides. Compiled once,
 * for both sides of a pair: names have no prefix, and `{prefix}` stands for each environment's own.
 */
import type { SiteConfig } from "../config/types.ts";
import { matchesPattern } from "../glob.ts";
import type { DataUpdate, OptionRule, RowRule, TableRule } from "../jobs.ts";
import type { DataClass } from "../vocabulary.ts";
import { byExactness, type Catalog, presetLists } from "./catalog.ts";
import { type CopyRules, copyRules } from "./copy-rules.ts";
import type { CompiledRules } from "./types.ts";

/** Uploads are protected in every site, whatever its preset and configuration say. */
const ALWAYS_PROTECTED = "wp-content/uploads";
/** Never part of a release, whatever the site says: they hold the environment's own credentials. */
const ALWAYS_SHARED = ["wp-config.php", ".env"];

/** How jobs look at both sides, and what a copy gets of its original. */
export interface SiteRules extends CompiledRules {
  readonly copy: CopyRules;
  readonly data_updates: readonly DataUpdate[];
}

export function compileRules(config: SiteConfig, catalog: Catalog): SiteRules {
  const rules = lookingRules(config, catalog);
  const copy = copyRules(config, catalog, (table) => tableRule(rules, table)?.class ?? null);
  return { ...rules, copy, data_updates: dataUpdates(config, catalog) };
}

/** What the site says of a question goes before what the catalog says of it. */
function dataUpdates(config: SiteConfig, catalog: Catalog): DataUpdate[] {
  const own = config.promotion.data_updates;
  const shipped = catalog.files.flatMap(({ plugin, data_updates }) =>
    data_updates.map((one) => ({ plugin, ...one })),
  );
  return [...own, ...shipped.filter(({ waits }) => !own.some((one) => one.waits === waits))];
}

function lookingRules(config: SiteConfig, catalog: Catalog): CompiledRules {
  const { files, references } = config.promotion;
  const shipped = catalog.files
    .flatMap(({ shared }) => shared)
    .filter((path) => !files.promote.includes(path));
  const protectedPaths = unique([
    ALWAYS_PROTECTED,
    ...catalog.presets[config.promotion.preset].files,
    ...files.protect,
  ]);
  return {
    table_rules: tableRules(config, catalog),
    option_rules: optionRules(config, catalog),
    protected_paths: protectedPaths,
    volatile_paths: unique([...catalog.files.flatMap(({ volatile }) => volatile), ...files.volatile]),
    shared_paths: unique([...ALWAYS_SHARED, ...protectedPaths, ...shipped, ...files.shared]),
    reference_options: {
      ...Object.assign({}, ...catalog.files.map((file) => file.references)),
      ...references,
    },
  };
}

/** Preset > site protects > site promotes > catalog > nothing: then a table is unclassified. */
function tableRules(config: SiteConfig, catalog: Catalog): TableRule[] {
  const { preset, tables } = config.promotion;
  const known = catalogTables(catalog);
  const fromPreset = presetLists(catalog, preset).flatMap((list) =>
    list.tables.map((pattern) =>
      ruleOf(known, { pattern, class: list.class, origin: `preset:${list.preset}` }),
    ),
  );
  const fromSite = (patterns: readonly string[], wanted: DataClass) =>
    patterns.flatMap((pattern) => siteRules(known, pattern, wanted));
  return [
    ...fromPreset,
    ...fromSite(tables.live, "live"),
    ...fromSite(tables.protect, "editorial"),
    ...fromSite(tables.promote, "config"),
    ...known,
  ];
}

/** The catalog's own rules, each table with the row rules that any file has for it. */
function catalogTables(catalog: Catalog): TableRule[] {
  const rows = catalog.files.flatMap((file) => file.rows);
  const rowsOf = (table: string): RowRule[] =>
    rows.filter((row) => row.table === table).map(({ class: kind, match }) => ({ class: kind, match }));
  return catalog.files
    .flatMap(({ name, tables }) =>
      tables.flatMap((entry) =>
        entry.tables.map((pattern) => ({
          pattern,
          class: entry.class,
          origin: `catalog:${name}`,
          rows: rowsOf(pattern),
          ignore_columns: entry.ignore_columns,
        })),
      ),
    )
    .sort(byExactness);
}

interface Wanted {
  readonly pattern: string;
  readonly class: DataClass;
  readonly origin: string;
}

/** A rule with the row rules and ignored columns of the catalog's entry for the same table. */
function ruleOf(known: readonly TableRule[], wanted: Wanted): TableRule {
  const entry = known.find((rule) => rule.pattern === wanted.pattern);
  return { ...wanted, rows: entry?.rows ?? [], ignore_columns: entry?.ignore_columns ?? [] };
}

/**
 * A site's pattern, after the single tables of the catalog that it covers: each keeps its own rows and columns. A table
 * that visitors fill stays `live` when a site protects it.
 */
function siteRules(known: readonly TableRule[], pattern: string, wanted: DataClass): TableRule[] {
  const kept = (entry: TableRule): DataClass =>
    wanted === "editorial" && entry.class === "live" ? "live" : wanted;
  const covered = known
    .filter((entry) => entry.pattern === pattern || matchesPattern(pattern, entry.pattern))
    .map((entry) => ({ ...entry, class: kept(entry), origin: "site" }));
  return [...covered, { ...ruleOf(known, { pattern, class: wanted, origin: "site" }) }];
}

/** Always kept > site keeps > site promotes > catalog > everything else is configuration that nobody classified. */
function optionRules(config: SiteConfig, catalog: Catalog): OptionRule[] {
  const { keep, promote, source_wins } = config.promotion.options;
  const entries = catalog.files.flatMap(({ name, options }) =>
    options.flatMap((entry) =>
      entry.options.map((pattern) => ({
        always: entry.always,
        rule: { pattern, class: entry.class, origin: `catalog:${name}` },
      })),
    ),
  );
  const shipped = (always: boolean) =>
    entries.flatMap((entry) => (entry.always === always ? [entry.rule] : [])).sort(byExactness);
  const fromSite = (patterns: readonly string[], kind: DataClass) =>
    patterns.map((pattern) => ({ pattern, class: kind, origin: "site" }));
  return [
    ...shipped(true),
    ...fromSite(keep, "secret"),
    ...fromSite([...promote, ...source_wins], "config"),
    ...shipped(false),
    { pattern: "*", class: "config", origin: "unknown" },
  ];
}

/** The rule that decides an option's class; `prefix` is the environment's. Null only without the last rule, `*`. */
export function optionRule(rules: CompiledRules, option: string, prefix: string): OptionRule | null {
  const hit = rules.option_rules.find(({ pattern }) =>
    matchesPattern(pattern.replaceAll("{prefix}", prefix), option),
  );
  return hit ?? null;
}

/** The rule that decides a table's class, or null: unclassified. `table` has no prefix. */
export function tableRule(rules: CompiledRules, table: string): TableRule | null {
  return rules.table_rules.find(({ pattern }) => matchesPattern(pattern, table)) ?? null;
}

const unique = (values: readonly string[]): string[] => [...new Set(values)];
