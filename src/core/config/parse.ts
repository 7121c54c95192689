/** `.github/belay.yml`: from its text to a configuration, or to everything that is wrong with it. */
import { type Catalog, promotableTables, protectedTables } from "../wordpress/catalog.ts";
import { placeOf } from "./document.ts";
import { durationSeconds } from "./duration.ts";
import { dotted } from "./issues.ts";
import { looselyRead } from "./loose.ts";
import { purgeStep } from "./purge.ts";
import { inOrder, readFile } from "./read.ts";
import { EXAMPLES, SiteConfigFile } from "./schema.ts";
import { problemsOf } from "./semantics.ts";
import type { ParsedSiteConfig, SiteConfig } from "./types.ts";

/** All errors at once, in the order of the file (the catalog knows what presets protect); an error's line and column count from 1. */
export function parseSiteConfig(text: string, catalog: Catalog): ParsedSiteConfig {
  const read = readFile(text, SITE);
  if (read.source === null) return { ok: false, errors: read.errors };
  const { source, data, value } = read;
  const loose = looselyRead(data);
  const known = {
    protectedBy: (preset: string) => protectedTables(catalog, preset),
    promotable: promotableTables(catalog),
    volatile: catalog.files.flatMap((file) => file.volatile),
  };
  const meaning = (loose === null ? [] : problemsOf(loose, known)).map((problem) => ({
    ...problem,
    ...placeOf(source, problem.path, "value"),
    path: dotted(problem.path),
  }));
  const errors = inOrder([...read.errors, ...meaning]);
  return value !== null && errors.length === 0
    ? { ok: true, config: configOf(value) }
    : { ok: false, errors };
}

const SITE = {
  schema: SiteConfigFile,
  examples: EXAMPLES,
  empty: "Write the site's environments as in the documentation's example.",
};

function configOf(file: SiteConfigFile): SiteConfig {
  const environments = Object.entries(file.environments).map(
    ([name, { cloned_from, ...rest }]) =>
      [name, { name, ...rest, cloned_from: cloned_from ?? null }] as const,
  );
  const { keep_failed, data_updates, ...promotion } = file.promotion;
  const { max_age } = promotion.backup;
  return {
    ...file,
    environments: Object.fromEntries(environments),
    promotion: {
      ...promotion,
      backup: { max_age_s: max_age === undefined ? null : durationSeconds(max_age) },
      keep_failed_s: durationSeconds(keep_failed) ?? 0,
      data_updates: data_updates.map(({ version = null, steps = null, ...one }) => ({
        ...one,
        version,
        steps,
      })),
    },
    health: file.health.map(({ contains, ...check }) =>
      contains === undefined ? check : { ...check, contains },
    ),
    wordpress_health: wordpressHealth(file.wordpress_health),
    purge: file.purge.map(purgeStep),
  };
}

function wordpressHealth({ rest, cron, php_errors, php_log, ...same }: SiteConfigFile["wordpress_health"]) {
  return {
    ...same,
    rest: rest ?? null,
    cron: cron ?? null,
    php_errors: php_errors ?? null,
    php_log: php_log ?? null,
  };
}
