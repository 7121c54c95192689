/** The shape of `.github/belay.yml`, as it is written. What values mean together is judged in semantics.ts. */
import { z } from "zod";
import { DriftMode, EnvironmentType, HoldWithout, PersonalData, Preset } from "../vocabulary.ts";
import { PurgeStep } from "./purge.ts";
import {
  Branch,
  DatabaseName,
  Duration,
  EnvironmentName,
  HealthPath,
  Host,
  LogPath,
  MOST_NAMES,
  OptionName,
  OptionPattern,
  PhpName,
  Prefix,
  RelativePath,
  Root,
  SiteName,
  TablePattern,
  Url,
} from "./texts.ts";

const Environment = z.strictObject({
  type: EnvironmentType,
  branch: Branch,
  url: Url,
  host: Host,
  root: Root,
  database: z.strictObject({ name: DatabaseName, prefix: Prefix }),
  cloned_from: EnvironmentName.optional(),
  built_from_git: z.boolean().default(true),
});

const tables = z.array(TablePattern).max(MOST_NAMES).default([]);
const options = z.array(OptionPattern).max(MOST_NAMES).default([]);
const files = z.array(RelativePath).max(MOST_NAMES).default([]);

const DataUpdate = z.strictObject({
  plugin: z.string().min(1).max(80),
  waits: PhpName,
  version: OptionName.optional(),
  steps: PhpName.optional(),
  jobs: z.array(OptionName).max(20).default([]),
  start: z.string().max(200).default(""),
});

const Promotion = z.strictObject({
  preset: Preset,
  drift: DriftMode.default("strict"),
  tables: z.strictObject({ promote: tables, protect: tables, live: tables }).prefault({}),
  options: z.strictObject({ keep: options, promote: options, source_wins: options }).prefault({}),
  files: z.strictObject({ protect: files, shared: files, volatile: files, promote: files }).prefault({}),
  references: z.record(OptionName, z.enum(["post", "posts", "terms"])).default({}),
  backup: z.strictObject({ max_age: Duration.optional() }).prefault({}),
  keep_failed: Duration.default("7d"),
  candidate: z.boolean().default(true),
  migrations: z.strictObject({ destructive: tables, unpredicted: z.boolean().default(false) }).prefault({}),
  data_updates: z.array(DataUpdate).max(50).default([]),
});

const Refresh = z.strictObject({
  personal_data: PersonalData.default("keep"),
  leave_out: z.strictObject({ tables, files }).prefault({}),
});

const Health = z.strictObject({
  path: HealthPath,
  status: z.number().int().min(100).max(599).default(200),
  contains: z.string().min(1).max(500).optional(),
  within_s: z.number().positive().max(120).default(10),
});

const WordpressHealth = z.strictObject({
  rest: z.boolean().optional(),
  login: z.boolean().default(false),
  cron: z.boolean().optional(),
  php_errors: z.boolean().optional(),
  php_log: LogPath.optional(),
  within_s: z.number().positive().max(120).default(10),
});

export const SiteConfigFile = z.strictObject({
  version: z.literal(1),
  site: SiteName,
  path: z.array(EnvironmentName).min(2).max(MOST_NAMES),
  environments: z
    .record(EnvironmentName, Environment)
    .refine((all) => Object.keys(all).length <= MOST_NAMES, {
      error: `has more than ${MOST_NAMES} environments`,
      params: { remedy: "Give each site a repository of its own." },
    }),
  promotion: Promotion,
  refresh: Refresh.prefault({}),
  health: z
    .array(Health)
    .min(1)
    .max(50)
    .prefault([{ path: "/" }]),
  wordpress_health: WordpressHealth.prefault({}),
  purge: z.array(PurgeStep).max(20).default([]),
  hold: z.strictObject({ without: HoldWithout.default("refuse") }).prefault({}),
  checklist: z.array(z.string().min(1).max(300)).max(50).default([]),
});
export type SiteConfigFile = z.infer<typeof SiteConfigFile>;

/** An example of each key's value, for remedies. */
export const EXAMPLES: Readonly<Record<string, string>> = {
  version: "version: 1",
  site: "site: acme-shop",
  path: "path: [staging, production]",
  environments: "environments:",
  wordpress_health: "wordpress_health: {login: true}",
  php_log: "php_log: /var/log/php/acme.log",
  promotion: "promotion: {preset: content-protect}",
  type: "type: staging",
  branch: "branch: staging",
  url: "url: https://staging.acme.example",
  host: "host: web-1",
  root: "root: /srv/www/acme",
  database: "database: {name: acme, prefix: wp_}",
  name: "name: acme",
  prefix: "prefix: wp_",
  preset: "preset: commerce-protect",
  drift: "drift: strict",
  max_age: "max_age: 24h",
  refresh: "refresh: {personal_data: mask}",
  personal_data: "personal_data: mask",
  leave_out: "leave_out: {files: [wp-content/uploads/private]}",
  status: "status: 200",
  contains: 'contains: "Acme"',
  within_s: "within_s: 10",
  built_from_git: "built_from_git: true",
  keep_failed: "keep_failed: 7d",
  purge: "purge: [{path: wp-content/cache}]",
  command: "command: varnish",
  method: "method: PURGE",
  headers: "headers: {Host: acme.example}",
  secret_headers: "secret_headers: {X-Purge-Key: CDN}",
  hold: "hold: {without: refuse}",
  candidate: "candidate: true",
  migrations: "migrations: {destructive: [acme_bookings]}",
  destructive: "destructive: [acme_bookings]",
  unpredicted: "unpredicted: false",
  data_updates: "data_updates: [{plugin: Acme, waits: Acme_Install::needs_update}]",
  waits: "waits: Acme_Install::needs_update",
  without: "without: refuse",
};
