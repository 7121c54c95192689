/** Rows of what stands: repositories, sites, environments, pull requests and their heads. */
import type { DriftStatus, EnvironmentStatus, EnvironmentType } from "../core/vocabulary.ts";

/** A repository as GitHub names it; the id decides, names may change. */
export interface Repository {
  readonly id: number;
  readonly owner: string;
  readonly name: string;
  readonly installation_id: number;
  readonly default_branch: string;
}

export interface SiteRow {
  readonly id: string;
  /** The site's name in its configuration. */
  readonly name: string;
  readonly repository: Repository;
}

export interface EnvironmentRow {
  readonly id: string;
  readonly site_id: string;
  readonly name: string;
  readonly type: EnvironmentType;
  readonly branch: string;
  readonly url: string;
  readonly status: EnvironmentStatus;
  readonly drift_status: DriftStatus;
  readonly drift_checked_at: string | null;
  readonly last_drift_check_id: string | null;
  /** The release the environment is known to run; null until Belay promoted something to it. */
  readonly current_release_id: string | null;
  readonly state_version: number;
}

export interface PullRequestRow {
  readonly repository_id: number;
  readonly number: number;
  readonly base_ref: string;
  readonly head_ref: string;
  readonly head_repository_id: number | null;
  readonly author: string;
  readonly title: string;
  readonly state: "open" | "closed" | "merged";
}

/** A head that a webhook told of. `changed_at` is GitHub's clock (the pull request's updated_at), `seen_at` ours. */
export interface HeadRow {
  readonly repository_id: number;
  readonly number: number;
  readonly sha: string;
  readonly changed_at: string;
  readonly seen_at: string;
}
