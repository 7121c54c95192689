/** Configuration packages: who judges them; rows of reports, of the states of their releases, of what an operation moves. */
import type { Move, Told } from "../core/packages/activation.ts";
import type { Answer, Question } from "../core/packages/judging/types.ts";
import type { PackageState, Veto } from "../core/packages/states.ts";
import type { PointerChange, ValidationReport } from "../core/packages/types.ts";

/** What a validation of a pull request's head found. Immutable; equal questions have equal digests. */
export interface PackageReportRow {
  readonly id: string;
  readonly site_id: string;
  readonly pull_request: number;
  readonly head_sha: string;
  /** The base branch's commit that it was judged with. */
  readonly base_sha: string;
  /** Of head, base, configuration and guardrails. */
  readonly digest: string;
  readonly report: ValidationReport;
  /** Pointers that the pull request moves by itself. */
  readonly by_hand: readonly PointerChange[];
  /** What an activation would move. */
  readonly moves: readonly Move[];
  readonly created_at: string;
}

/** One version of one package, from the moment that a pull request brings it. */
export interface PackageReleaseRow {
  readonly id: string;
  readonly site_id: string;
  readonly root: string;
  readonly kind: string;
  readonly package: string;
  readonly version: string;
  readonly status: PackageState;
  /** Of what it holds: names, modes and contents of its files. */
  readonly digest: string;
  /** The pull request that brought it, and its head then; null for one that was active before Belay knew it. */
  readonly pull_request: number | null;
  readonly head_sha: string | null;
  readonly report_id: string | null;
  /** Who staged it; null: nobody, or a push took it back. */
  readonly staged_by: string | null;
  readonly staged_at: string | null;
  /** When it was last activated. */
  readonly released_at: string | null;
  /** Null: nobody vetoed it, or the veto was lifted. */
  readonly veto: Veto | null;
  readonly state_version: number;
}

/** What an operation on packages moves, and how far it has come. */
export interface OperationPackages {
  readonly moves: readonly Move[];
  readonly reason: string;
  /** Rounds of judging anew because the branch had moved. */
  readonly round: number;
  /** The commit that moved the pointers; null: none yet. */
  readonly commit: string | null;
  /** In each of the configured ways, once that is known. */
  readonly told?: readonly Told[];
}

export interface PackageReleaseFilter {
  readonly site_id: string;
  readonly pull_request?: number;
  readonly root?: string;
  readonly kind?: string;
  readonly package?: string;
  readonly version?: string;
  readonly states?: readonly PackageState[];
}

/** Contents by git's id; what is missing in the answer cannot be had. */
export type Fetch = (ids: readonly string[]) => Promise<ReadonlyMap<string, Uint8Array>>;

export type Judged =
  | { readonly ok: true; readonly answer: Answer }
  /** `what` ends the sentence "Nothing was judged: ...". */
  | { readonly ok: false; readonly what: string };

/** Judging takes seconds of computing: it must not be done on the thread that answers webhooks. */
export interface PackageJudge {
  /** @throws whatever `fetch` throws */
  readonly ask: (question: Question, fetch: Fetch) => Promise<Judged>;
}
