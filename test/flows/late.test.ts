/** Webhooks that come late: what they tell was true once, and stops nothing that began since. */
import { beforeEach, expect, it } from "vitest";
import { pullRequestChanged } from "../../src/flows/pull-request-changed.ts";
import { backedUp, firstClone, measured } from "./facts.ts";
import { openWorld, PULL_REQUEST, REPOSITORY, type World } from "./world.ts";

let world: World;
beforeEach(async () => {
  world = await openWorld();
  await world.pullRequest();
  await world.says("mona", "/refresh");
  await world.runs(firstClone(measured({})));
  await world.says("mona", "/backup");
  await world.runs({ backup_create: () => ({ facts: backedUp(world.now()) }) });
});

/** A webhook as it was sent then; GitHub itself has moved on. */
const arrives = (change: object) =>
  pullRequestChanged(world.deps, { repository: REPOSITORY, pull_request: { ...PULL_REQUEST, ...change } });

const onRecord = () => world.open.store.transaction((tx) => tx.pullRequest(REPOSITORY.id, 7));

it("closed and opened again: the first of the two, delivered again by GitHub, does not stop the plan that began since", async () => {
  world.wait(60);
  const closed_at = world.now();
  world.wait(5);
  await world.pullRequest({ state: "open" });
  world.wait(60);
  expect(await world.says("mona", "/plan")).toBe("started");
  await arrives({ state: "closed", updated_at: closed_at });
  expect(await world.operation()).toMatchObject({ kind: "plan", cancel_reason: null, finished_at: null });
  expect(await onRecord()).toMatchObject({ state: "open" });
});

it("closed, and closed still: it stops, however late the webhook is", async () => {
  expect(await world.says("mona", "/plan")).toBe("started");
  world.wait(60);
  const closed = { ...PULL_REQUEST, state: "closed" as const, updated_at: world.now() };
  world.github.pull_requests.set(7, closed);
  world.wait(3600);
  await arrives(closed);
  expect(await world.operation()).toMatchObject({ kind: "plan", state: "cancelled" });
  expect(await onRecord()).toMatchObject({ state: "closed" });
});
