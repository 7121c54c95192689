/** Requests of the API that named themselves by a key, and what they were answered. */
import type { Verdict } from "../core/verdict.ts";

/** A request of the API that named itself by a key. Immutable. */
export interface ApiRequestRow {
  /** Whose key it is, in small letters. */
  readonly login: string;
  readonly key: string;
  /** Digest of what was asked for: the same key for anything else is refused. */
  readonly request: string;
  readonly answer: ApiAnswer;
  readonly at: string;
}

export type ApiAnswer =
  /** `job_id` is null where the bot does the work by itself: it moves pointers of packages. */
  | { readonly kind: "accepted"; readonly job_id: string | null; readonly operation_id: string }
  | {
      readonly kind: "refused";
      readonly status: 400 | 403 | 404 | 409;
      readonly code: string;
      readonly message: string;
      readonly verdict?: Verdict;
    };
