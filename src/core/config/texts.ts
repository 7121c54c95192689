/** What single values of the configuration must look like. Each rule has its sentence and its remedy. */
import { z } from "zod";
import { PHP_NAME } from "../jobs.ts";
import { durationSeconds } from "./duration.ts";

/** A text for which `test` holds. `sentence` goes on after the value's path: "`host` ..."; the remedy says what to type. */
export const text = (test: (value: string) => boolean, sentence: string, remedy: string) =>
  z.string().refine(test, { error: sentence, params: { remedy } });

/** No list of names, patterns or paths is longer: each is compared with all of others, in files that anybody may propose. */
export const MOST_NAMES = 200;

export const EnvironmentName = text(
  (value) => /^[A-Za-z0-9][A-Za-z0-9_-]{0,39}$/.test(value),
  "is not a name for an environment",
  "Use letters, digits, `-` and `_`, at most 40, for example `staging`.",
);
export const SiteName = text(
  (value) => /^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/.test(value),
  "is not a name for a site",
  "Use letters, digits, `.`, `-` and `_`, at most 64, for example `acme-shop`.",
);
export const Branch = text(
  (value) =>
    /^[A-Za-z0-9][A-Za-z0-9._/+#@-]{0,199}$/.test(value) &&
    !/\.\.|\/\/|\/\.|@\{|\.lock$|\.lock\/|[./]$/.test(value),
  "is not the name of a branch",
  "Write the branch without `refs/heads/`, for example `staging`.",
);
/** `all` and `ungrouped` are groups that every inventory has; a play on them would reach every host. */
export const Host = text(
  (value) => /^[A-Za-z0-9][A-Za-z0-9._-]{0,252}$/.test(value) && !["all", "ungrouped"].includes(value),
  "is not the name of one host: patterns, lists and groups are refused",
  "Write the name that the inventory gives the host, for example `web-1`.",
);
export const Prefix = text(
  (value) => /^[A-Za-z0-9_]{1,20}$/.test(value) && !value.toLowerCase().startsWith("belay_"),
  "is not a table prefix: 1 to 20 letters, digits and `_`, not beginning with `belay_` (Belay's own tables)",
  "Write the value of `$table_prefix` in wp-config.php, for example `wp_`.",
);
export const DatabaseName = text(
  (value) => /^[A-Za-z0-9_]{1,64}$/.test(value),
  "is not the name of a database: only letters, digits and `_`",
  "Write the value of `DB_NAME` in wp-config.php.",
);
export const Url = text(
  isPlainUrl,
  "is not the address of a site: http or https, without credentials, query, fragment or a slash at the end",
  "Write it as WordPress knows it, for example `https://acme.example`.",
);
/** Folders that belong to the system; a site that claimed one would hand it to a release switch. */
const SYSTEM = /^\/(bin|boot|dev|etc|home|lib|lib64|media|mnt|opt|root|run|sbin|srv|tmp|usr|var)$/;
const SYSTEM_TREES = /^\/(boot|dev|etc|proc|sys)(\/|$)/;
export const Root = text(
  (value) =>
    /^(\/[A-Za-z0-9._@+-]+)+$/.test(value) &&
    !/\/\.\.?(\/|$)/.test(value) &&
    !SYSTEM.test(value) &&
    !SYSTEM_TREES.test(value),
  "is not a folder for one site: absolute, without `..`, spaces or a slash at the end, and none of the system's",
  "Write the folder that holds `releases`, `current` and `shared`, for example `/srv/www/acme`.",
);
export const RelativePath = text(
  (value) =>
    /^[A-Za-z0-9._@+-]+(\/[A-Za-z0-9._@+-]+)*$/.test(value) &&
    !/(^|\/)\.\.?(\/|$)/.test(value) &&
    value.length < 200,
  "is not a path inside the site: relative, without `..`, `*`, spaces or a slash at either end",
  "Write it from the site's folder on, for example `wp-content/uploads`.",
);
export const TablePattern = text(
  (value) => /^[A-Za-z0-9_$*?]{1,64}$/.test(value) && !/^[*?]+$/.test(value),
  "is not a table or a pattern of tables: letters, digits, `_`, `*` and `?`, and not everything",
  "Write the table without its prefix, for example `acme_widgets` or `acme_*`.",
);
export const OptionPattern = text(
  (value) => /^[^\s`\\]{1,191}$/.test(value) && !/^[*?]+$/.test(value),
  "is not an option or a pattern of options: no spaces, and not everything",
  "Write the option's name, for example `acme_licence_*`.",
);
export const OptionName = text(
  (value) => /^[^\s`\\*?]{1,191}$/.test(value),
  "is not the name of one option: no spaces and no `*` or `?`",
  "Write the option's full name, for example `page_on_front`.",
);
export const PhpName = text(
  (value) => value.length <= 191 && PHP_NAME.test(value),
  "is not the name of a PHP function or static method",
  "Write the name alone, for example `acme_needs_update` or `Acme_Install::needs_update`.",
);
export const Duration = text(
  (value) => durationSeconds(value) !== null,
  "is not a duration",
  "Write a whole number and s, m, h or d, for example `90s` or `24h`.",
);
export const HealthPath = text(
  (value) => /^\/[^\s#]{0,500}$/.test(value) && !value.startsWith("//"),
  "is not a path of the site",
  "Begin it with one slash, for example `/shop/`.",
);
export const LogPath = text(
  (value) => /^\/?[A-Za-z0-9._@+-]+(\/[A-Za-z0-9._@+-]+)*$/.test(value) && !/(^|\/)\.\.?(\/|$)/.test(value),
  "is not the path of a log: absolute or below the environment's root, without `..` and spaces",
  "Write for example `/var/log/php/acme.log` or `shared/logs/php.log`.",
);

function isPlainUrl(value: string): boolean {
  if (!/^https?:\/\/[^\s/?#@]+(\/[^\s?#@]*[^\s?#@/])?$/.test(value)) return false;
  return URL.canParse(value);
}
