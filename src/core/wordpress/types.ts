/** What the judgement of a WordPress environment yields: the drift verdict, the plan, baselines. Data only. */
import type { SiteConfig } from "../config/types.ts";
import type { Facts, Fingerprint, Manifest, SchemaChange } from "../facts.ts";
import type { DataUpdate, JobInputs } from "../jobs.ts";
import type { DataClass, DriftMode, DriftStatus } from "../vocabulary.ts";
import type { ChangedRange } from "./chunks.ts";

/** One thing to tell: a stable code, what happened and why, and what to type next (null where nothing is to be done). */
export interface Sentence {
  readonly code: string;
  readonly text: string;
  readonly remedy: string | null;
  /** What the text speaks of, one thing in each; where it is too much for a sentence. */
  readonly list?: readonly string[];
  /** Lines for .github/belay.yml, to be copied as they are. */
  readonly paste?: string;
}

/** How a job must look at an environment: exactly the rule keys of its input. */
export type CompiledRules = Pick<
  JobInputs["drift_check"],
  "table_rules" | "option_rules" | "protected_paths" | "volatile_paths" | "shared_paths" | "reference_options"
>;

/** Both sides of a pair at one time: the last baseline, or now. */
export interface Sides {
  readonly source: Fingerprint;
  readonly target: Fingerprint;
}
/** The fingerprints that both sides are compared with. Changed only by the functions of baseline.ts. */
export type Baseline = Sides;

/** What the host told beside a fingerprint, comparing it with the environment's own baseline. */
export type Compared = Pick<Facts["drift_check"], "differences" | "option_values">;

/**
 * How two measurements of the same rows (or files) differ. The counts are null where nobody compared single rows: then the
 * totals are known, and of large tables with an integer key the ranges.
 */
export interface Difference {
  readonly before: number;
  readonly now: number;
  readonly added: number | null;
  readonly changed: number | null;
  readonly removed: number | null;
  /** At most 1000 keys of rows (paths of files) that differ; `+`, `~` or `-` tells how. */
  readonly keys: readonly RowChange[];
  /** At most 1000 ranges of the key in which rows differ; empty where the keys say more, or nothing is known. */
  readonly ranges: readonly ChangedRange[];
}
export interface RowChange {
  readonly change: "+" | "~" | "-";
  readonly key: string;
}

export interface DriftFinding extends Difference {
  readonly kind: "table" | "files";
  /** Table without prefix, or path. */
  readonly name: string;
  readonly class: DataClass;
  readonly blocking: boolean;
  /** Why visitors' rows block in mode `live`: the policy calls the table append-only. Null for all else. */
  readonly append_only: "broken" | "unknown" | null;
  /** One short sentence: `comments: 3 rows added, 1 changed`. */
  readonly note: string;
}

/** What the site's configuration and the policy say about drift. */
export interface DriftSettings {
  /** What the site asks for. */
  readonly mode: DriftMode;
  /** `append_only`: patterns of tables whose rows of the baseline may be neither changed nor removed, in mode `live` too. */
  readonly policy: { readonly allow_live_mode: boolean; readonly append_only: readonly string[] };
}

/** What a drift check found; the row that keeps it adds who, when and which baseline. */
export interface DriftVerdict {
  readonly status: DriftStatus;
  /** The mode that was judged by: a policy can make `strict` of the site's `live`. */
  readonly mode: DriftMode;
  readonly findings: readonly DriftFinding[];
  readonly sentences: readonly Sentence[];
}

/**
 * protect: protected content; keep: production's stays (nothing to do); promote: the release's replaces production's;
 * conflict: changed on both sides, blocks; unclassified: no rule knows it, blocks if production has it;
 * absent: named by the preset, not in production.
 */
export type TableAction = "protect" | "keep" | "promote" | "conflict" | "unclassified" | "absent";

export interface PlanTable {
  readonly table: string;
  readonly class: DataClass;
  readonly origin: string;
  readonly action: TableAction;
  readonly why: string;
  /** Rows in the source and in the target; null where the table does not exist. */
  readonly rows: { readonly source: number | null; readonly target: number | null };
  readonly changed: Changed;
}

/** Who changed a table or an option row since the baseline; `equal`: both sides hold the same now, however they came to it. */
export interface Changed {
  readonly source: boolean;
  readonly target: boolean;
  readonly equal: boolean;
}

export interface PlanOption {
  readonly option: string;
  readonly class: DataClass;
  readonly changed: Changed;
  readonly action: "keep" | "promote" | "conflict";
  /** True where the promotion removes the row. */
  readonly removes: boolean;
  readonly why: string;
  /** Why a person should look at it: nothing classifies it, or its name looks like a secret. Empty for the rest. */
  readonly flags: readonly string[];
  /** Short values that may be shown, as the sides' hosts told them; null: the row is gone, missing: not shown. */
  readonly values: { readonly source?: string | null; readonly target?: string | null };
}

/**
 * promote: production gets the source's. keep: only production changed it, so production's must stay and nothing may be promoted
 * over it. conflict: both changed it, differently. same: production changed it, and the source holds the same now.
 */
export type CodeAction = "promote" | "keep" | "conflict" | "same";

