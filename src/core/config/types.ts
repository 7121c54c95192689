/** A site's configuration (`.github/belay.yml`) after it was read, checked and filled with defaults. */
import type { DataUpdate, PageCheck, PurgeStep } from "../jobs.ts";
import type { DriftMode, EnvironmentType, HoldWithout, PersonalData, Preset } from "../vocabulary.ts";

export interface SiteEnvironment {
  readonly name: string;
  readonly type: EnvironmentType;
  readonly branch: string;
  /** Without a trailing slash, credentials or query. */
  readonly url: string;
  /** A host of the inventory. */
  readonly host: string;
  readonly root: string;
  readonly database: { readonly name: string; readonly prefix: string };
  readonly cloned_from: string | null;
  /** False where the code tree is not a checkout of the branch: the release's commit is then not compared with the head. */
  readonly built_from_git: boolean;
}

/** What an option refers to by id: one post, several posts, or terms. */
export type ReferenceKind = "post" | "posts" | "terms";

export interface PromotionSettings {
  readonly preset: Preset;
  readonly drift: DriftMode;
  /** Table names or patterns, without prefix. `protect` counts as editors' work, `live` as visitors'. */
  readonly tables: {
    readonly promote: readonly string[];
    readonly protect: readonly string[];
    readonly live: readonly string[];
  };
  /** `source_wins`: rows for which the source's value is taken although production changed them too. */
  readonly options: {
    readonly keep: readonly string[];
    readonly promote: readonly string[];
    readonly source_wins: readonly string[];
  };
  readonly files: {
    readonly protect: readonly string[];
    readonly shared: readonly string[];
    readonly volatile: readonly string[];
    /** Files that the catalog shares by default (`robots.txt`, drop-ins) and that this site promotes with its code. */
    readonly promote: readonly string[];
  };
  readonly references: Readonly<Record<string, ReferenceKind>>;
  /** Seconds; null: the policy's limit. A site can only tighten it. */
  readonly backup: { readonly max_age_s: number | null };
  /** How long the tables of a release that was rolled back stay for inspection. */
  readonly keep_failed_s: number;
  /** Whether the new code must answer on a scratch view of the target before the switch. */
  readonly candidate: boolean;
  readonly migrations: MigrationConsent;
  /** Plugins that are asked for updates of their rows, beside those of the catalog. */
  readonly data_updates: readonly DataUpdate[];
}

/** What the site agrees to beforehand: tables (names or patterns) that an upgrade may change destructively; upgrades that nobody can predict. */
export interface MigrationConsent {
  readonly destructive: readonly string[];
  readonly unpredicted: boolean;
}

export interface RefreshSettings {
  readonly personal_data: PersonalData;
  /** Tables (names or patterns, without prefix) that the copy gets empty, and protected paths that it does not get. */
  readonly leave_out: { readonly tables: readonly string[]; readonly files: readonly string[] };
}

/** What is asked of WordPress beside pages; null: of production only. */
export interface WordpressHealth {
  readonly rest: boolean | null;
  readonly login: boolean;
  readonly cron: boolean | null;
  readonly php_errors: boolean | null;
  /** PHP's log, absolute or below the environment's root; null: where PHP says that it writes it. */
  readonly php_log: string | null;
  readonly within_s: number;
}

export interface SiteConfig {
  readonly version: 1;
  readonly site: string;
  /** Names of environments, in order towards production. */
  readonly path: readonly string[];
  readonly environments: Readonly<Record<string, SiteEnvironment>>;
  readonly promotion: PromotionSettings;
  readonly refresh: RefreshSettings;
  readonly health: readonly PageCheck[];
  readonly wordpress_health: WordpressHealth;
  /** What caches in front are told after a switch, and after a switch back. */
  readonly purge: readonly PurgeStep[];
  /** What becomes of a promotion where the target's PHP does not run the hold. */
  readonly hold: { readonly without: HoldWithout };
  readonly checklist: readonly string[];
}

/** One thing wrong with the file. Lines and columns count from 1. */
export interface ConfigError {
  readonly code: string;
  readonly line: number;
  readonly column: number;
  /** Where in the file, dotted: `environments.staging.url`. Empty for the whole file. */
  readonly path: string;
  readonly message: string;
  /** What to type. */
  readonly remedy: string;
}

export type ParsedSiteConfig =
  | { readonly ok: true; readonly config: SiteConfig }
  | { readonly ok: false; readonly errors: readonly ConfigError[] };

/** The source and target of an environment pull request, or why it is none. */
export type Pair =
  | { readonly ok: true; readonly source: SiteEnvironment; readonly target: SiteEnvironment }
  | {
      readonly ok: false;
      /** `not_governed`: no environment has the base branch. `no_source`: nothing merges into the path's first step. */
      readonly reason: "not_governed" | "wrong_head" | "skips_step" | "no_source" | "off_path";
      readonly message: string;
      readonly remedy: string;
    };
