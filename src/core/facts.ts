/**
 * What the host side tells: fingerprints, releases, and the facts of each job type. Written by the Ansible modules,
 * read by the bot. Tables are named without their prefix everywhere. All digests are lower-case hexadecimal SHA-256.
 */
import { z } from "zod";
import { TableStructure } from "./table-structure.ts";
import { DataClass } from "./vocabulary.ts";

export const Digest = z.string().regex(/^[0-9a-f]{64}$/, "a SHA-256 digest in lower-case hexadecimal");

/** One part of a table: the rows of one data class. `digest` depends on nothing but these rows (docs/fingerprint.md). */
export const TablePart = z.object({
  rows: z.number().int().nonnegative(),
  digest: Digest,
  /** Digests of ranges of the key, packed (docs/fingerprint.md); only where the table is too large for `row_hashes`. */
  chunks: z.base64().optional(),
  /** Row key -> first 24 hex digits of the row's hash; only where the table is small enough (`row_limit` of the job). */
  row_hashes: z.record(z.string(), z.string()).optional(),
});
export type TablePart = z.infer<typeof TablePart>;

export const TableFingerprint = z.object({
  class: DataClass,
  /** Where the class comes from: `site`, `preset:<name>`, `catalog:<file>`, `unknown`. */
  origin: z.string(),
  engine: z.string(),
  /** Digest of the table's DDL without AUTO_INCREMENT, prefix and names of constraints. */
  ddl: Digest,
  /** Keyed by data class; the rows that no row rule claims are under the table's own class. */
  parts: z.partialRecord(DataClass, TablePart),
});
export type TableFingerprint = z.infer<typeof TableFingerprint>;

export const OptionFingerprint = z.object({ class: DataClass, hash: z.string() });
export type OptionFingerprint = z.infer<typeof OptionFingerprint>;

export const FilesFingerprint = z.object({
  files: z.number().int(),
  bytes: z.number().int(),
  digest: Digest,
  /** Relative path -> first 24 hex digits of the file's SHA-256; left out above `row_limit` files. */
  entries: z.record(z.string(), z.string()).optional(),
});
export type FilesFingerprint = z.infer<typeof FilesFingerprint>;

/** What changed between a baseline and now, row by row (file by file): exact counts, and at most `MAX_CHANGED_KEYS` keys. */
export const RowChanges = z.object({
  added: z.number().int().nonnegative(),
  changed: z.number().int().nonnegative(),
  removed: z.number().int().nonnegative(),
  keys: z.array(z.object({ change: z.enum(["+", "~", "-"]), key: z.string() })),
});
export type RowChanges = z.infer<typeof RowChanges>;

/**
 * What the host found by its own index of the baseline, for items that are too large to be compared by the bot. An item is
 * missing where it did not change, or where the host has no (valid) index of that baseline.
 */
export const Differences = z.object({
  tables: z.record(z.string(), z.partialRecord(DataClass, RowChanges)),
  files: z.record(z.string(), RowChanges),
  code: RowChanges.nullable(),
});
export type Differences = z.infer<typeof Differences>;

/** One environment at one moment; each table at one instant. `options` holds every row of the options table that is not noise. */
export const Fingerprint = z.object({
  algorithm: z.string(),
  server_version: z.string(),
  taken_at: z.iso.datetime(),
  tables: z.record(z.string(), TableFingerprint),
  options: z.record(z.string(), OptionFingerprint),
  /** Other sites in the same database whose longer prefix begins with this one: their tables are left out. Missing: not told. */
  other_sites: z.array(z.object({ prefix: z.string(), tables: z.number().int() })).optional(),
  /** Protected paths (relative to the code tree, for example `wp-content/uploads`). */
  files: z.record(z.string(), FilesFingerprint),
  /** The promotable code tree. */
  code: FilesFingerprint,
  /** Files of the code tree that differ from the active release's manifest: hand edits and automatic updates. */
  code_edits: z.array(z.object({ path: z.string(), change: z.enum(["added", "changed", "removed"]) })),
  /** `releases/<digest12>` that `current` points to, without the folder. */
  active_release: z.string(),
  wordpress: z.object({ version: z.string(), db_version: z.string() }),
  /**
   * What options refer to by id, resolved on this side: option (or `option:member` for an id inside the row) -> `type:slug`,
   * several joined by commas; `none` for a reference to nothing, null when it dangles.
   */
  references: z.record(z.string(), z.string().nullable()),
});
export type Fingerprint = z.infer<typeof Fingerprint>;

