/** What must hold at the edges: commits in two pull requests, stops that come too late, reports that are silent or late. */
import { beforeEach, describe, expect, it } from "vitest";
import { jobReport } from "../../src/flows/job-report.ts";
import { pullRequestChanged } from "../../src/flows/pull-request-changed.ts";
import { expireJobs } from "../../src/flows/run-lost.ts";
import { runStarted } from "../../src/flows/run-started.ts";
import type { Store } from "../../src/ports/store.ts";
import { EXAMPLE } from "../unit/config/example.ts";
import { backedUp, built, firstClone, measured, NOT_COMPARED, RELEASE, switched } from "./facts.ts";
import { approved, HEAD, openWorld, PULL_REQUEST, REPOSITORY, type World } from "./world.ts";

let world: World;
beforeEach(async () => {
  world = await openWorld();
});

const production = measured({});
const staging = measured({ widgets: { "1": "new" }, theme: "new theme" });
const answers = {
  release_build: () => ({ facts: built(staging, HEAD) }),
  drift_check: () => ({ facts: { ...NOT_COMPARED, fingerprint: production } }),
  env_promote: () => ({ facts: switched(staging) }),
};
const back = {
  activated: true,
  release: "aaaaaaaaaaaa",
  previous_release: RELEASE.slice(0, 12),
  health: [],
  late_rows: {},
};

async function prepare(): Promise<void> {
  await world.pullRequest();
  await world.says("mona", "/refresh");
  await world.runs(firstClone(production));
  await world.says("mona", "/backup");
  await world.runs({ backup_create: () => ({ facts: backedUp(world.now()) }) });
  await approved(world, answers);
}

const firstJob = async () => (await world.effects("dispatch")).at(-1)?.inputs.job ?? "";
const statusOf = async (name: string) => {
  const rows = await world.open.store.transaction((tx) => tx.environments({ limit: 10 }));
  return rows.find((row) => row.name === name)?.status;
};

async function untilPromoting(): Promise<string> {
  await world.says("mona", "/promote");
  let job = await firstJob();
  for (const type of ["release_build", "drift_check"] as const) {
    await world.claim(job);
    const reported = await world.report(job, type, answers[type]());
    if (reported.kind !== "answered" || reported.answer.next_job_id === null) throw new Error("no next job");
    job = reported.answer.next_job_id;
  }
  await world.claim(job);
  return job;
}

const WORKFLOW = "acme/shop/.github/workflows/belay.yml@refs/heads/main";
const runnerOf = (run_id: number | null) => ({
  ...{ repository_id: REPOSITORY.id, run_id: run_id ?? 0, run_attempt: 1, environment: "production" },
  ...{ actor: "belay[bot]", event_name: "workflow_dispatch", ref: "refs/heads/main" },
  ...{ workflow_ref: WORKFLOW, job_workflow_ref: WORKFLOW },
});

/** The run reports that it was stopped: by hand, not by a fault. */
async function stopped(job_id: string) {
  const { id: operation_id, run_id } = await world.operation();
  return jobReport(world.deps, {
    job_id,
    runner: runnerOf(run_id),
    report: {
      ...{ schema: 1, job_id, job_type: "env_promote", operation_id, status: "cancelled" },
      ...{ error_code: "JOB_CANCELLED", error_message: "The run was cancelled." },
      ...{ started_at: world.now(), finished_at: world.now(), steps: [], facts: {} },
    },
  });
}

