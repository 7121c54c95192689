/** The world of a story: a real store, a GitHub with state, a clock that a story moves, and a runner that answers with facts. */
import { afterAll } from "vitest";
import { loadCatalog } from "../../src/catalog-files.ts";
import type { CheckEffect, Effect } from "../../src/core/effects.ts";
import type { Permission } from "../../src/core/policy.ts";
import type { JobEvent, Report } from "../../src/core/report.ts";
import type { RunnerIdentity } from "../../src/core/runner.ts";
import type { JobType } from "../../src/core/vocabulary.ts";
import { claimJob } from "../../src/flows/claim-job.ts";
import { commandReceived } from "../../src/flows/command-received.ts";
import { DEFAULT_SETTINGS, type Deps } from "../../src/flows/deps.ts";
import { jobEvents } from "../../src/flows/job-events.ts";
import { jobReport } from "../../src/flows/job-report.ts";
import { pullRequestChanged } from "../../src/flows/pull-request-changed.ts";
import type { PullRequest } from "../../src/ports/github.ts";
import type { OperationRow } from "../../src/ports/operations.ts";
import type { Repository } from "../../src/ports/sites.ts";
import type { OpenStore } from "../../src/store/open.ts";
import { judgePool } from "../../src/validation/pool.ts";
import { openTestStore } from "../support/store.ts";
import { EXAMPLE } from "../unit/config/example.ts";
import { emptyGithub, type GithubState, githubOf } from "./github.ts";

export const REPOSITORY: Repository = {
  id: 4711,
  owner: "acme",
  name: "shop",
  installation_id: 1,
  default_branch: "main",
};
export const HEAD = "1".repeat(40);
const RUN_ID = 900;

/** What the runner answers to a job: facts of success, or a failure. */
export type Answers = Partial<Record<JobType, (input: Readonly<Record<string, unknown>>) => Told>>;
export type Told =
  | { readonly facts: Readonly<Record<string, unknown>> }
  | {
      readonly error: string;
      readonly message: string;
      readonly facts?: Readonly<Record<string, unknown>>;
      /** The runner stopped, because it was asked to. */
      readonly cancelled?: boolean;
    };

export interface RunEnd {
  readonly jobs: readonly JobType[];
  readonly result: string | null;
  readonly message: string;
}

export interface World {
  readonly deps: Deps;
  readonly github: GithubState;
  readonly open: OpenStore;
  now(): string;
  /** Moves the clock. */
  wait(seconds: number): void;
  pullRequest(change?: Partial<PullRequest>): Promise<unknown>;
  /** Somebody comments; answers what came of it. */
  says(
    login: string,
    body: string,
    comment?: { readonly id?: number; readonly edited?: boolean; readonly pull?: number },
  ): Promise<string>;
  /** The run that was dispatched last does its jobs until it is told to stop. */
  runs(answers: Answers): Promise<RunEnd>;
  claim(job_id: string, runner?: Partial<RunnerIdentity>): ReturnType<typeof claimJob>;
  /** @param run_id of another run than the one that was dispatched last */
  report(job_id: string, type: JobType, told: Told, run_id?: number): ReturnType<typeof jobReport>;
  tells(job_id: string, events: readonly JobEvent[]): ReturnType<typeof jobEvents>;
  effects<K extends Effect["kind"]>(kind: K): Promise<readonly Extract<Effect, { kind: K }>[]>;
  /** The newest state of each check of a commit, by gate: `success`, `failure`, `action_required`, `in_progress`. */
  checks(sha?: string): Promise<Readonly<Record<string, string>>>;
  /** The comment of the newest operation as it would stand on the page now. */
  comment(): Promise<string>;
  lastAnswer(): Promise<string>;
  operation(): Promise<OperationRow>;
  /** Whether what operations find out stands in their comments at once, once a job has reported. */
  readonly shows: { page: boolean };
  /** The comments that are due are written. */
  reachesThePage(): Promise<void>;
}

/** Opening PGlite takes seconds, so the stories of one file share it, and each finds it empty. */
let shared: Promise<OpenStore> | undefined;

