/** Nobody saw how a promotion ended: a recovery looks at the host, and only its truthful report ends the doubt. */
import { beforeEach, expect, it } from "vitest";
import type { RunnerIdentity } from "../../src/core/runner.ts";
import { dueRecoveries, recoverDue } from "../../src/flows/recover.ts";
import { runEnded } from "../../src/flows/run-lost.ts";
import { runStarted } from "../../src/flows/run-started.ts";
import { runnerRoutes } from "../../src/http/runner.ts";
import { backedUp, built, firstClone, measured, NOT_COMPARED, RELEASE, switched } from "./facts.ts";
import { approved, HEAD, openWorld, REPOSITORY, type World } from "./world.ts";

const production = measured({});
const staging = measured({ widgets: { "1": "new" } });
const answers = {
  release_build: () => ({ facts: built(staging, HEAD) }),
  drift_check: () => ({ facts: { ...NOT_COMPARED, fingerprint: production } }),
};

let world: World;
let promoting: string;

/** A promotion whose run ended between the claim of its last job and its report. */
beforeEach(async () => {
  world = await openWorld();
  await world.pullRequest();
  await world.says("mona", "/refresh");
  await world.runs(firstClone(production));
  await world.says("mona", "/backup");
  await world.runs({ backup_create: () => ({ facts: backedUp(world.now()) }) });
  await approved(world, answers);
  await world.says("mona", "/promote");
  let job = (await world.effects("dispatch")).at(-1)?.inputs.job ?? "";
  for (const type of ["release_build", "drift_check"] as const) {
    await world.claim(job);
    const told = await world.report(job, type, answers[type]());
    job = (told.kind === "answered" && told.answer.next_job_id) || "";
  }
  promoting = job;
  await world.claim(promoting);
  const { run_id } = await world.operation();
  await runEnded(world.deps, { repository_id: REPOSITORY.id, run_id: run_id ?? 0 });
}, 180_000);

const looked = (more: Readonly<Record<string, unknown>>) => ({
  facts: { found: [], reports: [], settled: true, health: [], healthy: true, ...more },
});
const before = { active: { release: "aaaaaaaaaaaa", operation_id: "" } };
/** On a host a promotion that went back is the one that made the old release active again. */
const wentBack = (operation_id: string) => ({ active: { release: "aaaaaaaaaaaa", operation_id } });
const locks = () => world.open.store.transaction((tx) => tx.locks());

async function productionStatus(): Promise<string | undefined> {
  const { site_id } = await world.operation();
  const all = await world.open.store.transaction((tx) => tx.environmentsOf(site_id));
  return all.find(({ name }) => name === "production")?.status;
}

async function expectRolledBack(): Promise<void> {
  expect(await world.operation()).toMatchObject({
    state: "rolled_back",
    result_code: "RECOVERED",
    release_after: null,
  });
  expect(await world.lastAnswer()).toContain("was taken back: production runs `aaaaaaaaaaaa`");
  expect(await world.checks()).toMatchObject({ promotion: "failure" });
  expect(await locks()).toEqual([]);
}

async function recoverNow(): Promise<void> {
  world.wait(61);
  const [id = ""] = await dueRecoveries(world.deps);
  expect(await recoverDue(world.deps, id)).toBe("begun");
}

it("only the run that GitHub has told of may claim a recovery's job, and until it has every run is told to ask again", async () => {
  const { id: operation_id, run_id: lost = 0 } = await world.operation();
  const claim = async (job: string, run_id: number | null) => {
    const runner: RunnerIdentity = {
      ...{ repository_id: REPOSITORY.id, run_id: run_id ?? 0, run_attempt: 1, actor: "belay[bot]" },
      ...{ event_name: "workflow_dispatch", ref: "refs/heads/main", environment: "production" },
      workflow_ref: "acme/shop/.github/workflows/belay.yml@refs/heads/main",
      job_workflow_ref: "acme/shop/.github/workflows/belay.yml@refs/heads/main",
    };
    const routes = runnerRoutes({ deps: world.deps, verifyRunner: async () => runner });
    const route = routes.find(({ path }) => path === "/api/jobs/{id}/claim");
    const request = { address: "", params: { id: job }, query: new URLSearchParams(), token: null };
    return route?.handle({ ...request, header: () => null, json: async () => ({}) });
  };
  await recoverNow();
  const job = (await world.effects("dispatch")).at(-1)?.inputs.job ?? "";
  await expect(claim(job, 4711)).rejects.toMatchObject({ status: 503, code: "run_not_recorded" });
  await expect(claim(promoting, lost)).rejects.toMatchObject({ status: 409, code: "job_over" });
  await runStarted(world.deps, { operation_id, run_id: 950, run_url: null });
  await expect(claim(job, 4711)).rejects.toMatchObject({ status: 409, code: "job_claimed" });
  expect(await claim(job, 950)).toMatchObject({ status: 200, body: { job_type: "health_check" } });
});