export const Manifest = z.object({
  schema: z.literal(1),
  kind: z.literal("site"),
  source: z.object({ environment: z.string(), url: z.string(), prefix: z.string() }),
  /** Content of `REVISION` in the code tree; null when there is none. */
  commit: z.string().nullable(),
  wordpress: z.object({ version: z.string(), db_version: z.string() }),
  php_version: z.string(),
  plugins: z.record(z.string(), z.string()),
  themes: z.record(z.string(), z.string()),
  /** Relative path -> SHA-256 of the file, or `link:<target>`. */
  code: z.record(z.string(), z.string()),
  /** Promotable tables in the release: digest of the exported rows, number of rows, digest of the DDL. */
  tables: z.record(z.string(), z.object({ rows: z.number().int(), digest: Digest, ddl: Digest })),
  /** Option rows that the source changed: hash of the new value, null where the row was removed. */
  options: z.record(z.string(), z.string().nullable()),
  /** Hooks that the source's plugins plan again and again, and its roles: a plugin's activation should have made them in the target. */
  cron_hooks: z.array(z.string()).optional(),
  roles: z.array(z.string()).optional(),
  /** Modes of plugins that both sides must share, for example where WooCommerce keeps orders. */
  modes: z.record(z.string(), z.string()).optional(),
});
export type Manifest = z.infer<typeof Manifest>;

export const HealthResult = z.object({
  check: z.string(),
  ok: z.boolean(),
  detail: z.string(),
  seconds: z.number(),
});
export type HealthResult = z.infer<typeof HealthResult>;

/** What a cache in front of the site was told, and how that ended. */
export const Purged = z.object({
  purge: z.string(),
  ok: z.boolean(),
  detail: z.string(),
  seconds: z.number(),
});
export type Purged = z.infer<typeof Purged>;

/** What became of plugins that a promotion made active, after the switch and before its health was checked. */
export const Activation = z.object({
  /** Their activation hooks. */
  plugins: z.array(
    z.object({ plugin: z.string(), ok: z.boolean(), detail: z.string(), seconds: z.number() }),
  ),
  /** What the source has and the target has not, although the hooks ran. */
  missing_cron_hooks: z.array(z.string()),
  missing_roles: z.array(z.string()),
  /** Protected table -> rows that the hooks wrote, which a rollback leaves as they are. */
  written: z.record(z.string(), z.number().int()),
});
export type Activation = z.infer<typeof Activation>;

/** A switch without the hold: why, and for how long a request could see both releases. */
export const Mixture = z.object({ why: z.string(), mixture_ms: z.number().optional() });
export type Mixture = z.infer<typeof Mixture>;

export const SwitchFacts = z.object({
  hold_ms: z.number(),
  rename_ms: z.number(),
  attempts: z.number().int(),
  tables: z.number().int(),
  /** Rows that production wrote between the shadow and the switch, carried over inside the hold. */
  merged_rows: z.number().int(),
});
export type SwitchFacts = z.infer<typeof SwitchFacts>;

/** What is told beside a fingerprint that is compared with a baseline. */
const compared = {
  differences: Differences,
  /**
   * Short values of option rows that changed since the baseline, for people to compare; null: the row is gone. Only rows that
   * a rule classes as configuration and that look like no secret, at most 300 characters each.
   */
  option_values: z.record(z.string(), z.string().nullable()),
};

/** What a host did by itself since anybody asked last. */
export const HostReport = z.object({
  operation_id: z.string(),
  /** `reverted`: nobody confirmed the release in time, so the host went back. */
  what: z.literal("reverted"),
  by: z.string(),
  at: z.iso.datetime({ offset: true }),
  release: z.string(),
  previous_release: z.string(),
  purges: z.array(Purged).optional(),
});
export type HostReport = z.infer<typeof HostReport>;

