import { randomUUID } from "node:crypto";
import { beforeEach, describe, expect, it, vi } from "vitest";
import { undamaged } from "../../src/flows/baselines.ts";
import { beginDue, dueOperations } from "../../src/flows/due.ts";
import { reconcileRuns } from "../../src/flows/reconcile/runs.ts";
import { dispatchFailed, expireJobs, runEnded } from "../../src/flows/run-lost.ts";
import { runStarted } from "../../src/flows/run-started.ts";
import { putWorld } from "../unit/store/rows.ts";
import { backedUp, built, firstClone, measured, NOT_COMPARED, RELEASE, switched } from "./facts.ts";
import { forbidden, unavailable } from "./github.ts";
import { approved, HEAD, openWorld, REPOSITORY, type World } from "./world.ts";

const failed = vi.fn();

let world: World;
beforeEach(async () => {
  failed.mockReset();
  world = await openWorld();
  await world.pullRequest();
  await world.says("mona", "/refresh");
  await world.runs(firstClone(production));
  await world.says("mona", "/backup");
  await world.runs({ backup_create: () => ({ facts: backedUp(world.now()) }) });
  await approved(world, answers);
});

const production = measured({});
const staging = measured({ widgets: { "1": "new" }, theme: "new theme" });
const PUSHED = "2".repeat(40);

const answers = {
  release_build: () => ({ facts: built(staging, HEAD) }),
  drift_check: () => ({ facts: { ...NOT_COMPARED, fingerprint: production } }),
  env_promote: () => ({ facts: switched(staging) }),
};

const firstJob = async () => (await world.effects("dispatch")).at(-1)?.inputs.job ?? "";
const locks = () => world.open.store.transaction((tx) => tx.locks());

/** Does the jobs before the one that changes production, claims that one, and answers its id. */
async function untilPromoting(): Promise<string> {
  await world.says("mona", "/promote");
  let job = await firstJob();
  for (const type of ["release_build", "drift_check"] as const) {
    await world.claim(job);
    const reported = await world.report(job, type, answers[type]());
    if (reported.kind !== "answered" || reported.answer.next_job_id === null) throw new Error("no next job");
    job = reported.answer.next_job_id;
  }
  return job;
}

describe("only the run that was dispatched may do the work", () => {
  it.each([
    ["wrong_repository", { repository_id: 1 }],
    ["wrong_event", { event_name: "pull_request" }],
    ["wrong_ref", { ref: "refs/heads/staging" }],
    ["wrong_workflow", { workflow_ref: "acme/shop/.github/workflows/mine.yml@refs/heads/main" }],
    ["rerun_refused", { run_attempt: 2 }],
    ["wrong_environment", { environment: null }],
  ] as const)("%s", async (code, runner) => {
    await world.says("mona", "/promote");
    expect(await world.claim(await firstJob(), runner)).toMatchObject({ kind: "refused", status: 403, code });
  });

  it("and another run of the same workflow may not go on with it", async () => {
    await world.says("mona", "/promote");
    await world.claim(await firstJob());
    expect(await world.claim(await firstJob(), { run_id: 1 })).toMatchObject({
      status: 409,
      code: "job_claimed",
    });
  });

  it("a job that nobody knows is not found", async () => {
    expect(await world.claim("00000000-0000-4000-8000-0000000fffff")).toMatchObject({ status: 404 });
  });
});

describe("answers may be lost, and are given again", () => {
  it("the same claim, the same report", async () => {
    await world.says("mona", "/drift");
    const job = await firstJob();
    const claim = await world.claim(job);
    expect(await world.claim(job)).toEqual(claim);

    const told = { facts: { ...NOT_COMPARED, fingerprint: production } };
    const answer = await world.report(job, "drift_check", told);
    expect(answer).toMatchObject({ answer: { result: "succeeded", next_job_id: null } });
    expect(await world.report(job, "drift_check", told)).toEqual(answer);
    expect(await world.claim(job)).toMatchObject({ code: "job_over" });
  });

  it("a report for another job is refused", async () => {
    await world.says("mona", "/drift");
    await world.claim(await firstJob());
    expect(await world.report(await firstJob(), "env_promote", { facts: {} })).toMatchObject({ status: 400 });
  });
});

