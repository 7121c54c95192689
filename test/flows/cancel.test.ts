/** `/cancel` and its request of the API: what has not begun to change anything stops at a safe point. */
import { beforeEach, expect, it } from "vitest";
import { apiCancel } from "../../src/flows/api-cancel.ts";
import { runEnded } from "../../src/flows/run-lost.ts";
import { backedUp, built, firstClone, measured, NOT_COMPARED, switched } from "./facts.ts";
import { approved, HEAD, openWorld, REPOSITORY, type World } from "./world.ts";

const production = measured({});
const staging = measured({ widgets: { "1": "new" } });

let world: World;
beforeEach(async () => {
  world = await openWorld();
  await world.pullRequest();
  await world.says("mona", "/refresh");
  await world.runs(firstClone(production));
});

const firstJob = async () => (await world.effects("dispatch")).at(-1)?.inputs.job ?? "";
const locks = () => world.open.store.transaction((tx) => tx.locks());
const cancel = (job_id: string, actor = "ann") => apiCancel(world.deps, { job_id, actor, once: null });

it("stops at once what no runner has begun, and frees the environments", async () => {
  await world.says("mona", "/plan");
  expect(await world.says("ann", "/cancel")).toBe("cancelled");
  expect(await world.operation()).toMatchObject({ state: "cancelled", result_code: "cancelled" });
  expect(await world.comment()).toContain("`ann` asked for it.");
  expect(await locks()).toEqual([]);
  expect(await world.claim(await firstJob())).toMatchObject({ kind: "refused", code: "job_over" });
  const [newest, before] = await world.open.store.transaction((tx) => tx.audit({}, { limit: 2 }));
  expect([before, newest]).toMatchObject([
    { action: "plan.cancel_asked", actor: "github:ann" },
    { action: "plan.cancelled", actor: "github:ann" },
  ]);
});

it("lets the job that is at work end, and begins no other", async () => {
  await world.says("mona", "/plan");
  const job = await firstJob();
  await world.claim(job);
  expect(await world.says("ann", "/cancel")).toBe("cancel_asked");
  expect(await world.tells(job, [])).toEqual({ kind: "noted", cancel: true });
  expect(await world.says("ann", "/cancel")).toBe("cancel_asked");
  expect(await world.operation()).toMatchObject({ state: "checking" });

  const reported = await world.report(job, "release_build", { facts: built(staging, HEAD) });
  expect(reported).toMatchObject({ answer: { next_job_id: null, result: "cancelled" } });
  expect(await world.operation()).toMatchObject({ state: "cancelled" });
  expect(await locks()).toEqual([]);
});

async function atTheSwitch(): Promise<string> {
  await world.says("mona", "/backup");
  await world.runs({ backup_create: () => ({ facts: backedUp(world.now()) }) });
  await approved(world, looks);
  await world.says("mona", "/promote");
  let job = await firstJob();
  for (const type of ["release_build", "drift_check"] as const) {
    await world.claim(job);
    const reported = await world.report(job, type, looks[type]());
    job = (reported.kind === "answered" ? reported.answer.next_job_id : null) ?? "";
  }
  expect(await world.claim(job)).toMatchObject({ kind: "claimed", claim: { job_type: "env_promote" } });
  return job;
}

const looks = {
  release_build: () => ({ facts: built(staging, HEAD) }),
  drift_check: () => ({ facts: { ...NOT_COMPARED, fingerprint: production } }),
};

const SWITCHED = { event: "step_finished", step: "Switch to the release", status: "ok", seconds: 1 } as const;

it("does not stop a promotion that has switched", async () => {
  const job = await atTheSwitch();
  await world.tells(job, [{ ...SWITCHED, at: world.now() }]);
  expect(await world.says("ann", "/cancel")).toBe("cancel_too_late");
  expect(await world.lastAnswer()).toContain("`/rollback` takes a promotion back");
  expect(await cancel(job)).toMatchObject({ status: 409, code: "cancel_too_late" });
  expect(await world.tells(job, [])).toMatchObject({ cancel: false });
  await world.report(job, "env_promote", { facts: switched(staging) });
  expect((await world.operation()).cancel_reason).toBeNull();
  expect((await world.operation()).state).toBe("succeeded");
});

it("stops a promotion at work before its switch, if the runner hears of it in time", async () => {
  const job = await atTheSwitch();
  expect(await world.says("ann", "/cancel")).toBe("cancel_asked");
  expect(await world.tells(job, [])).toMatchObject({ cancel: true });
  await world.report(job, "env_promote", { error: "JOB_CANCELLED", message: "Stopped.", cancelled: true });
  expect(await world.operation()).toMatchObject({ state: "cancelled" });
  expect(await locks()).toEqual([]);
});

it("and tells the truth where it came to the switch first", async () => {
  const job = await atTheSwitch();
  expect(await world.says("ann", "/cancel")).toBe("cancel_asked");
  await world.tells(job, [{ ...SWITCHED, at: world.now() }]);
  await world.report(job, "env_promote", { facts: switched(staging) });
  expect((await world.operation()).state).toBe("succeeded");
});

it("leaves alone what nobody knows the end of", async () => {
  await atTheSwitch();
  const { run_id } = await world.operation();
  await runEnded(world.deps, { repository_id: REPOSITORY.id, run_id: run_id ?? 0 });
  expect((await world.operation()).state).toBe("unknown");
  expect(await world.says("ann", "/cancel")).toBe("cancel_unknown");
  expect((await locks()).length).toBe(2);
});

it("is for people with the permission, by comment and by the API", async () => {
  await world.says("mona", "/plan");
  expect(await world.says("visitor", "/cancel")).toBe("permission_missing");
  expect(await cancel(await firstJob(), "visitor")).toMatchObject({
    status: 403,
    code: "permission_missing",
  });
  expect((await world.operation()).state).toBe("requested");
});

it("by the API names a job that waits or runs, and may be repeated", async () => {
  await world.says("mona", "/plan");
  const job = await firstJob();
  await world.claim(job);
  const accepted = await cancel(job);
  expect(accepted).toMatchObject({ kind: "accepted", job_id: job });
  expect(await cancel(job)).toEqual(accepted);
  await world.report(job, "release_build", looks.release_build());
  expect(await cancel(job)).toMatchObject({ status: 409, code: "job_over" });
  const nothing = "00000000-0000-4000-8000-0000000fffff";
  expect(await cancel(nothing)).toMatchObject({ status: 404 });
});
