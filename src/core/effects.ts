/**
 * Effects as data: what a flow wants from GitHub. They are stored in the transaction that changes the state and applied
 * afterwards, each so that applying it twice is harmless: every effect names a key by which its result is found again.
 */
import type { LockProof } from "./lock.ts";
import type { Annotation } from "./packages/rendering/annotations.ts";

export type Reaction = "eyes" | "rocket" | "confused" | "-1" | "+1";
export type CheckStatus = "in_progress" | "completed";
export type CheckConclusion = "success" | "failure" | "action_required" | "cancelled";

/** Adding a reaction that is there already changes nothing on GitHub. */
export interface ReactionEffect {
  readonly kind: "reaction";
  readonly comment_id: number;
  readonly content: Reaction;
}
/** The one comment of an operation: found by the hidden marker in its first line, created once, edited afterwards. */
export interface CommentEffect {
  readonly kind: "comment";
  readonly pull_request: number;
  /** First line of `body`, for example `<!-- belay:operation=<id> -->`. Trusted only on comments of our own App. */
  readonly marker: string;
  readonly body: string;
}
/** A new comment that answers a command or tells of an end; its marker makes a second application find the first. */
export interface AnswerEffect {
  readonly kind: "answer";
  readonly pull_request: number;
  readonly marker: string;
  readonly body: string;
}
/** A check run, found by (our App, head_sha, external_id). */
export interface CheckEffect {
  readonly kind: "check";
  readonly head_sha: string;
  readonly name: string;
  readonly external_id: string;
  readonly status: CheckStatus;
  /** Present exactly when `status` is `completed`. */
  readonly conclusion?: CheckConclusion;
  readonly title: string;
  readonly summary: string;
  readonly text?: string;
  readonly details_url?: string;
  /** In GitHub's words; sent fifty at a time. GitHub keeps what was sent: other findings need another `external_id`. */
  readonly annotations?: readonly Annotation[];
  /** Buttons below a completed check; pressing one gives the command of that name at this commit. */
  readonly actions?: readonly CheckAction[];
}
/** At most three on a check. */
export interface CheckAction {
  /** At most 20 characters. */
  readonly label: string;
  /** At most 40 characters. */
  readonly description: string;
  readonly identifier: "promote" | "drift";
}
/** Start a run of the workflow on the default branch; `nonce` is shown in the run's name and finds it again. */
export interface DispatchEffect {
  readonly kind: "dispatch";
  readonly operation_id: string;
  readonly workflow: string;
  readonly ref: string;
  readonly nonce: string;
  readonly inputs: { readonly job: string; readonly nonce: string; readonly environment: string };
}
/** GitHub's Deployment of the operation; found by `payload.operation_id`. */
export interface DeploymentEffect {
  readonly kind: "deployment";
  readonly operation_id: string;
  readonly sha: string;
  readonly environment: string;
  readonly production: boolean;
  readonly description: string;
}
export interface DeploymentStatusEffect {
  readonly kind: "deployment_status";
  readonly operation_id: string;
  readonly state: "in_progress" | "success" | "failure" | "error" | "inactive";
  readonly description: string;
  readonly environment_url: string;
}
/**
 * What the audit log's newest record is, kept where the log's owner cannot rewrite it: an annotated tag `belay/audit/<seq>`, or
 * `belay/audit/<seq>-<hash>` where another log has that one.
 */
export interface AnchorEffect {
  readonly kind: "anchor";
  readonly commit: string;
  readonly seq: number;
  readonly hash: string;
}
/** The answer of Belay's deployment protection rule to a run that waits for it. */
export interface ProtectionEffect {
  readonly kind: "protection";
  readonly run_id: number;
  readonly environment: string;
  readonly state: "approved" | "rejected";
  readonly comment: string;
}
/** An annotated tag of the repository; one that is there already stays. */
export interface TagEffect {
  readonly kind: "tag";
  readonly tag: string;
  readonly commit: string;
  readonly message: string;
}
/** One commit of pointer files on top of exactly `expected_head`; its `nonce`, in the message, finds it again. */
export interface PointersEffect {
  readonly kind: "pointers";
  readonly operation_id: string;
  readonly nonce: string;
  /** How often it was judged anew because the branch had moved. */
  readonly round: number;
  readonly branch: string;
  readonly expected_head: string;
  readonly files: readonly { readonly path: string; readonly text: string }[];
  readonly message: string;
}
/** Tells the runtime that pointers moved. It may be told twice: what it is told is where to look. */
export interface SyncEffect {
  readonly kind: "sync";
  readonly operation_id: string;
  readonly how:
    | { readonly by: "repository_dispatch"; readonly event_type: string }
    | { readonly by: "workflow"; readonly workflow: string; readonly ref: string }
    | { readonly by: "webhook" };
  readonly commit: string;
  readonly branch: string;
  readonly packages: readonly {
    readonly root: string;
    readonly kind: string;
    readonly id: string;
    readonly from: string | null;
    readonly to: string;
  }[];
}
export type Effect =
  | AnchorEffect
  | ReactionEffect
  | CommentEffect
  | AnswerEffect
  | CheckEffect
  | DispatchEffect
  | DeploymentEffect
  | DeploymentStatusEffect
  | ProtectionEffect
  | TagEffect
  | PointersEffect
  | SyncEffect;

/**
 * Effects of one stream are applied in the order in which they were written, one at a time. The stream is also the key under
 * which the result (comment, check run, workflow run, deployment id) is remembered.
 */
export function streamOf(effect: Effect): string {
  switch (effect.kind) {
    case "anchor":
      return `anchor:${effect.seq}`;
    case "reaction":
      return `reaction:${effect.comment_id}:${effect.content}`;
    case "comment":
    case "answer":
      return `comment:${effect.pull_request}:${effect.marker}`;
    case "check":
      return `check:${effect.head_sha}:${effect.external_id}`;
    case "dispatch":
      return `dispatch:${effect.nonce}`;
    case "protection":
      return `protection:${effect.run_id}:${effect.environment}`;
    case "tag":
      return `tag:${effect.tag}`;
    case "pointers":
      return `pointers:${effect.operation_id}:${effect.round}`;
    case "sync":
      return `sync:${effect.operation_id}:${effect.how.by}`;
    case "deployment":
    case "deployment_status":
      return `deployment:${effect.operation_id}`;
  }
}

/** Whether a newer effect of the same stream makes an older one needless that has not been applied yet. */
export function supersedes(effect: Effect): boolean {
  return effect.kind === "comment" || effect.kind === "check";
}

/** The only way to a dispatch: whoever starts work shows that the operation holds its environments. */
export function dispatch(
  proof: LockProof,
  run: Omit<DispatchEffect, "kind" | "operation_id">,
): DispatchEffect {
  return { kind: "dispatch", operation_id: proof.operation_id, ...run };
}

/** What applying an effect led to. `retry` says whether trying again can help. */
export type EffectResult =
  | {
      readonly ok: true;
      readonly external_id: number | null;
      readonly url: string | null;
      /** Of `pointers`: the commit that was made. */
      readonly commit?: string;
    }
  | {
      readonly ok: false;
      readonly retry: boolean;
      readonly code: string;
      readonly message: string;
      /** Seconds that GitHub asked to wait for. */
      readonly retry_after_s?: number | null;
    };