describe("what was judged must still be so at the claim", () => {
  it("a new head stops a promotion that no runner works on, and gets checks of its own", async () => {
    await world.says("mona", "/promote");
    world.wait(5);
    await world.pullRequest({ head_sha: PUSHED });

    expect((await world.operation()).state).toBe("cancelled");
    expect((await world.operation()).result_message).toContain("the branch moved to `222222222222`");
    expect(await world.checks(PUSHED)).toMatchObject({ promotion: "action_required" });
    expect(await world.checks(HEAD)).toMatchObject({ promotion: "failure" });
    expect(await world.claim(await firstJob())).toMatchObject({ kind: "refused", code: "job_over" });
    expect(await locks()).toEqual([]);
  });

  it("a runner at work hears of it, and the next job is not given", async () => {
    await world.says("mona", "/promote");
    const job = await firstJob();
    await world.claim(job);
    world.wait(5);
    await world.pullRequest({ head_sha: PUSHED });

    expect(await world.tells(job, [])).toEqual({ kind: "noted", cancel: true });
    expect(await world.report(job, "release_build", answers.release_build())).toMatchObject({
      answer: { next_job_id: null, result: "cancelled" },
    });
    expect(await locks()).toEqual([]);
  });

  it("the last job, at work, hears of it before its switch", async () => {
    const job = await untilPromoting();
    await world.claim(job);
    world.wait(5);
    await world.pullRequest({ head_sha: PUSHED });

    expect(await world.tells(job, [])).toEqual({ kind: "noted", cancel: true });
    await world.report(job, "env_promote", { error: "JOB_CANCELLED", message: "Stopped.", cancelled: true });
    expect(await world.operation()).toMatchObject({ state: "cancelled" });
    expect(await locks()).toEqual([]);
  });

  it("a head that no webhook told of yet stops it at the claim", async () => {
    const job = await untilPromoting();
    const pull = world.github.pull_requests.get(7);
    if (pull !== undefined) world.github.pull_requests.set(7, { ...pull, head_sha: PUSHED });

    expect(await world.claim(job)).toMatchObject({ kind: "refused", status: 409, code: "cancelled" });
    expect((await world.operation()).state).toBe("cancelled");
  });

  it("another configuration stops it", async () => {
    const job = await untilPromoting();
    const text = world.github.files.get(".github/belay.yml") ?? "";
    world.github.files.set(".github/belay.yml", text.replace("max_age: 90s", "max_age: 80s"));
    expect(await world.claim(job)).toMatchObject({ code: "cancelled" });
    expect((await world.operation()).result_message).toContain(
      "`.github/belay.yml`, the policy or Belay itself changed since the command",
    );
  });

  it("a backup that grew too old meanwhile blocks it", async () => {
    const job = await untilPromoting();
    world.wait(3600);
    expect(await world.claim(job)).toMatchObject({ status: 409, code: "backup_stale" });
    expect((await world.operation()).state).toBe("blocked");
    expect(await world.checks()).toMatchObject({ backup: "failure", promotion: "failure" });
  });

  it("a closed pull request stops it", async () => {
    await world.says("mona", "/promote");
    world.wait(5);
    await world.pullRequest({ state: "closed" });
    expect((await world.operation()).state).toBe("cancelled");
  });
});

describe("a runner tells how far it is", () => {
  const at = "2026-03-01T10:00:00.000Z";

  it("steps stand in the comment, edited at most every 15 s", async () => {
    await world.says("mona", "/promote");
    const started = world.now();
    const job = await firstJob();
    await world.claim(job);
    const before = (await world.effects("comment")).length;
    await world.tells(job, [{ at, event: "step_started", step: "Export the tables" }]);
    expect(await world.comment()).toContain("build the release: Export the tables");
    await world.tells(job, [
      { at, event: "step_finished", step: "Export the tables", status: "ok", seconds: 1.25 },
    ]);
    const rows = await world.open.sql(
      "select not_before, state from effects where effect->>'kind' = 'comment' order by seq",
    );
    expect(rows.slice(before).filter((row) => row.state === "pending")).toHaveLength(1);
    const due = Date.parse(String(rows.at(-1)?.not_before));
    expect(due - Date.parse(started)).toBe(15_000);

    world.wait(20);
    await world.tells(job, [{ at, event: "note", step: "Export the tables", message: "half of it" }]);
    const [next] = await world.open.sql(
      "select not_before from effects where effect->>'kind' = 'comment' order by seq desc",
    );
    expect(Date.parse(String(next?.not_before)) - due).toBe(15_000);
  });

  it("the switch is the point of no return: a new head does not stop it any more", async () => {
    const job = await untilPromoting();
    await world.claim(job);
    await world.tells(job, [
      { at, event: "step_finished", step: "Switch to the release", status: "ok", seconds: 0.2 },
      { at, event: "step_started", step: "Check the health of the target" },
    ]);
    expect((await world.operation()).state).toBe("verifying");
    world.wait(5);
    await world.pullRequest({ head_sha: PUSHED });
    expect((await world.operation()).cancel_reason).toBeNull();

    await world.report(job, "env_promote", answers.env_promote());
    expect((await world.operation()).state).toBe("succeeded");
    expect(await world.checks(HEAD)).toMatchObject({ promotion: "success" });
    expect(await world.checks(PUSHED)).toMatchObject({ promotion: "action_required" });
  });
});