it("the promotion has happened: succeeded, with the release that the target runs", async () => {
  const { id } = await world.operation();
  expect(await dueRecoveries(world.deps)).toEqual([]);
  await recoverNow();
  expect(await recoverDue(world.deps, id)).toBe("not_unknown");
  const run = await world.runs({
    recover: (input) => {
      expect(input).toMatchObject({ target_environment: "production", stop: false });
      return looked({ active: { release: RELEASE.slice(0, 12), operation_id: id } });
    },
  });
  expect(run).toMatchObject({ jobs: ["health_check", "recover"], result: "succeeded" });
  expect(await world.operation()).toMatchObject({ state: "succeeded", release_after: RELEASE.slice(0, 12) });
  expect((await world.operation()).result_message).toContain("Comment `/refresh` to record a new one");
  expect(await world.checks()).toMatchObject({ promotion: "success" });
  expect(await locks()).toEqual([]);
  expect(await world.says("mona", "/rollback")).toBe("started");
});

it("where the host remembers what the switch measured, the baseline advances as with the report that was lost", async () => {
  const { id, baseline_id } = await world.operation();
  await recoverNow();
  const { promoted, previous_release } = switched(staging);
  const active = { release: RELEASE.slice(0, 12), operation_id: id };
  await world.runs({ recover: () => looked({ active, promotion: { promoted, previous_release } }) });
  const { state, result_message, source_environment_id, target_environment_id } = await world.operation();
  expect(state).toBe("succeeded");
  expect(result_message).toContain("The baseline is advanced");
  const newest = await world.open.store.transaction((tx) =>
    tx.baselineOf(source_environment_id, target_environment_id),
  );
  expect(newest).toMatchObject({
    operation_id: id,
    target: { tables: { acme_widgets: staging.tables.acme_widgets }, active_release: RELEASE.slice(0, 12) },
  });
  expect(newest?.id).not.toBe(baseline_id);
  await world.says("mona", "/plan");
  const now = measured({ widgets: { "1": "new" }, release: RELEASE.slice(0, 12) });
  await world.runs({
    release_build: () => ({ facts: built(measured({ widgets: { "1": "newer" } }), HEAD) }),
    drift_check: () => ({ facts: { ...NOT_COMPARED, fingerprint: now } }),
  });
  expect((await world.operation()).plan?.blocks).toEqual([]);
  expect(await world.says("mona", "/rollback")).toBe("started");
});

it("after a recovered promotion of which the host remembers nothing, a later change of the source conflicts, as its comment says, until a refresh", async () => {
  const { id } = await world.operation();
  await recoverNow();
  const active = { release: RELEASE.slice(0, 12), operation_id: id };
  await world.runs({ recover: () => looked({ active }) });
  const changed = measured({ widgets: { "1": "newer" } });
  const promoted = measured({ widgets: { "1": "new" } });
  const plan = async (source: typeof changed) => {
    await world.says("mona", "/plan");
    await world.runs({
      release_build: () => ({ facts: built(source, HEAD) }),
      drift_check: () => ({ facts: { ...NOT_COMPARED, fingerprint: promoted } }),
    });
    return (await world.operation()).plan?.blocks.map(({ code }) => code);
  };
  expect(await plan(promoted)).toEqual([]);
  expect(await plan(changed)).toEqual([expect.stringMatching(/conflict/i)]);
  await world.says("mona", "/refresh");
  await world.runs({
    drift_check: () => ({ facts: { ...NOT_COMPARED, fingerprint: promoted } }),
    backup_create: () => ({ facts: backedUp(world.now()) }),
    env_refresh: () => ({ facts: { target: promoted, source: promoted, tables: [], files: 0 } }),
  });
  expect(await plan(changed)).toEqual([]);
});

