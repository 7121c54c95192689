/** A store that was put back from a backup believes in what was under way then: it must find out, and begin nothing by itself. */
import { beforeEach, expect, it } from "vitest";
import { dueRecoveries, recoverDue } from "../../src/flows/recover.ts";
import { afterRestore } from "../../src/flows/restored.ts";
import { backedUp, built, firstClone, measured, NOT_COMPARED, RELEASE, switched } from "./facts.ts";
import { approved, HEAD, openWorld, REPOSITORY, type World } from "./world.ts";

const production = measured({});
const staging = measured({ widgets: { "1": "new" } });
const answers = {
  release_build: () => ({ facts: built(staging, HEAD) }),
  drift_check: () => ({ facts: { ...NOT_COMPARED, fingerprint: production } }),
};

let world: World;
beforeEach(async () => {
  world = await openWorld();
  await world.pullRequest();
});

async function putBack(): Promise<readonly string[]> {
  await world.open.queue.restored(world.now());
  return afterRestore(world.deps);
}
const locks = () => world.open.store.transaction((tx) => tx.locks());
const pending = async (kind: string) =>
  (await world.open.sql("select effect ->> 'kind' as kind from effects where state = 'pending'")).filter(
    (row) => row.kind === kind,
  );

it("a promotion that had only begun then may have switched since: a recovery looks, and tells", async () => {
  await world.says("mona", "/refresh");
  await world.runs(firstClone(production));
  await world.says("mona", "/backup");
  await world.runs({ backup_create: () => ({ facts: backedUp(world.now()) }) });
  await approved(world, answers);
  await world.says("mona", "/promote");
  const { id } = await world.operation();
  expect(await putBack()).toEqual([id]);
  expect(await pending("dispatch")).toEqual([]);
  expect(await world.operation()).toMatchObject({ state: "unknown", result_code: "STORE_RESTORED" });
  expect(await locks()).toHaveLength(2);
  expect(await dueRecoveries(world.deps)).toEqual([id]);
  expect(await recoverDue(world.deps, id)).toBe("begun");
  const facts = { found: [], reports: [], settled: true, health: [], healthy: true };
  const active = { release: RELEASE.slice(0, 12), operation_id: id };
  const { promoted, previous_release } = switched(staging);
  const promotion = { promoted, previous_release };
  await world.runs({ recover: () => ({ facts: { ...facts, active, promotion } }) });
  expect(await world.operation()).toMatchObject({ state: "succeeded", release_after: RELEASE.slice(0, 12) });
  expect((await world.operation()).result_message).toContain("The baseline is still the one from before");
  expect(await locks()).toEqual([]);
});

it("what only looked is over, what waited for its turn does not begin, and twice is as once", async () => {
  await world.says("mona", "/drift");
  const { id } = await world.operation();
  await world.says("ann", "/promote");
  const waiting = await world.operation();
  expect(waiting.state).toBe("waiting");
  expect((await putBack()).toSorted()).toEqual([id, waiting.id].toSorted());
  expect(await putBack()).toEqual([]);
  const states = await world.open.store.transaction(async (tx) => [
    (await tx.operation(id))?.state,
    (await tx.operation(waiting.id))?.state,
  ]);
  expect(states).toEqual(["failed", "cancelled"]);
  expect(await locks()).toEqual([]);
});

it("a command that had been seen is not obeyed again, one that nobody saw is; after that all is as ever", async () => {
  const seen = async (id: number, body: string, was_seen: boolean) => {
    const at = world.now();
    const common = { id, number: 7, body, created_at: at, updated_at: at, seen: was_seen };
    world.github.comments.set(id, { ...common, author: "mona", author_type: "User" });
  };
  await seen(901, "/drift", true);
  await seen(902, "/lock Sale", false);
  world.wait(5);
  await putBack();
  expect(await world.says("mona", "/drift", { id: 901 })).toBe("seen_before_restore");
  expect(await world.lastAnswer()).toContain("comment `/drift` again");
  expect(await world.says("mona", "/lock Sale", { id: 902 })).toBe("locked");
  await world.says("mona", "/unlock");
  expect(await world.says("mona", "/drift")).toBe("started");
});

const DAY_S = 24 * 3600;

/** Of each effect that is due, whether GitHub is spared the look for what an earlier try may have left. */
async function applied(): Promise<readonly boolean[]> {
  const untried: boolean[] = [];
  while (
    await world.open.queue.takeEffect(world.now(), async (_row, _known, one) => {
      untried.push(one);
      return { ok: true, external_id: 1, url: null };
    })
  );
  return untried;
}

it("what waits to be told is looked for at GitHub first, and buttons are set aside", async () => {
  await world.says("mona", "/status");
  const told = { kind: "deployment_status", operation_id: "o1", state: "success" } as const;
  const effect = { ...told, description: "Done.", environment_url: "https://acme.example" };
  await world.open.store.transaction((tx) =>
    tx.addEffect({
      ...{ id: world.deps.clock.id(), operation_id: null, repository: REPOSITORY },
      ...{ effect, not_before: world.now() },
    }),
  );
  const click = { id: "c1", event: "check_run.requested_action", payload: {}, received_at: world.now() };
  await world.open.queue.addDelivery(click);
  await putBack();
  expect(await world.open.queue.setAside("1970-01-01T00:00:00Z")).toMatchObject([{ id: "c1" }]);
  const waiting = await applied();
  expect(waiting.length).toBeGreaterThan(3);
  expect(waiting).not.toContain(true);
  // What is new may be the answer to a webhook that was worked on before, which GitHub delivers again for three days.
  world.wait(3 * DAY_S - 60);
  await world.says("mona", "/status");
  expect(await applied()).toEqual([false, false]);
  world.wait(60);
  await world.says("mona", "/status");
  expect(await applied()).toEqual([true, true]);
});
