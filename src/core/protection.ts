/**
 * A workflow job wants one of GitHub's environments, and Belay's rule on it must say yes or no: yes only to the run that Belay
 * itself gave the work of that environment.
 */
import { isOver } from "./promotion.ts";
import type { PromotionState } from "./vocabulary.ts";

export interface ProtectionFacts {
  /** The run that asks, and GitHub's environment that its job names. */
  readonly run_id: number;
  readonly environment: string;
  /** What is under way on the site. `run_id` is null until GitHub's answer to the dispatch is on record. */
  readonly operations: readonly {
    readonly id: string;
    readonly target: string;
    readonly run_id: number | null;
    readonly state: PromotionState;
    readonly cancel_reason: string | null;
    /** Nobody knows how it ended, and a recovery of it waits for its runner or is at work: `run_id` is the recovery's. */
    readonly recovering: boolean;
  }[];
}

export type ProtectionAnswer =
  | { readonly kind: "answer"; readonly state: "approved" | "rejected"; readonly operation_id: string | null }
  /** It may be the run of an operation whose run is not known yet: ask again in a moment. */
  | { readonly kind: "later" };

export function judgeProtection({ run_id, environment, operations }: ProtectionFacts): ProtectionAnswer {
  const open = operations.filter(({ state, recovering }) =>
    state === "unknown" ? recovering : !isOver(state),
  );
  const own = open.find((one) => one.run_id === run_id);
  if (own !== undefined) {
    const granted = own.target === environment && own.cancel_reason === null;
    return { kind: "answer", state: granted ? "approved" : "rejected", operation_id: own.id };
  }
  // What waits for its turn, or for its next attempt, has no run.
  const mayBe = open.some(
    (one) => one.run_id === null && one.state !== "waiting" && one.target === environment,
  );
  return mayBe ? { kind: "later" } : { kind: "answer", state: "rejected", operation_id: null };
}

/** The run that a rule's callback is about; null where the address is none of GitHub's. Only the number is used, never the address. */
export function runOfCallback(url: string): number | null {
  const id = /\/actions\/runs\/([1-9]\d{0,15})\/deployment_protection_rule$/.exec(url)?.[1];
  return id === undefined ? null : Number(id);
}
