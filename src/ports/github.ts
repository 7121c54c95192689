/** What flows read from GitHub, and how effects reach it. */
import type { Committers, Review } from "../core/approval.ts";
import type { Effect, EffectResult } from "../core/effects.ts";
import type { ForeignCheckRun } from "../core/gates/checks.ts";
import type { MergeSettings } from "../core/merge-settings.ts";
import type { TreeEntry } from "../core/packages/types.ts";
import type { Permission } from "../core/policy.ts";
import type { ResourceRow } from "./queue.ts";
import type { Repository } from "./sites.ts";

export interface PullRequest {
  readonly number: number;
  readonly state: "open" | "closed" | "merged";
  readonly title: string;
  readonly author: string;
  readonly base_ref: string;
  readonly head_ref: string;
  readonly head_sha: string;
  /** Null when the head's repository is gone. */
  readonly head_repository_id: number | null;
  /** GitHub says that the base wants the head to be up to date, and that it is not. Absent: it did not tell, or has not worked it out. */
  readonly behind?: boolean;
  readonly updated_at: string;
}

/** What a promotion is bound to. */
export type PullRequestNow = Pick<PullRequest, "state" | "author" | "base_ref" | "head_sha">;

/** A pull request of a repository of the same owner, which is named without the owner. */
export interface WantedPull {
  readonly name: string;
  readonly number: number;
}

export interface FilesAndPull {
  readonly files: readonly (RepositoryFile | null)[];
  readonly pull_request: PullRequestNow | null;
}

export interface IssueComment {
  readonly id: number;
  /** The issue's or pull request's number. */
  readonly number: number;
  readonly body: string;
  readonly author: string;
  readonly author_type: "User" | "Bot" | "Organization" | "Mannequin";
  /** Slug of the App whose own account wrote it, where that is another App than Belay's. Absent: whatever else it is, no listed bot. */
  readonly bot?: string;
  readonly created_at: string;
  readonly updated_at: string;
  /** Somebody, and be it Belay, reacted with 👀. */
  readonly seen: boolean;
}

export interface RepositoryFile {
  readonly path: string;
  readonly text: string;
  /** Git's id of the content. */
  readonly sha: string;
}

/** A file on the default branch of a repository of the same owner. */
export interface WantedFile {
  /** The repository's name, without its owner. */
  readonly name: string;
  readonly path: string;
}

/** Whether there is a policy file. `hidden`: GitHub shows the App no such repository, and there may be one all the same. */
export type PolicyAnswer =
  | { readonly kind: "file"; readonly file: RepositoryFile }
  | { readonly kind: "absent" }
  | { readonly kind: "hidden" };

/** A check run of Belay's own App as GitHub shows it. */
export interface OwnCheck {
  readonly external_id: string;
  readonly status: string;
  readonly conclusion: string | null;
  readonly title: string | null;
}

/** Every read throws a GithubError (code, retry) when GitHub could not tell; null is a definite "there is none". */
export interface Github {
  /** Number of Belay's own App. */
  readonly app_id: number;
  pullRequest(repository: Repository, number: number): Promise<PullRequest | null>;
  openPullRequests(
    repository: Repository,
    branches: { readonly head: string; readonly base: string },
  ): Promise<readonly PullRequest[]>;
  /** All that are open; the newest thousand. */
  allOpenPullRequests(repository: Repository): Promise<readonly PullRequest[]>;
  /** Whether a workflow run has ended; null: GitHub shows none of this id, not yet or not any more. */
  isRunOver(repository: Repository, run_id: number): Promise<boolean | null>;
  comment(repository: Repository, id: number): Promise<IssueComment | null>;
  permission(repository: Repository, login: string): Promise<Permission>;
  /** A file at the head of the default branch, never of a pull request. */
  defaultBranchFile(repository: Repository, path: string): Promise<RepositoryFile | null>;
  /** Several at once, in the same order, and a pull request with them. Null: what there is must be asked for by itself, for whatever reason. */
  defaultBranchFiles(
    repository: Repository,
    files: readonly WantedFile[],
    pull?: WantedPull | null,
  ): Promise<FilesAndPull>;
  /** A file at a commit, of whatever branch: to be looked at, never to be acted on. */
  fileAt(repository: Repository, path: string, commit: string): Promise<RepositoryFile | null>;
  /** A file on the default branch of another repository of the same owner. */
  policyFile(repository: Repository, where: WantedFile): Promise<PolicyAnswer>;
  /** Whether the person is an active member of this team of the repository's owner. */
  isTeamMember(repository: Repository, team: string, login: string): Promise<boolean>;
  /** Reviews of people that say yes, no, or were dismissed; oldest first. */
  reviews(repository: Repository, number: number): Promise<readonly Review[]>;
  committers(repository: Repository, number: number): Promise<Committers>;
  checkRuns(repository: Repository, sha: string, name: string): Promise<readonly ForeignCheckRun[]>;
  /** Settings of the repository and rules of a branch that merges are made under; believed for some minutes. */
  mergeSettings(repository: Repository, branch: string): Promise<MergeSettings>;
  /** The newest check run of each name that our own App has at a commit. */
  ownChecks(repository: Repository, sha: string): Promise<readonly OwnCheck[]>;
  /** Null when the commit is not in the repository. */
  commitParents(repository: Repository, sha: string): Promise<readonly string[] | null>;
  /** Paths that the pull request changes; `complete` is false when there are more than GitHub lists. */
  changedFiles(
    repository: Repository,
    number: number,
  ): Promise<{ readonly paths: readonly string[]; readonly complete: boolean }>;
  /** The commit that a branch is at; null: there is no such branch. */
  branchHead(repository: Repository, branch: string): Promise<string | null>;
  /** The commit at which `head` left `base`; null: they have nothing in common. */
  mergeBase(repository: Repository, base: string, head: string): Promise<string | null>;
  /** All files of a commit, however many. */
  tree(repository: Repository, commit: string): Promise<readonly TreeEntry[]>;
  /** Contents by git's id; what is missing in the answer cannot be had. */
  blobs(repository: Repository, ids: readonly string[]): Promise<ReadonlyMap<string, Uint8Array>>;
  /**
   * @param untried nothing of its stream was ever tried: then nothing is looked for that an earlier try may have left. Of a run: GitHub was
   * not asked for it so lately that it may not list it yet; only then it is started
   */
  applyEffect(
    repository: Repository,
    effect: Effect,
    known: Pick<ResourceRow, "external_id" | "url"> | null,
    untried?: boolean,
  ): Promise<EffectResult>;
}
