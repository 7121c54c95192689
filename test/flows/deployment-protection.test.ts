/** The rule on GitHub's environment: only the run that Belay gave the work may have its secrets. */
import { beforeEach, expect, it } from "vitest";
import { outageOf } from "../../src/core/outage.ts";
import { protectionRequested } from "../../src/flows/deployment-protection.ts";
import { recoverDue } from "../../src/flows/recover.ts";
import { runStarted } from "../../src/flows/run-started.ts";
import { backedUp, firstClone, measured, NOT_COMPARED } from "./facts.ts";
import { openWorld, REPOSITORY, type World } from "./world.ts";

let world: World;
beforeEach(async () => {
  world = await openWorld();
  await world.pullRequest();
  await world.says("mona", "/refresh");
  await world.runs(firstClone(measured({})));
});

const URL_OF = (run: number) =>
  `https://api.github.com/repos/acme/shop/actions/runs/${run}/deployment_protection_rule`;

async function asks(
  run: number,
  more: {
    readonly environment?: string;
    readonly deployment_id?: number | null;
    readonly callback_url?: string;
  } = {},
): Promise<string> {
  const asked = { environment: "production", deployment_id: run * 10, callback_url: URL_OF(run), ...more };
  return (await protectionRequested(world.deps, { repository: REPOSITORY, ...asked })).kind;
}

async function dispatched(run_id: number): Promise<string> {
  await world.says("mona", "/plan");
  const { id } = await world.operation();
  await runStarted(world.deps, { operation_id: id, run_id, run_url: null });
  return id;
}

it("lets in the run of an operation that is under way, and no other", async () => {
  const id = await dispatched(77);
  expect(await asks(78)).toBe("rejected");
  expect(await asks(77)).toBe("approved");
  const [no, yes] = await world.effects("protection");
  expect([no, yes]).toMatchObject([
    { run_id: 78, environment: "production", state: "rejected" },
    { run_id: 77, environment: "production", state: "approved" },
  ]);
  expect(yes?.comment).toContain(id);
  const [newest] = await world.open.store.transaction((tx) => tx.audit({}, { limit: 1 }));
  expect(newest).toMatchObject({ action: "protection.approved", subject: "run:77" });
});

it("does not let that run into another environment, nor when the work is over or is to stop", async () => {
  await dispatched(77);
  expect(await asks(77, { environment: "staging", deployment_id: 1 })).toBe("rejected");
  await world.says("mona", "/cancel");
  expect(await asks(77)).toBe("rejected");
});

it("waits with its answer until GitHub has said which run was dispatched", async () => {
  await world.says("mona", "/plan");
  const refusal: unknown = await asks(77).catch((error: unknown) => error);
  expect(refusal).toMatchObject({ message: expect.stringContaining("which run it started") });
  // Never set aside, however long GitHub takes: a rule that nobody answers blocks for 30 days.
  expect(outageOf(refusal)).not.toBeNull();
  expect(await world.effects("protection")).toEqual([]);
  await expect(asks(77, { environment: "staging" })).resolves.toBe("rejected");
});

it("does not wait for a promotion that has not had its turn", async () => {
  await dispatched(77);
  expect(await world.says("ann", "/promote")).toBe("queued");
  expect(await asks(78)).toBe("rejected");
});

it("lets in the run of a recovery, once GitHub has named it, and no longer the run that was lost", async () => {
  await world.says("mona", "/refresh");
  const same = measured({});
  await world.runs({
    drift_check: () => ({ facts: { ...NOT_COMPARED, fingerprint: same } }),
    backup_create: () => ({ facts: backedUp(world.now()) }),
    env_refresh: () => ({ error: "ANSIBLE_TIMEOUT", message: "The playbook did not end." }),
  });
  const { id, state, run_id } = await world.operation();
  expect(state).toBe("unknown");
  expect(await asks(run_id ?? 0)).toBe("rejected");
  world.wait(61);
  expect(await recoverDue(world.deps, id)).toBe("begun");
  await expect(asks(91)).rejects.toThrow("which run it started");
  await runStarted(world.deps, { operation_id: id, run_id: 91, run_url: null });
  expect(await asks(91)).toBe("approved");
  expect(await asks(run_id ?? 0, { deployment_id: 6 })).toBe("rejected");
  expect(await asks(91, { environment: "staging", deployment_id: 7 })).toBe("rejected");
});

it("answers one waiting deployment once, and every other one, too", async () => {
  await dispatched(77);
  expect(await asks(77)).toBe("approved");
  expect(await asks(77)).toBe("ignored");
  expect(await asks(77, { deployment_id: 5 })).toBe("approved");
  expect((await world.effects("protection")).length).toBe(2);
});

it("answers each job of a run, also where GitHub names no deployment", async () => {
  await dispatched(77);
  expect(await asks(77, { deployment_id: null })).toBe("approved");
  expect(await asks(77, { deployment_id: null })).toBe("approved");
});

it.each([
  "https://evil.example/actions/runs/77/deployment_protection_rule?x=1",
  "https://api.github.com/repos/acme/shop/actions/runs/../../x/deployment_protection_rule",
  "",
])("reads nothing but a number from %j", async (callback_url) => {
  await dispatched(77);
  expect(await asks(77, { callback_url })).toBe("ignored");
});

it("rejects where Belay knows nothing of the repository", async () => {
  const strange = { ...REPOSITORY, id: 1 };
  const asked = { environment: "production", deployment_id: 1, callback_url: URL_OF(77) };
  expect(await protectionRequested(world.deps, { repository: strange, ...asked })).toMatchObject({
    kind: "rejected",
  });
});