it("active and not healthy: failed, the baseline stays, and the comment says both and what to type", async () => {
  const {
    id,
    baseline_id,
    source_environment_id: source,
    target_environment_id: target,
  } = await world.operation();
  await recoverNow();
  const active = { release: RELEASE.slice(0, 12), operation_id: id };
  const { promoted, previous_release } = switched(staging);
  const promotion = { promoted, previous_release };
  await world.runs({ recover: () => looked({ active, promotion, healthy: false }) });
  expect(await world.operation()).toMatchObject({ state: "failed", result_code: "RECOVERED_UNHEALTHY" });
  for (const said of [await world.comment(), await world.lastAnswer()]) {
    expect(said).toContain("The baseline is the one from before");
    expect(said).toContain("Next: Look at production, then comment `/rollback`");
    expect(said).not.toContain("comment `/promote`");
  }
  const newest = await world.open.store.transaction((tx) => tx.baselineOf(source, target));
  expect(newest?.id).toBe(baseline_id);
  expect(await productionStatus()).toBe("failed");
  expect(await world.says("mona", "/promote")).toBe("environment_failed");
  expect(await world.says("mona", "/rollback")).toBe("started");
});

it("the host took it back: rolled back, with the old release that it runs under the promotion's own name", async () => {
  const { id } = await world.operation();
  await recoverNow();
  const reverted = { what: "reverted", by: "watchdog", at: "2026-03-01T10:00:00Z", operation_id: id };
  const report = { ...reverted, release: RELEASE.slice(0, 12), previous_release: "aaaaaaaaaaaa" };
  await world.runs({ recover: () => looked({ ...wentBack(id), reports: [report] }) });
  await expectRolledBack();
});

it("the runner took it back and its report was lost: the host has nothing to tell but the old release under the promotion's own name", async () => {
  const { id } = await world.operation();
  await recoverNow();
  await world.runs({ recover: () => looked(wentBack(id)) });
  await expectRolledBack();
});

it("it was taken back, and is not healthy: rolled back, and the environment is marked", async () => {
  const { id } = await world.operation();
  await recoverNow();
  await world.runs({ recover: () => looked({ ...wentBack(id), healthy: false }) });
  expect(await world.operation()).toMatchObject({ state: "rolled_back" });
  expect(await productionStatus()).toBe("failed");
});

it("it did not happen: failed", async () => {
  await recoverNow();
  await world.runs({ recover: () => looked(before) });
  expect(await world.operation()).toMatchObject({ state: "failed", release_after: null });
  expect(await productionStatus()).toBe("active");
});

it("it did not happen, and production is not healthy: nobody is told to take back the promotion before, and the host decides about the next", async () => {
  await recoverNow();
  await world.runs({ recover: () => looked({ ...before, healthy: false }) });
  expect(await world.operation()).toMatchObject({ state: "failed", release_after: null });
  expect(await productionStatus()).toBe("failed");
  for (const said of [await world.comment(), await world.lastAnswer()]) {
    expect(said).toContain("It is not healthy.");
    expect(said).not.toContain("/rollback");
  }
  expect(await world.says("mona", "/promote")).toBe("started");
});

it("a recovery that comes to nothing leaves the doubt, is tried again, and in the end says what to type", async () => {
  for (const wait of [61, 301, 901]) {
    world.wait(wait);
    const [id = ""] = await dueRecoveries(world.deps);
    expect(await recoverDue(world.deps, id)).toBe("begun");
    await world.runs({ recover: () => ({ error: "ANSIBLE_HOST_UNREACHABLE", message: "No route." }) });
    expect(await world.operation()).toMatchObject({ state: "unknown" });
    expect(await locks()).toHaveLength(2);
  }
  world.wait(24 * 3600);
  expect(await dueRecoveries(world.deps)).toEqual([]);
  expect(await world.comment()).toContain("/unlock");

  expect(await world.says("visitor", "/unlock")).toBe("permission_missing");
  expect(await world.says("ann", "/unlock")).toBe("recovery_begun");
  expect(await world.says("ann", "/unlock")).toBe("recovery_under_way");
  await world.runs({ recover: () => looked({ ...before, settled: false }) });
  expect(await world.operation()).toMatchObject({ state: "unknown" });
  await world.says("ann", "/unlock");
  await world.runs({ recover: () => looked(before) });
  expect(await world.operation()).toMatchObject({ state: "failed" });
  expect(await locks()).toEqual([]);
});

