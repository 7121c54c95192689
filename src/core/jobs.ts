/**
 * What a job is given. One flat JSON object with snake_case names, handed to ansible-playbook as `-e @file`; the roles'
 * meta/argument_specs.yml says the same, and a contract test compares the two. No secret is ever part of it.
 */
import { z } from "zod";
import { Digest } from "./facts.ts";
import { TableStructure } from "./table-structure.ts";
import { DataClass, EnvironmentType, HoldWithout, JobType, MaskKind, PurgeMethod } from "./vocabulary.ts";

/**
 * Rows of a table that belong to another class than the table: the first rule whose every column matches claims the row.
 * `{prefix}` stands for the environment's prefix; a rule about a column that the table lacks claims nothing.
 */
export const RowRule = z.object({
  class: DataClass,
  /** Column -> values (exact) or patterns (SQL LIKE) it may have. */
  match: z.record(
    z.string(),
    z.object({ in: z.array(z.string()).optional(), like: z.array(z.string()).optional() }),
  ),
});
export type RowRule = z.infer<typeof RowRule>;

/** The first rule whose pattern (`*` and `?` as in a shell, against the name without prefix) matches a table decides it. */
export const TableRule = z.object({
  pattern: z.string(),
  class: DataClass,
  origin: z.string(),
  rows: z.array(RowRule).default([]),
  /** Columns that say nothing (counters, last-seen times): left out of every hash. */
  ignore_columns: z.array(z.string()).default([]),
});
export type TableRule = z.infer<typeof TableRule>;

/** The first rule whose pattern matches an option's name decides it; `{prefix}` stands for the environment's prefix. */
export const OptionRule = z.object({ pattern: z.string(), class: DataClass, origin: z.string() });
export type OptionRule = z.infer<typeof OptionRule>;

/** A function or static method of PHP that needs no arguments: a name, and no code. */
export const PHP_NAME = /^\\?[A-Za-z_]\w*(\\[A-Za-z_]\w*)*(::[A-Za-z_]\w*)?$/;

/** How a plugin is asked whether its rows wait for an update of its own: a host asks and tells, and begins none. */
export const DataUpdate = z.object({
  plugin: z.string(),
  /** Says yes while the update waits. */
  waits: z.string().regex(PHP_NAME),
  /** The option that holds the version of the rows. */
  version: z.string().nullable(),
  /** Tells which versions have an update: `{version: anything}`. */
  steps: z.string().regex(PHP_NAME).nullable(),
  /** Hooks of Action Scheduler by which it goes on by itself once it is planned. */
  jobs: z.array(z.string()),
  /** What an administrator does to start it; empty: the plugin says so in wp-admin. */
  start: z.string(),
});
export type DataUpdate = z.infer<typeof DataUpdate>;

/** One environment as a job sees it; the name is used as prefix of the flat keys: `target_host`, `source_root`, ... */
const side = <S extends "source" | "target">(name: S) =>
  ({
    [`${name}_environment`]: z.string(),
    [`${name}_host`]: z.string(),
    [`${name}_root`]: z.string(),
    [`${name}_url`]: z.string(),
    [`${name}_database`]: z.string(),
    [`${name}_prefix`]: z.string(),
  }) as Record<
    `${S}_environment` | `${S}_host` | `${S}_root` | `${S}_url` | `${S}_database` | `${S}_prefix`,
    z.ZodString
  >;

const common = {
  job_id: z.uuid(),
  job_type: JobType,
  operation_id: z.uuid(),
};

/** How to look at an environment: what its tables, option rows and paths are. */
const rules = {
  table_rules: z.array(TableRule),
  option_rules: z.array(OptionRule),
  /** Paths in the code tree that are protected data (`wp-content/uploads`). */
  protected_paths: z.array(z.string()),
  /** Paths that are neither data nor code (caches, logs): in no fingerprint, backup or release. */
  volatile_paths: z.array(z.string()),
  /** Paths of the code tree that live in `<root>/shared` and are linked into every release. */
  shared_paths: z.array(z.string()),
  /** Options that hold ids of protected rows: name -> kind of reference. */
  reference_options: z.record(z.string(), z.enum(["post", "posts", "terms"])),
  /** Largest number of rows (files) for which single hashes are reported. */
  row_limit: z.number().int(),
  /** Connections and threads that measure at the same time; 0: half of the host's processors, at least 1, at most 4. */
  workers: z.number().int().min(0).max(16),
};