/** What a recovery came upon, and what it made of it. */
export const Found = z.object({
  what: z.enum([
    "running",
    "in_doubt",
    "unconfirmed",
    "interrupted",
    "tables",
    "incoming",
    "scratch_schema",
    "building",
    /** Caches in front that an interrupted switch has not told. */
    "caches",
  ]),
  /** The operation that it belongs to, where it is known. */
  operation_id: z.string().nullable(),
  detail: z.string(),
  done: z.enum(["waited", "stopped", "left", "decided", "reverted", "finished", "removed"]),
});
export type Found = z.infer<typeof Found>;

/** What the new code said on a scratch view of the target, before the switch. */
export const CandidateFacts = z.object({
  php: z.string(),
  /** `kernel`: Landlock kept it from writing files and from connecting; `php`: the kernel has none, PHP's own settings did. */
  sandbox: z.enum(["kernel", "php"]),
  theme: z.string(),
  /** Tables whose names are too long for a view: the candidate did not see them. */
  hidden_tables: z.array(z.string()),
  missing_plugins: z.array(z.string()),
  /** Files of the release that it ran without: a database drop-in, which would connect past the view. */
  left_out: z.array(z.string()).optional(),
  health: z.array(z.object({ check: z.string(), ok: z.boolean(), detail: z.string() })),
});
export type CandidateFacts = z.infer<typeof CandidateFacts>;

/** One difference in the structure of a table; `additive`: the code of before does not notice it. */
export const SchemaChange = z.object({
  table: z.string(),
  /** `table_added`, `column_changed`, `index_removed`, ... */
  what: z.string(),
  /** Of the column or index; empty for a table. */
  name: z.string(),
  effect: z.enum(["additive", "destructive"]),
  detail: z.string(),
});
export type SchemaChange = z.infer<typeof SchemaChange>;

/** What plugins have to do to their own rows when the release is live, as they said themselves; nobody has begun it. */
const Waiting = {
  updates: z
    .array(
      z.object({
        plugin: z.string(),
        /** `unknown`: it could not be asked; `detail` says why. */
        state: z.enum(["waits", "unknown"]),
        /** Of the rows now. */
        version: z.string().nullable(),
        /** Versions whose updates wait, the oldest first. */
        steps: z.array(z.string()),
        /** Jobs of Action Scheduler that it has planned for it: above 0 it begins by itself. */
        planned: z.number().int(),
        detail: z.string(),
        start: z.string(),
      }),
    )
    .optional(),
  /** Other jobs that the upgrade has planned: hook -> how many. */
  jobs: z.record(z.string(), z.number().int()).optional(),
};

/** Upgrades of tables by the new code: why, what they did to empty copies before the switch, what they did after it. */
export const MigrationFacts = z.object({
  needed: z.object({
    wordpress: z.object({ from: z.string().nullable(), to: z.string() }).nullable(),
    plugins: z.array(z.object({ plugin: z.string(), from: z.string().nullable(), to: z.string() })),
  }),
  predicted: z.object({ changes: z.array(SchemaChange), trouble: z.array(z.string()), ...Waiting }),
  done: z
    .object({
      changes: z.array(SchemaChange),
      /** Tables whose structure or number of rows changed meanwhile; visitors write, too. Null: there was no such table. */
      rows: z.record(
        z.string(),
        z.object({ before: z.number().int().nullable(), after: z.number().int().nullable() }),
      ),
      /** What the prediction did not say, or said wrongly. */
      surprises: z.array(SchemaChange),
      trouble: z.array(z.string()),
      seconds: z.number(),
      ...Waiting,
    })
    .nullable(),
});
export type MigrationFacts = z.infer<typeof MigrationFacts>;
const WaitingFacts = z.object(Waiting);
export type WaitingFacts = z.infer<typeof WaitingFacts>;

/** Fingerprints of what a promotion made equal on both sides, and of tables whose structure its upgrade changed. */
const Promoted = z.object({
  tables: z.record(z.string(), TableFingerprint),
  options: z.record(z.string(), OptionFingerprint.nullable()),
  code: FilesFingerprint,
});
const Migrated = z.record(z.string(), TableFingerprint);