describe("a run that is lost", () => {
  it("could not be started", async () => {
    await world.says("mona", "/promote");
    const { id: operation_id } = await world.operation();
    await dispatchFailed(world.deps, { operation_id, message: "there is no workflow belay.yml" });
    expect(await world.operation()).toMatchObject({ state: "failed", result_code: "DISPATCH_FAILED" });
    expect(await world.lastAnswer()).toContain("there is no workflow belay.yml");
    expect(await locks()).toEqual([]);
  });

  it("ended while it only looked: three attempts, each with a run of its own; then failed, nothing has changed", async () => {
    await world.says("mona", "/drift");
    const runs = new Set<number | null>();
    for (const [attempt, wait] of [60, 300].entries()) {
      await world.claim(await firstJob());
      const { id, run_id } = await world.operation();
      runs.add(run_id);
      await runEnded(world.deps, { repository_id: REPOSITORY.id, run_id: run_id ?? 0 });
      expect(await world.operation()).toMatchObject({ state: "waiting", result_code: "RUN_LOST" });
      expect(await world.comment()).toContain(`Attempt ${attempt + 1} of 3 failed`);
      expect(await locks()).toHaveLength(1);
      world.wait(wait - 1);
      expect(await dueOperations(world.deps)).toEqual([]);
      world.wait(1);
      expect(await beginDue(world.deps, id)).toBe("begun");
      expect(await beginDue(world.deps, id)).toBe("waits");
    }
    const outdated = (await world.effects("dispatch")).at(-2)?.inputs.job ?? "";
    expect(await world.claim(outdated)).toMatchObject({ kind: "refused" });
    await world.claim(await firstJob());
    const { run_id } = await world.operation();
    runs.add(run_id);
    await runEnded(world.deps, { repository_id: REPOSITORY.id, run_id: run_id ?? 0 });
    expect(await world.operation()).toMatchObject({ state: "failed", result_code: "RUN_LOST", attempt: 3 });
    expect(runs.size).toBe(3);
    expect(await locks()).toEqual([]);
  });

  it("is found by asking GitHub where the webhook was lost", async () => {
    await world.says("mona", "/promote");
    await world.claim(await firstJob());
    expect(await reconcileRuns({ ...world.deps, failed })).toEqual([]);
    const { id, run_id } = await world.operation();
    world.github.ended_runs.add(run_id ?? 0);
    expect(await reconcileRuns({ ...world.deps, failed })).toEqual([id]);
    expect(await world.operation()).toMatchObject({ state: "waiting", result_code: "RUN_LOST" });
    expect(await reconcileRuns({ ...world.deps, failed })).toEqual([]);
  });

  it.each([
    ["is suspended", forbidden("This installation has been suspended.")],
    ["asks to wait, or does not answer", unavailable()],
  ])("is found though GitHub, asked about another owner's, %s", async (_what, error) => {
    await world.says("mona", "/promote");
    await world.claim(await firstJob());
    const ours = await world.operation();
    const theirs = { ...REPOSITORY, id: 4712, installation_id: 2, owner: "globex" };
    await world.open.store.transaction(async (tx) => {
      const { site, source, target } = await putWorld(tx, theirs);
      const sides = { source_environment_id: source.id, target_environment_id: target.id };
      await tx.addOperation({ ...ours, id: randomUUID(), nonce: randomUUID(), site_id: site.id, ...sides });
    });
    world.github.faults.set(theirs.id, error);
    world.github.ended_runs.add(ours.run_id ?? 0);
    expect(await reconcileRuns({ ...world.deps, failed })).toEqual([ours.id]);
    expect(failed.mock.calls).toEqual([[theirs.id, error]]);
  });

  it("is not believed to be gone because GitHub does not show it, until it was started or heard of minutes ago", async () => {
    const job = await untilPromoting();
    await world.claim(job);
    const { id, run_id } = await world.operation();
    world.github.hidden_runs.add(run_id ?? 0);
    const look = () => reconcileRuns({ ...world.deps, failed });
    expect(await look()).toEqual([]);
    world.wait(290);
    await world.tells(job, []);
    world.wait(290);
    expect(await look()).toEqual([]);
    world.wait(20);
    expect(await look()).toEqual([id]);
    expect(await world.operation()).toMatchObject({ state: "unknown", result_code: "RUN_LOST" });
  });

  it("ended while it changed production: unknown, until its late report comes", async () => {
    const job = await untilPromoting();
    await world.claim(job);
    world.wait(3 * 3600);
    const { id } = await world.operation();
    expect(await expireJobs(world.deps)).toEqual([id]);
    expect(await world.operation()).toMatchObject({ state: "unknown", result_code: "JOB_TIMEOUT" });
    expect(await locks()).toHaveLength(2);
    // Where it wakes up before the switch, it stops there.
    expect(await world.tells(job, [])).toEqual({ kind: "noted", cancel: true });

    expect(await world.report(job, "env_promote", answers.env_promote())).toMatchObject({
      answer: { result: "succeeded" },
    });
    expect(await world.operation()).toMatchObject({ state: "succeeded" });
    expect(await locks()).toEqual([]);
  });

  it("never claimed its job: lost half an hour after GitHub started it, however long that took", async () => {
    await world.says("mona", "/promote");
    world.wait(5 * 3600);
    expect(await expireJobs(world.deps)).toEqual([]);
    const { id: operation_id } = await world.operation();
    await runStarted(world.deps, { operation_id, run_id: 955, run_url: null });
    expect(await expireJobs(world.deps)).toEqual([]);
    world.wait(1900);
    expect(await expireJobs(world.deps)).toHaveLength(1);
    expect(await world.operation()).toMatchObject({ state: "waiting", result_code: "JOB_TIMEOUT" });
  });
});

