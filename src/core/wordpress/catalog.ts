/**
 * The catalog: what tables, rows, options and paths of WordPress and its plugins are, as data (`catalog/*.yml`, one file per
 * plugin) and the shipped presets (`catalog/presets/*.yml`). docs/catalog.md explains the files to those who add one.
 */
import { parse } from "yaml";
import { z } from "zod";
import { isExact } from "../glob.ts";
import { DataUpdate, RowRule } from "../jobs.ts";
import { DataClass, MaskKind, Preset } from "../vocabulary.ts";

const Name = z.string().regex(/^[A-Za-z0-9_*?]+$/, "a table without prefix, or a pattern");
const OptionName = z.string().regex(/^[^\s]+$/, "an option or a pattern");
const RelativePath = z.string().regex(/^(?!\/)(?!.*\.\.)[A-Za-z0-9._/-]+(?<!\/)$/, "a path inside the site");
const Classified = DataClass.exclude(["unclassified"]);

const TableEntry = z.strictObject({
  tables: z.array(Name).min(1),
  class: Classified,
  ignore_columns: z.array(z.string()).default([]),
});
/** In SQL `_` is any character: `_order_%` would claim an editor's field `1order-x`, too, and with it what changes there. */
const isLiteral = ({ match }: { readonly match: RowRule["match"] }): boolean =>
  Object.values(match).every(({ like }) => (like ?? []).every((text) => /^(?:[^_\\]|\\.)*$/s.test(text)));
const LITERAL = { path: ["match"], message: "in `like` an underscore is written \\_" };
const RowEntry = z.strictObject({ table: Name, ...RowRule.shape }).refine(isLiteral, LITERAL);
const OptionEntry = z.strictObject({
  options: z.array(OptionName).min(1),
  class: Classified,
  /** True: no site may promote it (`siteurl` of a staging site would take production offline). */
  always: z.boolean().default(false),
  /** True: a first clone gets it although it is secret, because WordPress does not run without it. */
  copied: z.boolean().default(false),
});
const ColumnName = z.string().regex(/^[A-Za-z0-9_]+$/, "a column");
/** Columns with personal data, in the rows that match (all of them where nothing is said). */
const PersonalEntry = z
  .strictObject({
    table: z.string().regex(/^[A-Za-z0-9_]+$/, "one table without prefix"),
    columns: z
      .record(ColumnName, MaskKind)
      .refine((columns) => Object.keys(columns).length > 0, "at least one column"),
    match: RowRule.shape.match.default({}),
  })
  .refine(isLiteral, LITERAL);
export type PersonalEntry = z.infer<typeof PersonalEntry>;

/** What the plugin does to its rows by itself or by a click, after its code has come. */
const DataUpdateEntry = z.strictObject({
  waits: DataUpdate.shape.waits,
  version: OptionName.nullable().default(null),
  steps: DataUpdate.shape.steps.default(null),
  jobs: z.array(z.string()).default([]),
  start: z.string().default(""),
});

export const CatalogText = z.strictObject({
  plugin: z.string(),
  tables: z.array(TableEntry).default([]),
  rows: z.array(RowEntry).default([]),
  options: z.array(OptionEntry).default([]),
  personal: z.array(PersonalEntry).default([]),
  references: z.record(OptionName, z.enum(["post", "posts", "terms"])).default({}),
  data_updates: z.array(DataUpdateEntry).default([]),
  volatile: z.array(RelativePath).default([]),
  shared: z.array(RelativePath).default([]),
});
export type CatalogFile = z.infer<typeof CatalogText> & { readonly name: string };

const PresetText = z.strictObject({
  preset: Preset,
  implies: z.array(Preset).default([]),
  lists: z.array(
    z.strictObject({ list: z.string(), class: z.enum(["editorial", "live"]), tables: z.array(Name).min(1) }),
  ),
  files: z.array(RelativePath).default([]),
});
export type PresetFile = z.infer<typeof PresetText>;

export interface Catalog {
  readonly files: readonly CatalogFile[];
  readonly presets: Readonly<Record<Preset, PresetFile>>;
}

/** A file of the catalog is wrong: a fault of the installation, not of a site. */
export class CatalogError extends Error {
  readonly code = "CATALOG_INVALID";
}

/**
 * The catalog from the texts of its files; names are relative to the catalog's folder, `core.yml` or `presets/x.yml`.
 * Throws CatalogError naming every file that is wrong.
 */
export function parseCatalog(files: readonly { readonly name: string; readonly text: string }[]): Catalog {
  const problems: string[] = [];
  const read = <T extends z.ZodType>(schema: T, { name, text }: { name: string; text: string }) => {
    const parsed = schema.safeParse(yamlOf(text));
    if (!parsed.success) problems.push(`${name}: ${z.prettifyError(parsed.error)}`);
    return parsed.success ? [parsed.data] : [];
  };
  const sorted = [...files].sort(coreFirst);
  const isPreset = ({ name }: { name: string }) => name.startsWith("presets/");
  const plugins = sorted
    .filter((file) => !isPreset(file))
    .flatMap((file) =>
      read(CatalogText, file).map((data) => ({ ...data, name: file.name.replace(/\.yml$/, "") })),
    );
  const presets = sorted.filter(isPreset).flatMap((file) => read(PresetText, file));
  const byName = z
    .record(Preset, PresetText)
    .safeParse(Object.fromEntries(presets.map((p) => [p.preset, p])));
  if (!byName.success)
    problems.push("presets: one file is needed for each of content-protect and commerce-protect");
  if (problems.length > 0 || !byName.success) throw new CatalogError(problems.join("\n"));
  return { files: plugins, presets: byName.data };
}

/** WordPress's own row rules come first: an order that is only an automatic draft means nothing yet. */
function coreFirst(a: { readonly name: string }, b: { readonly name: string }): number {
  return Number(b.name === "core.yml") - Number(a.name === "core.yml") || (a.name < b.name ? -1 : 1);
}

function yamlOf(text: string): unknown {
  try {
    return parse(text, { maxAliasCount: 0 });
  } catch {
    return null;
  }
}

/** The lists of a preset and of those it implies, each with the name of the preset it comes from. */
export function presetLists(
  catalog: Catalog,
  preset: Preset,
): (PresetFile["lists"][number] & { preset: Preset })[] {
  const { implies, lists } = catalog.presets[preset];
  return [
    ...implies.flatMap((name) => presetLists(catalog, name)),
    ...lists.map((list) => ({ ...list, preset })),
  ];
}

/** The tables a preset protects, without prefix; empty for a name that is no preset. */
export function protectedTables(catalog: Catalog, preset: string): readonly string[] {
  const known = Preset.safeParse(preset);
  return known.success ? presetLists(catalog, known.data).flatMap(({ tables }) => tables) : [];
}

/** Tables and patterns that the catalog's plugins promote as configuration, without prefix. */
export function promotableTables(catalog: Catalog): readonly string[] {
  return catalog.files.flatMap(({ tables }) =>
    tables.flatMap((entry) => (entry.class === "config" ? entry.tables : [])),
  );
}

/** The more exact rule first: names before patterns, longer patterns before shorter ones. */
export function byExactness(a: { readonly pattern: string }, b: { readonly pattern: string }): number {
  return Number(isExact(b.pattern)) - Number(isExact(a.pattern)) || b.pattern.length - a.pattern.length;
}