/** What the environment is compared with while it is measured. */
const comparison = {
  /** True: every file is read, whatever the host remembers of it. */
  full: z.boolean(),
  /**
   * Digests of the environment's own baseline, of items that the bot cannot, or may not be able to, compare row by row; the host
   * looks for an index of that name. `code`: null where the bot has the list itself.
   */
  baseline_index: z.object({
    tables: z.record(z.string(), z.partialRecord(DataClass, Digest)),
    files: z.record(z.string(), Digest),
    code: Digest.nullable(),
  }),
  /** Option rows of the environment's own baseline and their hashes. */
  baseline_options: z.record(z.string(), z.string()),
};

/** Personal data that a copy gets in another form: the rows of a table that match, column by column. */
export const Mask = z.object({
  table: z.string(),
  columns: z.record(z.string(), MaskKind),
  match: RowRule.shape.match,
});
export type Mask = z.infer<typeof Mask>;

/** A page and what it must answer. */
export const PageCheck = z.object({
  path: z.string(),
  status: z.number().int(),
  contains: z.string().optional(),
  within_s: z.number(),
});
export type PageCheck = z.infer<typeof PageCheck>;

/** One question about a site's health. Before a switch all must be answered well, and after it again. */
export const HealthCheck = z.discriminatedUnion("kind", [
  z.object({ kind: z.literal("page"), ...PageCheck.shape }),
  /** WordPress's REST API answers with JSON. */
  z.object({ kind: z.literal("rest"), within_s: z.number() }),
  /** The login page shows its form. */
  z.object({ kind: z.literal("login"), within_s: z.number() }),
  /** WordPress can read its planned events, and there are some. */
  z.object({ kind: z.literal("cron"), within_s: z.number() }),
  /**
   * PHP's log holds no fatal error of the active release since the switch. `log`: its path, absolute or below the root; null:
   * where PHP says that it writes it.
   */
  z.object({ kind: z.literal("php_errors"), log: z.string().nullable() }),
]);
export type HealthCheck = z.infer<typeof HealthCheck>;

/** What a cache in front of the target is told after a switch, and after a switch back. */
export const PurgeStep = z.discriminatedUnion("kind", [
  /** The contents of a folder of the active release that is volatile. */
  z.object({ kind: z.literal("path"), path: z.string(), within_s: z.number() }),
  /** A request from the target's host. `secret_headers`: header -> name of a key that only the runner knows. */
  z.object({
    kind: z.literal("url"),
    url: z.string(),
    method: PurgeMethod,
    headers: z.record(z.string(), z.string()),
    secret_headers: z.record(z.string(), z.string()),
    body: z.string().nullable(),
    within_s: z.number(),
  }),
  /** A name in the host's own list of commands (/etc/belay/commands.json). */
  z.object({ kind: z.literal("command"), command: z.string(), within_s: z.number() }),
]);
export type PurgeStep = z.infer<typeof PurgeStep>;

/** What belongs to every switch, forth and back. */
const switching = {
  /** How long running requests may drain before the hold is given up and tried again. */
  drain_ms: z.number().int(),
  purge: z.array(PurgeStep),
  hold_without: HoldWithout,
  /** How long the tables of a release that was rolled back stay for inspection. */
  keep_failed_s: z.number().int().min(0),
};