describe("/rollback", () => {
  const back = {
    activated: true,
    release: "aaaaaaaaaaaa",
    previous_release: RELEASE.slice(0, 12),
    health: [],
    late_rows: { acme_widgets: 2 },
    promoted: {
      tables: { acme_widgets: production.tables.acme_widgets ?? null },
      options: {},
      code: production.code,
    },
  };

  it("goes back to the release before the last promotion, even after the merge, and without gates", async () => {
    await world.says("mona", "/promote");
    await world.runs(answers);
    await world.pullRequest({ state: "merged" });
    world.wait(30 * 3600);

    expect(await world.says("mona", "/rollback")).toBe("started");
    const run = await world.runs({
      release_rollback: (input) => {
        expect(input).toMatchObject({ to_release: "aaaaaaaaaaaa", expected_release: RELEASE.slice(0, 12) });
        return { facts: back };
      },
    });

    expect(run.result).toBe("succeeded");
    expect(await world.checks()).toMatchObject({ promotion: "failure" });
    expect(await world.comment()).toContain("kept for inspection: `acme_widgets` 2 rows");
    const [baseline] = await baselines();
    expect(baseline?.target.active_release).toBe("aaaaaaaaaaaa");
    expect(await world.says("mona", "/rollback")).toBe("rollback_nothing");
  });

  it("takes back a promotion that the host could not undo, and that left production broken", async () => {
    await world.says("mona", "/promote");
    const stuck = { ...switched(staging), rolled_back: false };
    const run = await world.runs({
      ...answers,
      env_promote: () => ({ error: "HEALTH_FAILED", message: "Empty page.", facts: stuck }),
    });
    expect(run.result).toBe("failed");
    expect(await world.says("mona", "/promote")).toBe("environment_failed");

    expect(await world.says("mona", "/rollback")).toBe("started");
    const undone = await world.runs({
      release_rollback: (input) => {
        expect(input).toMatchObject({ to_release: "aaaaaaaaaaaa", expected_release: RELEASE.slice(0, 12) });
        return { facts: back };
      },
    });
    expect(undone.result).toBe("succeeded");
    expect(await world.says("mona", "/rollback")).toBe("rollback_nothing");
  });

  it("counts as gone back when only the health after it fails", async () => {
    await world.says("mona", "/promote");
    await world.runs(answers);
    await world.says("mona", "/rollback");
    const run = await world.runs({
      release_rollback: () => ({ error: "HEALTH_FAILED", message: "Still empty.", facts: back }),
    });
    expect(run.result).toBe("failed");
    expect(await world.lastAnswer()).toContain(
      "back on the release before, but it is not healthy there either",
    );
    const [baseline] = await baselines();
    expect(baseline?.target.active_release).toBe("aaaaaaaaaaaa");
    expect(await world.says("mona", "/rollback")).toBe("rollback_nothing");
  });

  it("has nothing to do where nothing was promoted", async () => {
    expect(await world.says("mona", "/rollback")).toBe("rollback_nothing");
    expect(await world.lastAnswer()).toContain("no promotion to production has succeeded");
  });

  const baselines = async () => {
    const { source_environment_id, target_environment_id } = await world.operation();
    return [
      await world.open.store.transaction(async (tx) =>
        undamaged(await tx.baselineOf(source_environment_id, target_environment_id)),
      ),
    ];
  };
});

it("a refresh that would lose a change of one side is refused, and nothing is overwritten", async () => {
  await world.says("mona", "/refresh");
  const theirs = measured({ widgets: { "1": "of production" } });
  const run = await world.runs({
    drift_check: ({ target_environment }) => ({
      facts: { ...NOT_COMPARED, fingerprint: target_environment === "production" ? theirs : staging },
    }),
  });
  expect(run).toMatchObject({ jobs: ["drift_check", "drift_check"], result: "blocked" });
  expect(await world.comment()).toContain("acme_widgets");
  expect(await locks()).toEqual([]);
});
