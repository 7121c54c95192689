/** What the double remembers: GitHub's nouns, without GitHub's JSON. Views (../views) turn them into answers. */
import type { KeyObject } from "node:crypto";

export type Level = "read" | "write";
export type Permissions = Readonly<Record<string, Level>>;
export type RepositoryPermission = "admin" | "maintain" | "write" | "triage" | "read" | "none";

export type Account = {
  readonly id: number;
  readonly login: string;
  readonly type: "User" | "Bot" | "Organization";
};

export type App = {
  readonly id: number;
  readonly slug: string;
  readonly name: string;
  readonly owner: string;
  readonly clientId: string;
  readonly clientSecret: string;
  readonly privateKey: string;
  readonly publicKey: KeyObject;
  readonly webhookSecret: string;
  readonly permissions: Permissions;
  readonly events: readonly string[];
  /** The account that the app acts as. */
  readonly bot: Account;
  webhookUrl: string | null;
};

export type Installation = {
  readonly id: number;
  readonly account: string;
  readonly permissions: Permissions;
  /** Ids of the chosen repositories; null: all of the account. */
  selected: ReadonlySet<number> | null;
};

export type Commit = {
  readonly sha: string;
  readonly tree: string;
  readonly parents: readonly string[];
  readonly files: ReadonlyMap<string, string>;
  readonly message: string;
  readonly author: string;
  readonly date: string;
};

export type Environment = {
  readonly id: number;
  readonly name: string;
  readonly secrets: Readonly<Record<string, string>>;
  readonly variables: Readonly<Record<string, string>>;
  /** Branches that may deploy to it; undefined: all. */
  readonly branches?: readonly string[];
  /** The app's deployment protection rule is on. */
  readonly rule?: boolean;
};

/** Rules of a branch as `GET /rules/branches/{branch}` answers them. */
export type BranchRule = { readonly type: string; readonly parameters?: Readonly<Record<string, unknown>> };

export type TagObject = {
  readonly sha: string;
  readonly tag: string;
  readonly message: string;
  readonly commit: string;
  readonly date: string;
};

export type Repository = {
  readonly id: number;
  readonly owner: string;
  readonly name: string;
  readonly defaultBranch: string;
  readonly private: boolean;
  readonly fork: boolean;
  readonly createdAt: string;
  readonly settings: {
    deleteBranchOnMerge: boolean;
    /** Branches whose classic protection wants the head to be up to date: of which Apps see nothing but that a pull request is behind. */
    upToDate: readonly string[];
    allowSquashMerge: boolean;
    allowMergeCommit: boolean;
    allowRebaseMerge: boolean;
  };
  readonly branches: Map<string, string>;
  /** Annotated tags that were made, by the id of the tag object; a ref makes one visible. */
  readonly tagObjects: Map<string, TagObject>;
  /** Name -> id of the tag object. */
  readonly tags: Map<string, string>;
  readonly permissions: Map<string, RepositoryPermission>;
  readonly rules: Map<string, readonly BranchRule[]>;
  /** So many entries of a tree are listed at once, the rest is cut off: 100,000 on GitHub. */
  treeLimit: number;
  readonly environments: Map<string, Environment>;
  readonly secrets: Map<string, string>;
  readonly variables: Map<string, string>;
};

export type PullRequest = {
  readonly id: number;
  readonly number: number;
  readonly repository: number;
  readonly headRepository: number;
  readonly head: string;
  readonly base: string;
  readonly title: string;
  readonly body: string;
  readonly author: string;
  readonly createdAt: string;
  updatedAt: string;
  state: "open" | "closed";
  /** Head and base commit; frozen when the pull request is closed. */
  headSha: string;
  baseSha: string;
  closedAt: string | null;
  mergedBy: string | null;
  mergeCommit: string | null;
};

export type ReviewState = "APPROVED" | "CHANGES_REQUESTED" | "COMMENTED" | "DISMISSED";

export type Review = {
  readonly id: number;
  readonly repository: number;
  readonly pull: number;
  readonly author: string;
  readonly body: string;
  readonly commit: string;
  readonly submittedAt: string;
  state: ReviewState;
};

export type Team = {
  readonly org: string;
  readonly slug: string;
  readonly members: Set<string>;
};

export type Reaction = {
  readonly id: number;
  readonly comment: number;
  readonly author: string;
  readonly content: string;
  readonly createdAt: string;
};

