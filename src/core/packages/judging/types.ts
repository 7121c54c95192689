/** What the bot asks about packages, and what it is answered: data that goes to another thread and back. */
import type { Move, PackageName, WrittenFile } from "../activation.ts";
import type { Guardrail, PackagesConfiguration } from "../configuration.ts";
import type { PackageVersion, PointerChange, ValidationReport } from "../types.ts";
import type { Listing } from "./listing.ts";

/** What packages are judged by. */
export interface Rules {
  readonly configuration: PackagesConfiguration;
  readonly guardrails: readonly Guardrail[];
}

export interface HeadQuestion extends Rules {
  readonly kind: "head";
  /** The branch as it is now. */
  readonly base: Listing;
  /** The commit that the change began at. */
  readonly start: Listing;
  readonly head: Listing;
  /** What the records know to have been active once. */
  readonly released: readonly PackageVersion[];
}

export interface BroughtRelease extends PackageName {
  readonly version: string;
  readonly digest: string;
}

export interface HeadFound {
  readonly report: ValidationReport;
  readonly by_hand: readonly PointerChange[];
  /** What an activation would move. */
  readonly moves: readonly Move[];
  /** Every release that the head brings or edits, with what it holds. */
  readonly releases: readonly BroughtRelease[];
}

export interface HeadAnswer {
  readonly kind: "head";
  /** Null: the head touches no package. */
  readonly found: HeadFound | null;
}

export interface BranchQuestion {
  readonly kind: "branch";
  readonly entries: Listing;
  readonly configuration: PackagesConfiguration;
}

export interface BranchAnswer {
  readonly kind: "branch";
  /** The active version of each package, by `keyOfPackage`. */
  readonly active: ReadonlyMap<string, string>;
  /** The digest of each release, by `releaseKey`. */
  readonly digests: ReadonlyMap<string, string>;
}

export interface MoveQuestion extends Rules {
  readonly kind: "move";
  readonly entries: Listing;
  readonly moves: readonly Move[];
  readonly move: "activate" | "rollback";
}

export type MoveAnswer =
  | {
      readonly kind: "move";
      readonly ok: true;
      readonly report: ValidationReport;
      readonly files: readonly WrittenFile[];
    }
  /** A pointer file cannot be changed. */
  | { readonly kind: "move"; readonly ok: false; readonly path: string; readonly sentence: string };

export type Question = HeadQuestion | BranchQuestion | MoveQuestion;

export type Answer =
  | HeadAnswer
  | BranchAnswer
  | MoveAnswer
  /** A guardrail cannot be searched for: the policy is wrong, and blocks. */
  | { readonly kind: "bad_guardrail"; readonly sentence: string };
