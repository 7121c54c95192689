/** Fills an empty double: the app, its installation, people, repositories. */
import { generateKeyPairSync, randomBytes } from "node:crypto";
import { makeCommit } from "./github/git.ts";
import type {
  Account,
  App,
  BranchRule,
  Environment,
  Permissions,
  Repository,
  RepositoryPermission,
} from "./github/state.ts";
import { accountOf, timestamp, type World } from "./github/world.ts";

export type AppOptions = {
  readonly name?: string;
  readonly permissions?: Permissions;
  readonly events?: readonly string[];
};

export type EnvironmentOptions = {
  readonly secrets?: Readonly<Record<string, string>>;
  readonly variables?: Readonly<Record<string, string>>;
  /** Branches that may deploy; all when absent. */
  readonly branches?: readonly string[];
  /** Whether the app's deployment protection rule is on. */
  readonly rule?: boolean;
};

export type RepositoryOptions = {
  /** `owner/name` */
  readonly name: string;
  /** Files of the first commit on the default branch. */
  readonly files: Readonly<Record<string, string>>;
  readonly defaultBranch?: string;
  /** Further branches, all beginning at the first commit. */
  readonly branches?: readonly string[];
  readonly private?: boolean;
  /** Takes branches and history of this repository, as a fork does. */
  readonly forkOf?: string;
  /** Login -> permission; the accounts are made when they are new. */
  readonly people?: Readonly<Record<string, RepositoryPermission>>;
  readonly environments?: Readonly<Record<string, EnvironmentOptions>>;
  readonly secrets?: Readonly<Record<string, string>>;
  readonly variables?: Readonly<Record<string, string>>;
  readonly rules?: Readonly<Record<string, readonly BranchRule[]>>;
  /** Teams of the owner, by slug. */
  readonly teams?: Readonly<Record<string, readonly string[]>>;
};

/** What Belay asks for; docs/operating.md says why. */
const PERMISSIONS: Permissions = {
  actions: "write",
  checks: "write",
  contents: "write",
  deployments: "write",
  issues: "write",
  members: "read",
  metadata: "read",
  pull_requests: "write",
};

const EVENTS = [
  "pull_request",
  "pull_request_review",
  "issue_comment",
  "push",
  "check_run",
  "workflow_run",
  "merge_group",
  "deployment_protection_rule",
];

/** The account of a login; made when it is new. */
export const ensureAccount = (world: World, login: string, type: Account["type"] = "User"): Account => {
  const known = world.state.accounts.find((one) => one.login.toLowerCase() === login.toLowerCase());
  if (known) return known;
  const made: Account = { id: world.nextId(), login, type };
  world.state.accounts.push(made);
  return made;
};

/** Key and secrets are made anew each time. */
export const createApp = (
  world: World,
  owner: string,
  { name = "Belay", permissions = PERMISSIONS, events = EVENTS }: AppOptions,
): App => {
  const pair = generateKeyPairSync("rsa", { modulusLength: 2048 });
  const slug = name.toLowerCase().replace(/[^a-z0-9]+/g, "-");
  ensureAccount(world, "github-actions[bot]", "Bot");
  const app: App = {
    id: world.nextId(),
    slug,
    name,
    owner: ensureAccount(world, owner, "Organization").login,
    clientId: `Iv23li${randomBytes(7).toString("hex")}`,
    clientSecret: randomBytes(20).toString("hex"),
    privateKey: pair.privateKey.export({ type: "pkcs1", format: "pem" }).toString(),
    publicKey: pair.publicKey,
    webhookSecret: randomBytes(20).toString("hex"),
    permissions,
    events,
    bot: ensureAccount(world, `${slug}[bot]`, "Bot"),
    webhookUrl: null,
  };
  world.state.apps.push(app);
  return app;
};

const environmentsOf = (world: World, options: RepositoryOptions): Map<string, Environment> =>
  new Map(
    Object.entries(options.environments ?? {}).map(
      ([name, { secrets = {}, variables = {}, branches, rule }]) => [
        name,
        {
          id: world.nextId(),
          name,
          secrets,
          variables,
          ...(branches && { branches }),
          ...(rule && { rule }),
        },
      ],
    ),
  );

const firstCommit = (world: World, owner: string, files: RepositoryOptions["files"]): string => {
  const from = {
    parents: [],
    files: new Map(Object.entries(files)),
    message: "Begin",
    author: owner,
    date: timestamp(world),
  };
  const commit = makeCommit(from);
  world.state.commits.set(commit.sha, commit);
  return commit.sha;
};

/** A repository, its people and, for a new owner, the app's installation there. Sends no webhook. */
const createRepository = (world: World, options: RepositoryOptions): Repository => {
  const [owner = "", name = ""] = options.name.split("/");
  ensureAccount(world, owner, "Organization");
  const origin =
    options.forkOf === undefined
      ? undefined
      : world.state.repositories.find((one) => `${one.owner}/${one.name}` === options.forkOf);
  const defaultBranch = options.defaultBranch ?? origin?.defaultBranch ?? "main";
  const first = origin?.branches.get(defaultBranch) ?? firstCommit(world, owner, options.files);
  const branches = origin
    ? new Map(origin.branches)
    : new Map([defaultBranch, ...(options.branches ?? [])].map((branch) => [branch, first]));
  for (const login of Object.keys(options.people ?? {})) ensureAccount(world, login);
  const repository: Repository = {
    id: world.nextId(),
    owner: accountOf(world, owner).login,
    name,
    defaultBranch,
    private: options.private ?? false,
    fork: origin !== undefined,
    createdAt: timestamp(world),
    settings: {
      deleteBranchOnMerge: false,
      upToDate: [],
      allowSquashMerge: true,
      allowMergeCommit: true,
      allowRebaseMerge: true,
    },
    branches,
    tagObjects: new Map(),
    tags: new Map(),
    permissions: new Map(Object.entries(options.people ?? {})),
    rules: new Map(Object.entries(options.rules ?? {})),
    treeLimit: 100_000,
    environments: environmentsOf(world, options),
    secrets: new Map(Object.entries(options.secrets ?? {})),
    variables: new Map(Object.entries(options.variables ?? {})),
  };
  world.state.repositories.push(repository);
  return repository;
};

/** The app is installed where a test says so: at the owner of a repository, for all its repositories. */
const install = (world: World, account: string): void => {
  const [app] = world.state.apps;
  if (!app || world.state.installations.some((one) => one.account === account)) return;
  const { permissions } = app;
  world.state.installations.push({ id: world.nextId(), account, permissions, selected: null });
};

/** Creates a repository and installs the app at its owner, unless it is a fork. */
export const addRepository = (world: World, options: RepositoryOptions): Repository => {
  const repository = createRepository(world, options);
  if (!repository.fork) install(world, repository.owner);
  for (const [slug, members] of Object.entries(options.teams ?? {})) {
    for (const login of members) ensureAccount(world, login);
    world.state.teams.push({ org: repository.owner, slug, members: new Set(members) });
  }
  return repository;
};

/** Fills an empty world; the first repository's owner owns the app. */
export const populate = (
  world: World,
  repositories: readonly RepositoryOptions[],
  app: AppOptions = {},
): App => {
  const made = createApp(world, repositories[0]?.name.split("/")[0] ?? "owner", app);
  for (const one of repositories) addRepository(world, one);
  return made;
};