export const INPUTS = {
  baseline_create: z.object({ ...common, ...side("target"), ...rules }),
  drift_check: z.object({
    ...common,
    ...side("target"),
    ...rules,
    ...comparison,
    /** Tables of the source that are defined otherwise there; empty where nothing is planned. */
    source_structures: z.array(TableStructure),
  }),
  health_check: z.object({ ...common, ...side("target"), health_checks: z.array(HealthCheck) }),
  backup_create: z.object({ ...common, ...side("target"), ...rules }),
  release_build: z.object({
    ...common,
    ...side("source"),
    ...rules,
    ...comparison,
    /** The source's own baseline, digests of promotable rows: with `baseline_options` it tells what goes into the release. */
    baseline_tables: z.record(z.string(), Digest),
    /** How the target's baseline defines its tables: what is defined otherwise in the source is told. */
    target_ddl: z.record(z.string(), Digest),
  }),
  env_promote: z.object({
    ...common,
    ...side("source"),
    ...side("target"),
    ...rules,
    release_digest: Digest,
    /** The release that must be active on the target when the switch begins. */
    expected_release: z.string(),
    /** The target's tables, without prefix, that the plan was made for. */
    target_tables: z.array(z.string()),
    /** What of the release is applied: decided by the plan. */
    promote_tables: z.array(z.string()),
    promote_options: z.array(z.string()),
    /** Table -> part -> digest that must still hold inside the hold (protected parts of the verdict, and promoted tables). */
    expected_tables: z.record(z.string(), z.partialRecord(DataClass, Digest)),
    /**
     * Tables in which, inside the hold too, visitors' rows of the baseline must be as they were, while new ones may have come:
     * digests of their live rows at the baseline, and as the drift check saw them; `rows`: the baseline's rows one by one (as in
     * `row_hashes`), null where the host has an index of them.
     */
    append_only_tables: z.record(
      z.string(),
      z.object({ baseline: Digest, seen: Digest, rows: z.record(z.string(), z.string()).nullable() }),
    ),
    /** Promoted option -> hash of the target's row at the drift check; null: absent. */
    expected_options: z.record(z.string(), z.string().nullable()),
    health_checks: z.array(HealthCheck),
    /** Whether the new code must answer on a scratch view before the switch. */
    candidate: z.boolean(),
    /**
     * What the site has agreed to: patterns of tables that an upgrade may change destructively, upgrades that cannot be predicted. And
     * which plugins are asked for updates of their rows.
     */
    migrations: z.object({
      destructive: z.array(z.string()),
      unpredicted: z.boolean(),
      data_updates: z.array(DataUpdate),
    }),
    ...switching,
    keep_releases: z.number().int(),
    /** Without a step of the promotion, or its confirmation, for so long after the switch the host goes back by itself. */
    confirm_within_s: z.number().int().min(10).max(3600),
  }),
  release_rollback: z.object({
    ...common,
    ...side("target"),
    ...rules,
    /** The release to go back to (12 hex digits). */
    to_release: z.string(),
    expected_release: z.string(),
    health_checks: z.array(HealthCheck),
    ...switching,
  }),
  recover: z.object({
    ...common,
    ...side("target"),
    health_checks: z.array(HealthCheck),
    drain_ms: z.number().int(),
    /** How long an operation that still runs, or an activation that still waits for its confirmation, is waited for. */
    wait_s: z.number().int().min(0).max(3600),
    /** True: such an operation is stopped, and such an activation undone, without waiting. */
    stop: z.boolean(),
  }),
  env_refresh: z.object({
    ...common,
    ...side("source"),
    ...side("target"),
    ...rules,
    /** True for the first clone of an empty environment: the code tree and every table are copied. */
    initial: z.boolean(),
    /** Promotable tables and options that only the source changed: they stay the source's. */
    keep_tables: z.array(z.string()),
    keep_options: z.array(z.string()),
    /** What the copy is: decides what of its own settings it keeps or gets (mail, scheduled jobs, gateways). */
    source_type: EnvironmentType,
    /**
     * What the source was like when it was judged what the refresh overwrites; it must still be so when it begins.
     * Null for a first clone.
     */
    expected_source: z
      .object({
        tables: z.record(z.string(), z.partialRecord(DataClass, Digest)),
        options: z.record(z.string(), z.string()),
        files: z.record(z.string(), Digest),
      })
      .nullable(),
    /** Patterns of option rows that a first clone gets although they are secret: WordPress does not run without them. */
    clone_options: z.array(z.string()),
    /** Patterns of tables that the copy gets empty, and paths of protected files that it does not get. */
    leave_out_tables: z.array(z.string()),
    leave_out_files: z.array(z.string()),
    masks: z.array(Mask),
  }),
} as const;
export type JobInputs = { [T in keyof typeof INPUTS]: z.infer<(typeof INPUTS)[T]> };