it("first the comment says whether the site answers, and keeps that where the recovery comes to nothing", async () => {
  const page = { check: "/shop/", ok: false, detail: "status 500", seconds: 1 };
  await recoverNow();
  const run = await world.runs({
    health_check: (input) => {
      expect(input).toMatchObject({ target_environment: "production" });
      return { facts: { health: [page], healthy: false, active_release: "bbbbbbbbbbbb" } };
    },
    recover: () => ({ error: "HOST_BUSY", message: "Somebody else is at work." }),
  });
  expect(run).toMatchObject({ jobs: ["health_check", "recover"], result: "unknown" });
  const seen = "production ran `bbbbbbbbbbbb` and was not healthy (/shop/).";
  const comments = (await world.effects("comment")).map(({ body }) => body);
  expect(
    comments.some((body) => body.includes(`A recovery looks at production now`) && body.includes(seen)),
  ).toBe(true);
  expect((await world.operation()).result_message).toMatch(
    /Somebody else is at work\. At 20.* production ran .* the next time at /,
  );
});

it("a site that cannot even be asked is looked at all the same", async () => {
  await recoverNow();
  const broken = { error: "SITE_LAYOUT", message: "There is no link `current`." };
  const run = await world.runs({ health_check: () => broken, recover: () => looked(before) });
  expect(run).toMatchObject({ jobs: ["health_check", "recover"], result: "failed" });
  const said = (await world.effects("comment")).map(({ body }) => body).join("\n");
  expect(said).toContain("Whether production is healthy could not be asked at ");
});

it("a run that is gone after its first look comes to nothing, and the next recovery looks anew", async () => {
  await recoverNow();
  const probe = (await world.effects("dispatch")).at(-1)?.inputs.job ?? "";
  await world.claim(probe);
  const facts = { health: [], healthy: true, active_release: "aaaaaaaaaaaa" };
  const told = await world.report(probe, "health_check", { facts });
  const next = (told.kind === "answered" && told.answer.next_job_id) || "";
  // Asked again, because the answer was lost: the same.
  expect(await world.report(probe, "health_check", { facts })).toEqual(told);
  expect(await world.claim(next)).toMatchObject({ claim: { job_type: "recover" } });
  const { run_id } = await world.operation();
  await runEnded(world.deps, { repository_id: REPOSITORY.id, run_id: run_id ?? 0 });
  expect((await world.operation()).result_message).toContain(
    "production ran `aaaaaaaaaaaa` and was healthy.",
  );
  world.wait(301);
  const [id = ""] = await dueRecoveries(world.deps);
  expect(await recoverDue(world.deps, id)).toBe("begun");
  expect(await world.runs({ recover: () => looked(before) })).toMatchObject({
    ...{ jobs: ["health_check", "recover"], result: "failed" },
  });
});

it("a late report of the promotion's own run ends the doubt, also while a recovery is under way; a lost one begins anew", async () => {
  const { id } = await world.operation();
  const [claimed] = (await world.open.store.transaction((tx) => tx.jobsOf(id))).filter(
    (job) => job.id === promoting,
  );
  await recoverNow();
  const recovery = (await world.effects("dispatch")).at(-1)?.inputs.job ?? "";
  await world.claim(recovery);
  const { run_id } = await world.operation();
  await runEnded(world.deps, { repository_id: REPOSITORY.id, run_id: run_id ?? 0 });
  expect(await world.operation()).toMatchObject({ state: "unknown", recoveries: 1 });

  const told = await world.report(
    promoting,
    "env_promote",
    { facts: switched(staging) },
    claimed?.run_id ?? 0,
  );
  expect(told).toMatchObject({ answer: { result: "succeeded" } });
  expect(await world.operation()).toMatchObject({ state: "succeeded" });
  expect(await locks()).toEqual([]);
});
