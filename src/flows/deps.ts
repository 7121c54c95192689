/** What every flow is given, and what it answers. */
import type { Answer } from "../core/answer.ts";
import type { JobSettings } from "../core/job-input.ts";
import type { Verdict } from "../core/verdict.ts";
import type { Catalog } from "../core/wordpress/catalog.ts";
import type { Clock } from "../ports/clock.ts";
import type { Github } from "../ports/github.ts";
import type { PackageJudge } from "../ports/packages.ts";
import type { Store } from "../ports/store.ts";

export interface FlowSettings extends JobSettings {
  /** File name of the workflow below `.github/workflows/` of the site's repository. */
  readonly workflow: string;
  /** Reusable workflows that it may call, as `owner/repo/.github/workflows/file.yml`. */
  readonly reusable_workflows: readonly string[];
  /** Where an owner's policy lies, by the owner's login in small letters; null: the shipped default holds for that owner. */
  readonly policy_repositories: Readonly<Record<string, string | null>>;
  /** Waits before the second, the third, ... attempt of an operation that failed in a way that may pass. */
  readonly retry_waits_s: readonly number[];
  /** Waits before each recovery that begins by itself, once nobody can tell how an operation ended. */
  readonly recovery_waits_s: readonly number[];
}

export const DEFAULT_SETTINGS: FlowSettings = {
  workflow: "belay.yml",
  reusable_workflows: ["belay-bot/belay/.github/workflows/promote.yml"],
  policy_repositories: {},
  retry_waits_s: [60, 300],
  recovery_waits_s: [60, 300, 900],
  row_limit: 20_000,
  drain_ms: 300,
  keep_releases: 5,
  confirm_within_s: 120,
  recover_wait_s: 120,
  workers: 0,
};

export interface Deps<G extends keyof Github = keyof Github> {
  readonly store: Store;
  readonly github: Pick<Github, G>;
  readonly clock: Clock;
  /** Shipped data about tables and options, read once by the composition root. */
  readonly catalog: Catalog;
  /** Judges configuration packages, away from the thread that answers webhooks. */
  readonly packages: PackageJudge;
  readonly settings: FlowSettings;
}

/** What a command, a click or a request of the API led to. */
export type CommandOutcome =
  | { readonly kind: "ignored"; readonly reason: string }
  | { readonly kind: "answered"; readonly answer: Answer }
  | { readonly kind: "blocked"; readonly operation_id: string; readonly verdict: Verdict }
  /** It waits for its turn. */
  | { readonly kind: "queued"; readonly operation_id: string }
  /** The bot moves pointers by itself: there is no job. */
  | { readonly kind: "moving"; readonly operation_id: string }
  | { readonly kind: "started"; readonly operation_id: string; readonly job_id: string };

/** A refusal of the API: an HTTP status, a code, a sentence; a gate's refusal carries the verdict. */
export interface Refused {
  readonly kind: "refused";
  readonly status: 400 | 403 | 404 | 409;
  readonly code: string;
  readonly message: string;
  readonly verdict?: Verdict;
}