describe("a commit that is in two pull requests", () => {
  it("is not green under an environment's name for a branch that only happens to be called so", async () => {
    world = await openWorld(EXAMPLE.replace("branch: production", "branch: live"));
    await world.pullRequest({ base_ref: "live" });
    await world.pullRequest({ number: 8, base_ref: "production", head_ref: "feature" });
    expect(await world.checks()).toMatchObject({ promotion: "action_required" });
  });

  it("is not green because of the files of a later head", async () => {
    const pushed = { ...PULL_REQUEST, head_ref: "feature", head_sha: "2".repeat(40) };
    world.github.pull_requests.set(7, pushed);
    world.github.changed.set(7, ["README.md"]);
    const late = { ...pushed, head_sha: HEAD };
    await pullRequestChanged(world.deps, { repository: REPOSITORY, pull_request: late });
    expect(await world.checks()).toMatchObject({ promotion: "failure" });
  });

  it("stays promoted when it is opened again, refreshed, or opened by a fork", async () => {
    await prepare();
    await world.says("mona", "/promote");
    await world.runs(answers);
    world.wait(5);
    await world.pullRequest({ state: "closed" });
    world.wait(5);
    await world.pullRequest({ state: "open" });
    expect(await world.checks()).toMatchObject({ promotion: "success", drift: "success" });

    await world.pullRequest({ number: 9, head_repository_id: 1 });
    expect(await world.checks()).toMatchObject({ promotion: "success" });

    await world.says("mona", "/refresh");
    await world.runs(firstClone(measured({ widgets: { "1": "new" }, release: RELEASE.slice(0, 12) })));
    expect((await world.operation()).state).toBe("succeeded");
    expect(await world.checks()).toMatchObject({ promotion: "success", drift: "action_required" });
  });

  it("is promoted no more after a rollback, also when it is opened again", async () => {
    await prepare();
    await world.says("mona", "/promote");
    await world.runs(answers);
    await world.says("mona", "/rollback");
    await world.runs({ release_rollback: () => ({ facts: back }) });
    world.wait(5);
    await world.pullRequest({ state: "closed" });
    world.wait(5);
    await world.pullRequest({ state: "open" });
    expect(await world.checks()).toMatchObject({ promotion: "action_required" });
  });
});

describe("a command is bound to what the person saw", () => {
  it("not to a first head that came after the comment, because the opening was missed", async () => {
    world.github.pull_requests.set(7, PULL_REQUEST);
    const created_at = world.now();
    const common = { id: 55, number: 7, body: "/promote", created_at, updated_at: created_at };
    world.github.comments.set(55, { ...common, author: "mona", author_type: "User", seen: false });
    world.wait(3);
    await world.pullRequest({ head_sha: "2".repeat(40) });
    expect(await world.says("mona", "/promote", { id: 55 })).toBe("head_unseen");
  });
});

describe("a stop that comes too late", () => {
  it("does not take back what is said of a refresh that was done", async () => {
    let closing: Promise<unknown> = Promise.resolve();
    await world.pullRequest();
    await world.says("mona", "/refresh");
    const { drift_check, env_refresh } = firstClone(production);
    const run = await world.runs({
      drift_check,
      env_refresh: () => {
        closing = world.pullRequest({ state: "closed" });
        return env_refresh();
      },
    });
    await closing;
    expect(run.result).toBe("succeeded");
    expect((await world.operation()).result_message).toContain("staging is refreshed from production");
  });

  it("is no statement that nothing was changed: silent after the switch began, the end is unknown", async () => {
    await prepare();
    const job = await untilPromoting();
    const at = world.now();
    await world.tells(job, [{ at, event: "step_started", step: "Switch to the release" }]);
    expect(await stopped(job)).toMatchObject({ answer: { result: "unknown" } });
    expect(await world.operation()).toMatchObject({ state: "unknown" });
  });

  it("ends the doubt when the host knows that nothing was switched", async () => {
    await prepare();
    const job = await untilPromoting();
    world.wait(3 * 3600);
    await expireJobs(world.deps);
    expect((await world.operation()).state).toBe("unknown");
    expect(await stopped(job)).toMatchObject({ answer: { result: "failed" } });
    expect(await world.open.store.transaction((tx) => tx.locks())).toEqual([]);
  });
});