async function sharedStore(): Promise<OpenStore> {
  const fresh = shared === undefined;
  shared ??= openTestStore();
  const open = await shared;
  if (fresh) afterAll(() => open.close());
  const tables = await open.sql(
    "select tablename from pg_tables where schemaname = 'public' and tablename not like '%migration%'",
  );
  // The log refuses to be emptied; a replica's session does not run that trigger.
  await open.sql("set session_replication_role = replica");
  await open.sql(`truncate ${tables.map((row) => String(row.tablename)).join(", ")} cascade`);
  await open.sql("set session_replication_role = origin");
  return open;
}

export async function openWorld(config = EXAMPLE): Promise<World> {
  const open = await sharedStore();
  const github = emptyGithub();
  let at = Date.parse("2026-03-01T10:00:00.000Z");
  let ids = 0;
  let comments = 100;
  const now = () => new Date(at).toISOString();
  const id = () => `00000000-0000-4000-8000-${(++ids).toString().padStart(12, "0")}`;
  const settings = { ...DEFAULT_SETTINGS };
  const deps: Deps = {
    store: open.store,
    github: githubOf(github),
    clock: { now, id },
    catalog: loadCatalog(),
    packages: judgePool(),
    settings,
  };

  github.files.set(".github/belay.yml", config);
  github.permissions.set("mona", "write");
  github.permissions.set("ann", "write");
  github.permissions.set("visitor", "read");

  const effects = async <K extends Effect["kind"]>(kind: K) => {
    const rows = await open.sql("select effect from effects order by seq");
    return rows
      .map((row) => row.effect as Effect)
      .filter((one): one is Extract<Effect, { kind: K }> => one.kind === kind);
  };
  const runner: RunnerIdentity = {
    repository_id: REPOSITORY.id,
    run_id: RUN_ID,
    run_attempt: 1,
    actor: "belay[bot]",
    event_name: "workflow_dispatch",
    ref: "refs/heads/main",
    workflow_ref: "acme/shop/.github/workflows/belay.yml@refs/heads/main",
    job_workflow_ref: "acme/shop/.github/workflows/belay.yml@refs/heads/main",
    environment: "production",
  };
  const operation = async () => {
    const [newest] = await open.store.transaction((tx) => tx.operations({}, { limit: 1 }));
    if (newest === undefined) throw new Error("no operation is on record");
    return newest;
  };
  /** Every dispatch is a run of its own, numbered in the order of dispatches. */
  const runnerOfRun = async () => ({ ...runner, run_id: RUN_ID + (await effects("dispatch")).length });
  const claim: World["claim"] = async (job_id, other = {}) =>
    claimJob(deps, { job_id, runner: { ...(await runnerOfRun()), ...other } });
  const report: World["report"] = async (job_id, type, told, run_id) => {
    const { operation_id } = (await open.store.transaction((tx) => tx.job(job_id))) ?? {
      operation_id: job_id,
    };
    const outcome = await jobReport(deps, {
      job_id,
      runner: { ...(await runnerOfRun()), ...(run_id !== undefined && { run_id }) },
      report: reportOf({ job_id, operation_id, type, now: now() }, told),
    });
    if (shows.page) await world.reachesThePage();
    return outcome;
  };
  const shows = { page: true };
  const world: World = {
    deps,
    shows,
    reachesThePage: async () => {
      await open.sql(
        `update effects set state = 'done', settled_at = '${now()}' where effect ->> 'kind' = 'comment' and state = 'pending' and not_before <= '${now()}'`,
      );
    },
    github,
    open,
    now,
    claim,
    report,
    effects,
    operation,
    wait: (seconds) => {
      at += seconds * 1000;
    },
    pullRequest: async (change = {}) => {
      const known = github.pull_requests.get(change.number ?? 7);
      const pull: PullRequest = { ...(known ?? PULL_REQUEST), updated_at: now(), ...change };
      github.pull_requests.set(pull.number, pull);
      return pullRequestChanged(deps, { repository: REPOSITORY, pull_request: pull });
    },
    says: async (login, body, { id: given, edited = false, pull = 7 } = {}) => {
      world.wait(1);
      const comment_id = given ?? ++comments;
      const created_at = now();
      const updated_at = edited ? new Date(at + 5000).toISOString() : created_at;
      const common = { id: comment_id, number: pull, body, created_at, updated_at };
      if (!github.comments.has(comment_id)) {
        github.comments.set(comment_id, { ...common, author: login, author_type: "User", seen: false });
      }
      const told = { repository: REPOSITORY, pull_request: pull, comment_id, told: body };
      const outcome = await commandReceived(deps, told);
      return outcome.kind === "answered" ? outcome.answer.code : outcome.kind;
    },
    tells: async (job_id, events) => jobEvents(deps, { job_id, runner: await runnerOfRun(), events }),
    runs: (answers) => runJobs(world, answers),
    checks: async (sha = HEAD) => {
      const all = (await effects("check")).filter((check) => check.head_sha === sha);
      return Object.fromEntries(all.map((check) => [gateOf(check), check.conclusion ?? check.status]));
    },
    comment: async () => (await effects("comment")).at(-1)?.body ?? "",
    lastAnswer: async () => (await effects("answer")).at(-1)?.body ?? "",
  };
  return world;
}

