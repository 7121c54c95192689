/** One environment, several pull requests: the lock, the queue for it, and people who keep it for themselves. */
import { beforeEach, describe, expect, it } from "vitest";
import { beginDue, dueOperations } from "../../src/flows/due.ts";
import type { OperationRow } from "../../src/ports/operations.ts";
import { built, firstClone, measured, NOT_COMPARED, switched } from "./facts.ts";
import { approved, HEAD, openWorld, type World } from "./world.ts";

const production = measured({});
const staging = measured({ widgets: { "1": "new" } });
const OTHER = "3".repeat(40);

let world: World;
beforeEach(async () => {
  world = await openWorld();
  await world.pullRequest();
});

const answers = {
  release_build: () => ({ facts: built(staging, HEAD) }),
  drift_check: () => ({ facts: { ...NOT_COMPARED, fingerprint: production } }),
};

/** A source with a baseline and a target with a backup, so that promotions may begin. */
async function ready(): Promise<void> {
  const { backedUp } = await import("./facts.ts");
  await world.says("mona", "/refresh");
  await world.runs(firstClone(production));
  await world.says("mona", "/backup");
  await world.runs({ backup_create: () => ({ facts: backedUp(world.now()) }) });
}

const inOther = (login: string, body: string) => world.says(login, body, { pull: 8 });
const takeTurns = async () => {
  const outcomes: string[] = [];
  for (const id of await dueOperations(world.deps)) outcomes.push(await beginDue(world.deps, id));
  return outcomes;
};
const all = (): Promise<readonly OperationRow[]> =>
  world.open.store.transaction((tx) => tx.operations({}, { limit: 50 }));
const dispatches = async () => (await world.effects("dispatch")).length;

describe("a second promotion", () => {
  beforeEach(async () => {
    await ready();
    await world.pullRequest({ number: 8, head_sha: OTHER });
    await world.says("mona", "/drift");
  });

  it("waits with its place, begins by itself when the environment is free, and is judged anew", async () => {
    const before = await dispatches();
    expect(await inOther("ann", "/promote")).toBe("queued");
    expect(await world.operation()).toMatchObject({ state: "waiting", pull_request: 8 });
    expect(await world.comment()).toContain("number 1 in the queue");
    expect(await world.comment()).toContain("held by `/drift` of pull request 7");
    expect(await takeTurns()).toEqual(["waits"]);

    await world.runs({ drift_check: answers.drift_check });
    expect(await takeTurns()).toEqual(["begun"]);
    expect(await world.operation()).toMatchObject({ state: "requested", queued_at: null });
    expect(await dispatches()).toBe(before + 1);
    expect(await takeTurns()).toEqual([]);
  });

  it("of one pull request is not asked for twice, and `/cancel` takes it out of the queue", async () => {
    expect(await inOther("ann", "/promote")).toBe("queued");
    expect(await inOther("ann", "/promote")).toBe("environment_locked");
    expect(await world.lastAnswer()).toContain("waits in the queue already");
    expect(await inOther("ann", "/cancel")).toBe("cancelled");
    expect((await all()).filter(({ state }) => state === "waiting")).toEqual([]);
    await world.runs({ drift_check: answers.drift_check });
    expect(await takeTurns()).toEqual([]);
  });

  it("of one pull request does not pass those who came before it, where only a lock of its own person is in the way", async () => {
    await world.runs({ drift_check: answers.drift_check });
    expect(await world.says("mona", "/lock")).toBe("locked");
    expect(await inOther("ann", "/promote")).toBe("queued");
    const before = await dispatches();
    expect(await inOther("mona", "/promote")).toBe("environment_locked");
    expect(await dispatches()).toBe(before);
    expect((await all()).filter(({ state }) => state === "waiting")).toHaveLength(1);
  });

  it("whose environment was left failed meanwhile is told so where it was told that it waits", async () => {
    await world.runs({ drift_check: answers.drift_check });
    await approved(world, answers);
    expect(await world.says("mona", "/promote")).toBe("started");
    expect(await inOther("ann", "/promote")).toBe("queued");
    const stuck = { ...switched(staging), rolled_back: false };
    const broken = () => ({ error: "HEALTH_FAILED", message: "Empty page.", facts: stuck });
    expect((await world.runs({ ...answers, env_promote: broken })).result).toBe("failed");
    expect(await takeTurns()).toEqual(["ended"]);
    expect(await world.operation()).toMatchObject({ state: "blocked", result_code: "environment_failed" });
    expect(await world.comment()).toContain("failed state");
    const shown = (await world.effects("check")).filter(({ head_sha, external_id }) => {
      return head_sha === OTHER && external_id.endsWith(":promotion");
    });
    expect(shown.at(-1)).toMatchObject({ status: "completed", conclusion: "failure" });
  });

  it("whose person lost the right meanwhile does not begin, nor one whose head moved", async () => {
    expect(await inOther("ann", "/promote")).toBe("queued");
    await world.runs({ drift_check: answers.drift_check });
    world.github.permissions.set("ann", "read");
    expect(await takeTurns()).toEqual(["ended"]);
    expect(await world.operation()).toMatchObject({ state: "blocked", result_code: "permission_missing" });

    world.github.permissions.set("ann", "write");
    await world.says("mona", "/drift");
    expect(await inOther("ann", "/promote")).toBe("queued");
    const pull = world.github.pull_requests.get(8);
    if (pull !== undefined) world.github.pull_requests.set(8, { ...pull, head_sha: "4".repeat(40) });
    await world.runs({ drift_check: answers.drift_check });
    expect(await takeTurns()).toEqual(["ended"]);
    expect(await world.operation()).toMatchObject({ state: "cancelled" });
  });

  it("waits behind one that came before it, also where the environment is free by chance", async () => {
    await world.pullRequest({ number: 9, head_sha: "5".repeat(40) });
    expect(await inOther("ann", "/promote")).toBe("queued");
    await world.runs({ drift_check: answers.drift_check });
    expect(await world.says("mona", "/promote", { pull: 9 })).toBe("queued");
    expect(await world.comment()).toContain("number 2 in the queue");
    expect(await takeTurns()).toEqual(["begun", "waits"]);
    expect(await world.comment()).toContain("number 1 in the queue");
  });
});

describe("/lock and /unlock", () => {
  it("keep an environment for one person: others are told why, their promotions wait", async () => {
    expect(await world.says("mona", "/lock checking the @shop first")).toBe("locked");
    expect(await world.says("ann", "/drift")).toBe("environment_locked");
    expect(await world.lastAnswer()).toContain("checking");
    expect(await world.lastAnswer()).not.toContain("@shop");
    expect(await world.says("ann", "/lock")).toBe("environment_locked");
    expect(await world.says("mona", "/drift")).toBe("started");
    expect(await world.says("visitor", "/unlock")).toBe("permission_missing");
    expect(await world.says("ann", "/unlock")).toBe("environment_busy");
    expect(await world.lastAnswer()).toContain("not locked by");
    await world.runs({ drift_check: answers.drift_check });
    expect(await world.says("ann", "/drift")).toBe("started");
  });

  it("what runs already goes on, and nothing is unlocked where nothing is locked", async () => {
    expect(await world.says("ann", "/unlock")).toBe("unlock_nothing");
    await world.says("ann", "/drift");
    expect(await world.says("mona", "/lock")).toBe("locked");
    const run = await world.runs({ drift_check: answers.drift_check });
    expect(run.result).toBe("succeeded");
  });
});
