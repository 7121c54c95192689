/** Whether what an operation was started on is still so when its next job is claimed; if not, why it stops. */
import { boundToHead } from "./operations.ts";
import { reasons } from "./rendering/endings.ts";
import type { OperationKind } from "./vocabulary.ts";

export interface StillFitsFacts {
  readonly kind: OperationKind;
  readonly has_pull_request: boolean;
  readonly head_sha: string;
  readonly settings_digest: string;
  /** The environments' branches. */
  readonly branches: { readonly head: string; readonly base: string };
  readonly pull_request: {
    readonly state: "open" | "closed" | "merged";
    readonly head_sha: string;
    readonly base_ref: string;
  } | null;
  /** Null: the configuration is missing or wrong now. */
  readonly digest_now: string | null;
}

/** Null: go on. A rollback goes on whatever became of the pull request. */
export function environmentStillFits(facts: StillFitsFacts): string | null {
  const { kind, pull_request } = facts;
  if (facts.digest_now !== facts.settings_digest) return reasons.settingsChanged();
  if (kind === "rollback" || !facts.has_pull_request) return null;
  if (pull_request === null) return reasons.gone();
  if (pull_request.state !== "open") return reasons.closed();
  if (pull_request.base_ref !== facts.branches.base) return reasons.baseMoved(pull_request.base_ref);
  const moved = boundToHead(kind) && pull_request.head_sha !== facts.head_sha;
  return moved ? reasons.headMoved(pull_request.head_sha) : null;
}
