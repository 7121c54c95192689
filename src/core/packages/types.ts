/** What the validation of configuration packages reads and what it answers. */
import type { Guardrail, PackagesConfiguration } from "./configuration.ts";
import type { Bump } from "./semver.ts";

/** One file of a commit. `id` is its content's: equal ids mean equal bytes (git's blob id will do). */
export interface TreeEntry {
  /** With `/`; names that are not UTF-8 hold U+FFFD. */
  readonly path: string;
  /** Git's mode: 100644, 100755, 120000 (symbolic link), 160000 (submodule). */
  readonly mode: string;
  readonly id: string;
}

/** A commit's files, read-only, in git's order or any other. `read` gives the bytes of one of `entries`; null where they cannot be had. */
export interface TreeView {
  readonly entries: readonly TreeEntry[];
  readonly read: (entry: TreeEntry) => Uint8Array | null;
}

/** The commit that a change builds on, told by what differs from the head. */
export interface BaseView {
  readonly changes: readonly TreeChange[];
  /** Of an entry of `changes`, or of a head's entry that is the same in the base. */
  readonly read: (entry: TreeEntry) => Uint8Array | null;
}

/** One path that differs; `before` is null where the change adds it. Where the head has no such path, the change removes it. */
export interface TreeChange {
  readonly path: string;
  readonly before: TreeEntry | null;
}

export interface PackageVersion {
  /** Absent: the first root that has the package. */
  readonly root?: string;
  readonly kind: string;
  readonly id: string;
  readonly version: string;
}

export interface ValidationInput {
  readonly head: TreeView;
  /** The commit that the changes build on; null: everything counts as unchanged, and immutability is not judged. */
  readonly base: BaseView | null;
  readonly configuration: PackagesConfiguration;
  readonly guardrails: readonly Guardrail[];
  /** `changed`: the releases that differ from the base, and what the pointers need. `all`: every release. */
  readonly scope: "all" | "changed";
  /** Releases that were active once, beyond what the base's pointers tell (the bot's records, tags). */
  readonly released?: readonly PackageVersion[];
  /** What the pointers would become; null or absent: the head's pointers, and every new release of the change on top. */
  readonly activate?: readonly PackageVersion[] | null;
}

export type Severity = "error" | "warning";

/** One thing that is wrong. Lines and columns count from 1. Sentence and remedy may hold values from outside: renderers escape them. */
export interface Finding {
  readonly file: string;
  readonly line: number;
  readonly column: number;
  readonly rule: string;
  readonly severity: Severity;
  /** What is wrong and why. */
  readonly sentence: string;
  /** What to type. */
  readonly remedy: string;
}

/** Why a change needs its bump: one field, one key, or one file. */
export interface ChangeReason {
  readonly bump: Bump;
  readonly sentence: string;
  readonly file: string;
  readonly line: number;
}

/** One package version that the change adds, edits or removes. */
export interface PackageChange {
  readonly root: string;
  readonly kind: string;
  readonly id: string;
  readonly version: string;
  readonly folder: string;
  readonly change: "added" | "edited" | "removed";
  /** The release that it is compared with: the last one before it; null for a first version. */
  readonly previous: string | null;
  /** What the difference needs, what the version's number gives, and why. Null where there is nothing to compare. */
  readonly needs: Bump | null;
  readonly gives: Bump | null;
  readonly reasons: readonly ChangeReason[];
  /** Where the content should stand instead; null where it stands right. */
  readonly suggestion: { readonly version: string; readonly folder: string } | null;
}

export interface PointerChange {
  readonly root: string;
  readonly kind: string;
  readonly id: string;
  /** Null: no active release. */
  readonly from: string | null;
  readonly to: string | null;
}

export interface ValidationReport {
  readonly schema: 1;
  readonly valid: boolean;
  readonly errors: number;
  readonly warnings: number;
  /** By file, line, column, rule. */
  readonly findings: readonly Finding[];
  readonly packages: readonly PackageChange[];
  /** What activation would do to the pointers of the base. */
  readonly pointers: readonly PointerChange[];
  readonly checked: { readonly releases: number; readonly files: number };
}