export type Comment = {
  readonly id: number;
  readonly repository: number;
  readonly issue: number;
  readonly author: string;
  readonly app: number | null;
  readonly createdAt: string;
  updatedAt: string;
  body: string;
  deleted: boolean;
};

export type CheckOutput = {
  readonly title: string | null;
  readonly summary: string | null;
  readonly text: string | null;
  readonly annotations: readonly unknown[];
};

export type CheckAction = {
  readonly label: string;
  readonly description: string;
  readonly identifier: string;
};

export type CheckRun = {
  readonly id: number;
  readonly repository: number;
  readonly headSha: string;
  /** The app that made it; 15368 is GitHub Actions on github.com. */
  readonly app: number;
  name: string;
  externalId: string;
  detailsUrl: string;
  status: "queued" | "in_progress" | "completed";
  conclusion: string | null;
  readonly startedAt: string;
  completedAt: string | null;
  output: CheckOutput;
  actions: readonly CheckAction[];
};

export type DeploymentStatus = {
  readonly id: number;
  readonly state: string;
  readonly description: string;
  readonly logUrl: string;
  readonly environmentUrl: string;
  readonly creator: string;
  readonly createdAt: string;
};

export type Deployment = {
  readonly id: number;
  readonly repository: number;
  readonly sha: string;
  readonly ref: string;
  readonly task: string;
  readonly environment: string;
  readonly description: string | null;
  readonly payload: unknown;
  readonly creator: string;
  readonly app: number | null;
  readonly production: boolean;
  readonly transient: boolean;
  readonly createdAt: string;
  readonly statuses: DeploymentStatus[];
};

export type Conclusion = "success" | "failure" | "cancelled" | "startup_failure" | "timed_out";

export type Run = {
  readonly id: number;
  readonly repository: number;
  readonly number: number;
  readonly attempt: number;
  readonly path: string;
  readonly name: string;
  readonly title: string;
  readonly event: string;
  readonly ref: string;
  readonly sha: string;
  readonly actor: string;
  readonly inputs: Readonly<Record<string, string>>;
  readonly createdAt: string;
  updatedAt: string;
  startedAt: string | null;
  status: "queued" | "pending" | "in_progress" | "completed";
  conclusion: Conclusion | null;
  /** What the run printed, with secrets masked. */
  readonly log: string[];
  /** Step summaries, Markdown. */
  readonly summaries: string[];
  /** Outputs of steps with an id or of the action, by name. */
  readonly outputs: Record<string, string>;
};

export type Token = {
  readonly token: string;
  readonly expiresAt: number;
} & (
  | {
      readonly kind: "installation";
      readonly installation: number;
      readonly permissions: Permissions;
      readonly repositories: readonly number[] | null;
    }
  | { readonly kind: "user"; readonly login: string; readonly clientId: string }
  | {
      readonly kind: "workflow";
      readonly run: number;
      readonly repository: number;
      readonly permissions: Permissions;
    }
);

/** A job that waits for the answer of the app's rule. */
export type WaitingJob = {
  readonly run: number;
  readonly environment: string;
  readonly answer: (given: { readonly state: string; readonly comment: string }) => void;
};

export type State = {
  readonly apps: App[];
  readonly installations: Installation[];
  readonly accounts: Account[];
  readonly repositories: Repository[];
  /** Shared by all repositories, as GitHub shares the objects of forks. */
  readonly commits: Map<string, Commit>;
  /** Trees that were made through the API and belong to no commit yet. */
  readonly trees: Map<string, ReadonlyMap<string, string>>;
  readonly pulls: PullRequest[];
  readonly comments: Comment[];
  readonly reviews: Review[];
  readonly teams: Team[];
  readonly reactions: Reaction[];
  readonly checks: CheckRun[];
  readonly deployments: Deployment[];
  readonly runs: Run[];
  readonly tokens: Map<string, Token>;
  readonly waiting: WaitingJob[];
};

export const emptyState = (): State => ({
  apps: [],
  installations: [],
  accounts: [],
  repositories: [],
  commits: new Map(),
  trees: new Map(),
  pulls: [],
  comments: [],
  reviews: [],
  teams: [],
  reactions: [],
  checks: [],
  deployments: [],
  runs: [],
  tokens: new Map(),
  waiting: [],
});

/** The id that GitHub Actions has as an app on github.com. */
export const ACTIONS_APP = 15368;