export const PULL_REQUEST: PullRequest = {
  number: 7,
  state: "open",
  title: "Promote staging",
  author: "mona",
  base_ref: "production",
  head_ref: "staging",
  head_sha: HEAD,
  head_repository_id: REPOSITORY.id,
  updated_at: "2026-03-01T10:00:00.000Z",
};

const gateOf = (check: CheckEffect): string => check.name.split(" / ").at(-1) ?? check.name;

export const allow = (world: World, login: string, permission: Permission) =>
  world.github.permissions.set(login, permission);

/** The author plans, and somebody else says yes to what that shows. */
export async function approved(world: World, answers: Answers): Promise<void> {
  await world.says("mona", "/plan");
  await world.runs(answers);
  const code = await world.says("ann", "/approve");
  if (code !== "approved") throw new Error(`the plan was not approved: ${code}`);
}

/** What a recovery sees first, where the story is not about it. */
const HEALTHY = { health: [], healthy: true, active_release: "aaaaaaaaaaaa" };

async function runJobs(world: World, told_by: Answers): Promise<RunEnd> {
  const answers: Answers = { health_check: () => ({ facts: HEALTHY }), ...told_by };
  const jobs: JobType[] = [];
  let next: string | null = (await world.effects("dispatch")).at(-1)?.inputs.job ?? null;
  while (next !== null) {
    const claimed = await world.claim(next);
    if (claimed.kind === "refused") return { jobs, result: claimed.code, message: claimed.message };
    const { job_type, input } = claimed.claim;
    jobs.push(job_type);
    world.wait(2);
    const told = answers[job_type]?.(input);
    if (told === undefined) throw new Error(`the story did not expect the job ${job_type}`);
    const reported = await world.report(next, job_type, told);
    if (reported.kind === "refused") return { jobs, result: reported.code, message: reported.message };
    const { answer } = reported;
    if (answer.next_job_id === null) return { jobs, result: answer.result, message: answer.message };
    next = answer.next_job_id;
  }
  throw new Error("nothing was dispatched");
}

interface Reporting {
  readonly job_id: string;
  readonly operation_id: string;
  readonly type: JobType;
  readonly now: string;
}

function reportOf({ job_id, operation_id, type, now }: Reporting, told: Told): Report {
  const failed = "error" in told;
  return {
    schema: 1,
    job_id,
    job_type: type,
    operation_id,
    status: failed ? (told.cancelled ? "cancelled" : "failed") : "succeeded",
    ...(failed ? { error_code: told.error, error_message: told.message } : {}),
    started_at: now,
    finished_at: now,
    steps: [{ name: "Begin", status: "ok", seconds: 1 }],
    facts: { ...told.facts },
  };
}