export const FACTS = {
  baseline_create: z.object({ fingerprint: Fingerprint }),
  /** Null: the environment is laid out and empty, as before its first clone. */
  drift_check: z.object({
    fingerprint: Fingerprint.nullable(),
    ...compared,
    /** What makes the source's tables, as the job was told of them, of this environment's. */
    structure_changes: z.array(SchemaChange).optional(),
    /** Versions of its plugins; keys as in a manifest. */
    plugins: z.record(z.string(), z.string()).optional(),
  }),
  health_check: z.object({ health: z.array(HealthResult), healthy: z.boolean(), active_release: z.string() }),
  backup_create: z.object({
    backup: z.object({
      snapshot: z.string(),
      scope: z.enum(["db", "files", "full"]),
      taken_at: z.iso.datetime(),
      bytes: z.number().int(),
      tables: z.number().int(),
      rows: z.number().int(),
      files: z.number().int(),
      /** The proof: what was restored and compared. `moving_rows` were written during the dump and are not compared. */
      verified: z.object({
        tables: z.number().int(),
        rows: z.number().int(),
        moving_rows: z.number().int(),
        files: z.number().int(),
      }),
    }),
  }),
  release_build: z.object({
    release: z.object({ digest: Digest, bytes: z.number().int(), reused: z.boolean(), manifest: Manifest }),
    fingerprint: Fingerprint,
    ...compared,
    /** The options, and tables that are defined otherwise than in the target's baseline; at most 200. */
    structures: z.array(TableStructure).optional(),
  }),
  env_promote: z.object({
    activated: z.boolean(),
    rolled_back: z.boolean(),
    release: z.string(),
    previous_release: z.string(),
    switch: SwitchFacts.optional(),
    health: z.array(HealthResult),
    /** The host went back by itself, because nobody confirmed the release in time. */
    reverted_by_watchdog: z.boolean().optional(),
    found: z.array(HostReport).optional(),
    /** Of the release before, after an automatic rollback. */
    restored_health: z.array(HealthResult).optional(),
    /** What the preflight found that is no reason to stop. */
    warnings: z.array(z.string()).optional(),
    mixture: Mixture.optional(),
    candidate: CandidateFacts.optional(),
    migration: MigrationFacts.optional(),
    /** Fingerprints of tables, not promoted ones, that the upgrade gave another structure, taken right after it. */
    migrated: Migrated.optional(),
    activation: Activation.optional(),
    purges: z.array(Purged).optional(),
    /** After an automatic rollback. */
    restored_purges: z.array(Purged).optional(),
    /** Rows written to promoted tables between the switch and an automatic rollback; they stay in the tables kept for inspection. */
    late_rows: z.record(z.string(), z.number().int()).optional(),
    /** Fingerprints of what is now equal on both sides, taken from the shadow inside the hold: the target's next baseline of these items. */
    promoted: Promoted.optional(),
  }),
  release_rollback: z.object({
    activated: z.boolean(),
    release: z.string(),
    previous_release: z.string(),
    switch: SwitchFacts.optional(),
    health: z.array(HealthResult),
    found: z.array(HostReport).optional(),
    /** Rows written to promoted tables since the switch; they stay in the tables kept for inspection. */
    late_rows: z.record(z.string(), z.number().int()),
    mixture: Mixture.optional(),
    purges: z.array(Purged).optional(),
    promoted: z
      .object({
        tables: z.record(z.string(), TableFingerprint.nullable()),
        options: z.record(z.string(), OptionFingerprint.nullable()),
        code: FilesFingerprint,
      })
      .optional(),
  }),
  recover: z.object({
    found: z.array(Found),
    reports: z.array(HostReport),
    /** The active release and the operation that made it so. */
    active: z.object({ release: z.string(), operation_id: z.string() }),
    /** Whether nothing is left that a later recovery would have to look at. */
    settled: z.boolean(),
    health: z.array(HealthResult),
    healthy: z.boolean(),
    /** What the promotion of this operation told when it was confirmed, where it is the active one: its report may have been lost. */
    promotion: z
      .object({ previous_release: z.string(), promoted: Promoted, migrated: Migrated.optional() })
      .optional(),
  }),
  env_refresh: z.object({
    /** The new baseline of both sides. */
    target: Fingerprint,
    source: Fingerprint,
    tables: z.array(z.object({ table: z.string(), rows: z.number().int() })),
    files: z.number().int(),
  }),
} as const;
export type Facts = { [T in keyof typeof FACTS]: z.infer<(typeof FACTS)[T]> };