it("a job that is claimed while its lateness is judged goes on", async () => {
  await prepare();
  await world.says("mona", "/promote");
  const { id: operation_id } = await world.operation();
  await runStarted(world.deps, { operation_id, run_id: 955, run_url: null });
  world.wait(1900);
  const job = await firstJob();
  let looks = 0;
  const store: Store = {
    transaction: async (work) => {
      looks++;
      if (looks === 2) await world.claim(job, { run_id: 955 });
      return world.open.store.transaction(work);
    },
  };
  expect(await expireJobs({ ...world.deps, store })).toEqual([]);
  expect((await world.operation()).state).toBe("checking");
});

it("a switch is kept on record while GitHub is out of reach", async () => {
  await prepare();
  const job = await untilPromoting();
  const down = async () => {
    throw new Error("GitHub is out of reach");
  };
  const github = { ...world.deps.github, defaultBranchFile: down, commitParents: down };
  const deps = { ...world.deps, github };
  const { id: operation_id, run_id } = await world.operation();
  const outcome = await jobReport(deps, {
    job_id: job,
    runner: runnerOf(run_id),
    report: {
      ...{ schema: 1, job_id: job, job_type: "env_promote", operation_id, status: "succeeded" },
      ...{ started_at: world.now(), finished_at: world.now(), steps: [], facts: { ...switched(staging) } },
    },
  });
  expect(outcome).toMatchObject({ answer: { result: "succeeded" } });
});

it("a rollback that failed before its switch leaves a broken production broken", async () => {
  await prepare();
  await world.says("mona", "/promote");
  const stuck = { ...switched(staging), rolled_back: false };
  await world.runs({
    ...answers,
    env_promote: () => ({ error: "HEALTH_FAILED", message: "Empty page.", facts: stuck }),
  });
  expect(await statusOf("production")).toBe("failed");

  await world.says("mona", "/rollback");
  await world.runs({
    release_rollback: () => ({ error: "ANSIBLE_HOST_UNREACHABLE", message: "No route.", facts: {} }),
  });
  expect(await world.operation()).toMatchObject({ kind: "rollback", state: "waiting" });
  expect(await statusOf("production")).toBe("failed");
  await world.says("mona", "/cancel");
  expect(await world.operation()).toMatchObject({ kind: "rollback", state: "cancelled" });
  expect(await statusOf("production")).toBe("failed");
  expect(await world.says("mona", "/promote")).toBe("environment_failed");
});

it("a refresh that never came to its host is not what broke the source", async () => {
  await prepare();
  await world.says("mona", "/refresh");
  await world.says("mona", "/cancel");
  expect(await world.operation()).toMatchObject({ kind: "refresh", state: "cancelled" });
  await world.open.store.transaction(async (tx) => {
    const staging = (await tx.environments({ limit: 10 })).find(({ name }) => name === "staging");
    await tx.updateEnvironment(staging?.id ?? "", { status: "failed" });
  });
  expect(await world.says("mona", "/plan")).toBe("started");
});

it("a backup whose host has a fast clock is no fresher for it", async () => {
  await world.pullRequest();
  await world.says("mona", "/refresh");
  await world.runs(firstClone(production));
  await world.says("mona", "/backup");
  await world.runs({ backup_create: () => ({ facts: backedUp("2027-03-01T10:00:00.000Z") }) });
  world.wait(3600);
  expect(await world.says("mona", "/promote")).toBe("blocked");
  expect((await world.operation()).result_code).toBe("backup_stale");
});

it("GitHub is not told that a commit is deployed which was rolled back", async () => {
  await prepare();
  await world.says("mona", "/promote");
  await world.runs(answers);
  const { id } = await world.operation();
  await world.says("mona", "/rollback");
  await world.runs({ release_rollback: () => ({ facts: back }) });
  expect(await world.effects("deployment")).toHaveLength(1);
  const told = (await world.effects("deployment_status")).at(-1);
  expect(told).toMatchObject({ operation_id: id, state: "inactive" });
});