/** A file of the code tree that differs between the sides, or that production changed. */
export interface CodeChange {
  readonly path: string;
  readonly action: CodeAction;
  /** How each side changed it since the baseline (production: or since its active release); null: it did not. */
  readonly source: RowChange["change"] | null;
  readonly target: RowChange["change"] | null;
}

export interface CodeChanges {
  /** At most 1000: what blocks comes first. */
  readonly files: readonly CodeChange[];
  readonly counts: Readonly<Record<CodeAction, number>>;
  /** False where a side's files are too many for a list: then files may be missing. */
  readonly complete: boolean;
}

/** Protected content that the source changed since its baseline: it does not travel, and a refresh overwrites it. */
export interface LeftBehind extends Difference {
  readonly kind: "table" | "files";
  readonly name: string;
  readonly class: DataClass;
  readonly note: string;
}

/** What the new code will make of tables that stay production's: foreseen by the source's, where it has happened. */
export interface PlanUpgrade {
  /** Versions that differ, so that the new code may upgrade tables at all. */
  readonly wordpress: { readonly from: string; readonly to: string } | null;
  readonly plugins: readonly { readonly plugin: string; readonly from: string | null; readonly to: string }[];
  /** `agreed`: it takes nothing away, or the site's configuration allows it. */
  readonly changes: readonly (SchemaChange & { readonly agreed: boolean })[];
  /** Tables that are defined otherwise in the source, and nobody told how. */
  readonly unknown: readonly string[];
}

export interface PlanSummary {
  readonly tables: Readonly<Record<TableAction, number>>;
  readonly options: Readonly<Record<PlanOption["action"], number>>;
  readonly flagged_options: number;
  readonly left_behind: number;
}

export interface Plan {
  readonly tables: readonly PlanTable[];
  /** Rows that either side changed; unchanged rows are not listed. */
  readonly options: readonly PlanOption[];
  readonly code: {
    readonly changed: boolean;
    readonly files: { readonly source: number; readonly target: number };
    readonly edits: Fingerprint["code_edits"];
    readonly changes: CodeChanges;
    readonly wordpress: { readonly source: string; readonly target: string };
  };
  readonly left_behind: readonly LeftBehind[];
  /** Null (missing in plans of versions before): nothing was told to foresee it by. */
  readonly upgrade?: PlanUpgrade | null;
  readonly summary: PlanSummary;
  /** Empty: nothing in the plan blocks. */
  readonly blocks: readonly Sentence[];
  /** Worth reading, not blocking. */
  readonly warnings: readonly Sentence[];
  /** The pieces for `env_promote`. */
  readonly job: Pick<
    JobInputs["env_promote"],
    | "promote_tables"
    | "promote_options"
    | "expected_tables"
    | "expected_options"
    | "append_only_tables"
    | "target_tables"
  >;
}

export interface PlanInput {
  readonly config: SiteConfig;
  readonly rules: CompiledRules & { readonly data_updates?: readonly DataUpdate[] };
  readonly manifest: Manifest;
  readonly baseline: Baseline;
  readonly now: Sides;
  /** What each side's host found by comparing it with its own baseline; null where it compared nothing. */
  readonly compared: Readonly<Record<keyof Sides, Compared | null>>;
  /** The mode that drift is judged by. */
  readonly mode: DriftMode;
  /** The policy's patterns of append-only tables; they count in mode `live`. */
  readonly append_only?: readonly string[];
  /** What the hosts told of tables and plugins beside the fingerprints; missing where they did not. */
  readonly seen?: {
    /** Tables whose structure the source told. */
    readonly told: readonly string[];
    /** What makes the source's of the target's. */
    readonly changes: readonly SchemaChange[];
    /** The target's. */
    readonly plugins: Readonly<Record<string, string>>;
  };
}

/** What a refresh would do to the source. `conflicts` not empty: it must be refused. */
export interface RefreshPlan {
  /** The source is empty: code, tables and files are copied, and nothing is overwritten. */
  readonly first_clone: boolean;
  readonly keep_tables: readonly string[];
  readonly keep_options: readonly string[];
  readonly conflicts: readonly Sentence[];
  readonly overwritten: readonly LeftBehind[];
  readonly sentences: readonly Sentence[];
  /** What the source must still be like when the refresh begins; null for a first clone. */
  readonly expected_source: JobInputs["env_refresh"]["expected_source"];
}

/**
 * The functions of this folder, for those who call them.
 * - rules.ts `compileRules(config, catalog)`; tables and options are named without any environment's prefix.
 * - drift.ts `judgeDrift(input)`; without a baseline the status is `unknown`.
 * - plan.ts `makePlan(input)`; refresh.ts `planRefresh(input)`.
 * - baseline.ts `releaseBaseline`, `advanceBaseline`, `baselineAfterRollback`, `baselineAfterRefresh`.
 */
export interface DriftInput {
  readonly baseline: Fingerprint | null;
  readonly now: Fingerprint;
  /** Null where the host compared nothing. */
  readonly compared: Compared | null;
  readonly settings: DriftSettings;
}
export type JudgeDrift = (input: DriftInput) => DriftVerdict;
export type MakePlan = (input: PlanInput) => Plan;
