/** What a test or the demo may ask of a double: its options and its handle. */
import type {
  App,
  CheckRun,
  Comment,
  Deployment,
  PullRequest,
  Repository,
  Run,
  State,
} from "./github/state.ts";
import type { Faults } from "./http/faults.ts";
import type { Seen } from "./http/server.ts";
import type { Oidc } from "./oidc.ts";
import type { Person } from "./people.ts";
import type { RunnerOptions } from "./runner/options.ts";
import type { Runs } from "./runner/runs.ts";
import type { AppOptions, RepositoryOptions } from "./setup.ts";
import type { Webhooks } from "./webhooks.ts";

export type DoubleOptions = {
  /** The first owner owns the app; the app is installed at every owner but those of forks. */
  readonly repositories: readonly RepositoryOptions[];
  readonly app?: AppOptions;
  /** Without it a dispatched run ends as `startup_failure`. */
  readonly runner?: RunnerOptions;
  readonly port?: number;
  /** The clock of tokens, dates and limits; the real one when absent. */
  readonly now?: () => Date;
};

export type Double = {
  /** `http://127.0.0.1:port` */
  readonly url: string;
  /** The same with `/api/v3`, as on a GHES. */
  readonly apiUrl: string;
  readonly app: App;
  readonly state: State;
  /** What was asked of the double that GitHub would not understand, and what the double could not do. Empty at the end of a good test. */
  readonly problems: readonly string[];
  /** Every request to the API, oldest first. */
  readonly requests: readonly Seen[];
  readonly webhooks: Omit<Webhooks, "emit">;
  readonly faults: Omit<Faults, "take">;
  readonly oidc: Pick<Oidc, "issuer" | "token">;
  readonly runs: Pick<Runs, "cancel" | "finished">;
  /** Where the app listens; from now on webhooks are sent there. Nothing is sent to null. */
  readonly connect: (webhookUrl: string | null) => void;
  /** A person; the account is made when it is new. */
  readonly as: (login: string) => Person;
  /** Another app of the same owner, installed as ours is. It comments as the person of its bot's login. */
  readonly addApp: (name: string) => App;
  readonly repository: (name?: string) => Repository;
  readonly addRepository: (options: RepositoryOptions) => Repository;
  /** A person's token for this app, or for another one (`clientId`). */
  readonly userToken: (login: string, clientId?: string) => string;
  readonly comments: (pull: PullRequest) => readonly Comment[];
  /** The newest check run of each name on a commit. */
  readonly checks: (sha: string) => readonly CheckRun[];
  readonly deployments: (environment?: string) => readonly Deployment[];
  /** Another app's check run; GitHub Actions when no app is named. */
  readonly foreignCheck: (sha: string, name: string, conclusion: string, app?: number) => Promise<CheckRun>;
  readonly pageOf: (what: PullRequest | Run) => string;
  /**
   * Waits for what `look` finds, looking after every request, webhook and run; 60 s at most when `withinMs` is absent. Rejects at once
   * when the double has a problem.
   */
  readonly when: <T>(what: string, look: () => T | undefined, withinMs?: number) => Promise<T>;
  /** Resolves when no webhook is on its way and no run is under way. */
  readonly idle: () => Promise<void>;
  /** Stops runs, server and connections. */
  readonly close: () => Promise<void>;
};
