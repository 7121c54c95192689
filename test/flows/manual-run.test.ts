/** A run that somebody started by hand: the promotion of `/promote`, through the same gates. */
import { beforeEach, expect, it } from "vitest";
import type { RunnerIdentity } from "../../src/core/runner.ts";
import { manualRun } from "../../src/flows/manual-run.ts";
import { backedUp, built, firstClone, measured, NOT_COMPARED, switched } from "./facts.ts";
import { approved, HEAD, openWorld, REPOSITORY, type World } from "./world.ts";

const production = measured({});
const staging = measured({ widgets: { "1": "new" } });
const answers = {
  release_build: () => ({ facts: built(staging, HEAD) }),
  drift_check: () => ({ facts: { ...NOT_COMPARED, fingerprint: production } }),
  env_promote: () => ({ facts: switched(staging) }),
};

let world: World;
beforeEach(async () => {
  world = await openWorld();
  await world.pullRequest();
  await world.says("mona", "/refresh");
  await world.runs(firstClone(production));
});

const WORKFLOW = "acme/shop/.github/workflows/belay.yml@refs/heads/main";
const RUNNER: RunnerIdentity = {
  repository_id: REPOSITORY.id,
  run_id: 5000,
  run_attempt: 1,
  actor: "mona",
  event_name: "workflow_dispatch",
  ref: "refs/heads/main",
  workflow_ref: WORKFLOW,
  job_workflow_ref: WORKFLOW,
  environment: null,
};
const starts = (change: Partial<RunnerIdentity> = {}, environment = "production") =>
  manualRun(world.deps, { runner: { ...RUNNER, ...change }, environment });
const backUp = async () => {
  await world.says("mona", "/backup");
  await world.runs({ backup_create: () => ({ facts: backedUp(world.now()) }) });
};

it("is the same promotion: same gates, same record, and its own run", async () => {
  await backUp();
  await approved(world, answers);
  const dispatches = (await world.effects("dispatch")).length;
  const begun = await starts();
  expect(begun).toMatchObject({ kind: "accepted" });
  expect(await world.operation()).toMatchObject({
    kind: "promote",
    requested_by: "mona",
    pull_request: 7,
    head_sha: HEAD,
    run_id: 5000,
  });
  expect((await world.effects("dispatch")).length).toBe(dispatches);

  const job = begun.kind === "accepted" ? (begun.job_id ?? "") : "";
  const own = { run_id: 5000, environment: "production" };
  expect(await world.claim(job, { ...own, run_id: 5001 })).toMatchObject({ code: "job_claimed" });
  expect(await world.claim(job, { ...own, environment: null })).toMatchObject({ code: "wrong_environment" });
  expect(await world.claim(job, own)).toMatchObject({
    kind: "claimed",
    claim: { job_type: "release_build" },
  });
  expect(await starts()).toEqual(begun);
});

it("is blocked where the command is blocked, on record, and answered alike when it asks again", async () => {
  const blocked = await starts();
  expect(blocked).toMatchObject({ status: 409, code: "backup_missing" });
  expect(await world.operation()).toMatchObject({ kind: "promote", state: "blocked", run_id: 5000 });
  expect(await world.comment()).toContain("backup");
  expect(await starts()).toMatchObject({ status: 409, code: "backup_missing" });
  const all = await world.open.store.transaction((tx) => tx.operations({ run_id: 5000 }, { limit: 9 }));
  expect(all.length).toBe(1);
});

it.each<readonly [string, Partial<RunnerIdentity>]>([
  ["wrong_environment", { environment: "production" }],
  ["wrong_event", { event_name: "push" }],
  ["wrong_ref", { ref: "refs/heads/staging" }],
  ["wrong_workflow", { workflow_ref: WORKFLOW.replace("belay.yml", "own.yml") }],
  ["wrong_job_workflow", { job_workflow_ref: "mallory/x/.github/workflows/promote.yml@main" }],
  ["rerun_refused", { run_attempt: 2 }],
  ["permission_missing", { actor: "visitor" }],
  ["permission_missing", { actor: "github-actions[bot]" }],
])("is refused: %s %j", async (code, change) => {
  world.github.permissions.set("github-actions[bot]", "admin");
  const { id } = await world.operation();
  expect(await starts(change)).toMatchObject({ kind: "refused", status: 403, code });
  expect((await world.operation()).id).toBe(id);
});

it("needs a target of the path, a known site, and the open environment pull request", async () => {
  expect(await starts({}, "staging")).toMatchObject({ status: 409, code: "path_no_step" });
  expect(await starts({}, "elsewhere")).toMatchObject({ status: 404 });
  expect(await starts({ repository_id: 1 })).toMatchObject({ status: 404 });
  await world.pullRequest({ state: "closed" });
  expect(await starts()).toMatchObject({ status: 409, code: "pull_request_none" });
});
