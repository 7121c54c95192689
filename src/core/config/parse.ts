/** `.github/belay.yml`: from its text to a configuration, or to everything that is wrong with it. */
import { type Catalog, protectedTables } from "../wordpress/catalog.ts";
import { placeOf, readDocument } from "./document.ts";
import { durationSeconds } from "./duration.ts";
import { dotted, errorsOf } from "./issues.ts";
import { looselyRead } from "./loose.ts";
import { SiteConfigFile } from "./schema.ts";
import { problemsOf } from "./semantics.ts";
import type { ConfigError, ParsedSiteConfig, SiteConfig } from "./types.ts";

/** All errors at once, in the order of the file (the catalog knows what presets protect); an error's line and column count from 1. */
export function parseSiteConfig(text: string, catalog: Catalog): ParsedSiteConfig {
  const { source, errors: syntax } = readDocument(text);
  if (source === null) return { ok: false, errors: syntax };
  const data: unknown = source.doc.toJS({ maxAliasCount: 0 });
  if (data === null || data === undefined) return { ok: false, errors: [emptyFile] };
  const parsed = SiteConfigFile.safeParse(data);
  const shape = parsed.success ? [] : parsed.error.issues.flatMap((issue) => errorsOf(issue, source, data));
  const loose = looselyRead(data);
  const meaning = (loose === null ? [] : problemsOf(loose, (preset) => protectedTables(catalog, preset))).map(
    (problem) => ({
      ...problem,
      ...placeOf(source, problem.path, "value"),
      path: dotted(problem.path),
    }),
  );
  const errors = [...syntax, ...shape, ...meaning].sort((a, b) => a.line - b.line || a.column - b.column);
  return parsed.success && errors.length === 0
    ? { ok: true, config: configOf(parsed.data) }
    : { ok: false, errors };
}

const emptyFile: ConfigError = {
  code: "empty",
  line: 1,
  column: 1,
  path: "",
  message: "The file is empty.",
  remedy: "Write the site's environments as in the documentation's example.",
};

function configOf(file: SiteConfigFile): SiteConfig {
  const environments = Object.entries(file.environments).map(
    ([name, { cloned_from, ...rest }]) =>
      [name, { name, ...rest, cloned_from: cloned_from ?? null }] as const,
  );
  const { max_age } = file.promotion.backup;
  return {
    ...file,
    environments: Object.fromEntries(environments),
    promotion: {
      ...file.promotion,
      backup: { max_age_s: max_age === undefined ? null : durationSeconds(max_age) },
    },
    health: file.health.map(({ contains, ...check }) =>
      contains === undefined ? check : { ...check, contains },
    ),
  };
}
