/** Tables of a release that was rolled back go when their time is over: where nobody asks for anything, a drift check begins by itself. */
import { randomUUID } from "node:crypto";
import { beforeEach, expect, it, vi } from "vitest";
import { ITSELF } from "../../src/core/policy.ts";
import { beginDue, dueOperations } from "../../src/flows/due.ts";
import { reconcileInspected } from "../../src/flows/reconcile/inspected.ts";
import { EXAMPLE } from "../unit/config/example.ts";
import { putWorld } from "../unit/store/rows.ts";
import { backedUp, built, firstClone, measured, NOT_COMPARED, switched } from "./facts.ts";
import { forbidden, unavailable } from "./github.ts";
import { approved, HEAD, openWorld, REPOSITORY, type World } from "./world.ts";

const production = measured({});
const staging = measured({ widgets: { "1": "new" } });
const answers = {
  release_build: () => ({ facts: built(staging, HEAD) }),
  drift_check: () => ({ facts: { ...NOT_COMPARED, fingerprint: production } }),
  env_promote: () => ({
    error: "HEALTH_FAILED",
    message: "The page / is empty.",
    facts: { ...switched(staging), rolled_back: true },
  }),
};
const HOUR_S = 3600;
const DAY_S = 24 * HOUR_S;

let world: World;
beforeEach(async () => {
  world = await openWorld(EXAMPLE.replace("\npromotion:\n", "\npromotion:\n  keep_failed: 48h\n"));
  await world.pullRequest();
  await world.says("mona", "/refresh");
  await world.runs(firstClone(production));
  await world.says("mona", "/backup");
  await world.runs({ backup_create: () => ({ facts: backedUp(world.now()) }) });
  await approved(world, answers);
  await world.says("mona", "/promote");
});

const failed = vi.fn();
const begun = () => reconcileInspected({ ...world.deps, failed });
const dispatched = async () => (await world.effects("dispatch")).length;

it("begins one drift check of the environment, once, when the time is over", async () => {
  expect(await world.runs(answers)).toMatchObject({ result: "rolled_back" });
  const before = await dispatched();
  world.wait(2 * DAY_S - HOUR_S);
  expect(await begun()).toEqual([]);
  world.wait(2 * HOUR_S);
  const [id] = await begun();
  expect(await world.operation()).toMatchObject({
    id,
    ...{ kind: "drift", requested_by: ITSELF, pull_request: null, state: "requested" },
  });
  expect(await dispatched()).toBe(before + 1);
  expect(await begun()).toEqual([]);

  expect(await world.runs(answers)).toMatchObject({ jobs: ["drift_check"], result: "succeeded" });
  world.wait(30 * DAY_S);
  expect(await begun()).toEqual([]);
  expect(await dispatched()).toBe(before + 1);
});

it("begins none where somebody has looked at the environment since", async () => {
  await world.runs(answers);
  world.wait(2 * DAY_S + HOUR_S);
  await world.says("mona", "/drift");
  await world.runs(answers);
  expect(await begun()).toEqual([]);
});

it("looks at what was asked for before the time was over as too early", async () => {
  await world.runs(answers);
  world.wait(DAY_S);
  await world.says("mona", "/drift");
  await world.runs(answers);
  world.wait(DAY_S + HOUR_S);
  expect(await begun()).toHaveLength(1);
});

it("tries again a day after one that could not look", async () => {
  await world.runs(answers);
  world.wait(2 * DAY_S + HOUR_S);
  expect(await begun()).toHaveLength(1);
  await world.runs({ drift_check: () => ({ error: "SITE_LAYOUT", message: "It is away." }) });
  expect(await begun()).toEqual([]);
  world.wait(DAY_S + HOUR_S);
  expect(await begun()).toHaveLength(1);
});

it("makes another attempt of its own where a host did not answer, whom nobody has given a permission", async () => {
  await world.runs(answers);
  world.wait(2 * DAY_S + HOUR_S);
  const [id = ""] = await begun();
  await world.runs({ drift_check: () => ({ error: "ANSIBLE_HOST_UNREACHABLE", message: "No answer." }) });
  expect(await world.operation()).toMatchObject({ id, state: "waiting", attempt: 1 });
  world.wait(HOUR_S);
  expect(await dueOperations(world.deps)).toEqual([id]);
  expect(await beginDue(world.deps, id)).toBe("begun");
  expect(await world.runs(answers)).toMatchObject({ jobs: ["drift_check"], result: "succeeded" });
  expect(await world.operation()).toMatchObject({ id, attempt: 2, requested_by: ITSELF, state: "succeeded" });
});

it("leaves an environment alone that was never rolled back", async () => {
  const kept = { ...answers, env_promote: () => ({ facts: switched(staging) }) };
  expect(await world.runs(kept)).toMatchObject({ result: "succeeded" });
  world.wait(30 * DAY_S);
  expect(await begun()).toEqual([]);
});

it("begins what is due though GitHub does not let another owner's site be looked at, and tells of that", async () => {
  await world.runs(answers);
  const { store } = world.open;
  const ours = await world.operation();
  /** A site of its own that was rolled back, too. */
  const rolledBack = (id: number) =>
    store.transaction(async (tx) => {
      const { site, source, target } = await putWorld(tx, { ...REPOSITORY, id, installation_id: id });
      const sides = { source_environment_id: source.id, target_environment_id: target.id };
      await tx.addOperation({ ...ours, id: randomUUID(), nonce: randomUUID(), site_id: site.id, ...sides });
    });
  for (const id of [4710, 4712]) await rolledBack(id);
  await world.open.sql("update sites set seq = default where repository_id = 4711");
  const [suspended, down] = [forbidden("This installation has been suspended."), unavailable()];
  world.github.faults.set(4710, suspended).set(4712, down);
  world.wait(2 * DAY_S + HOUR_S);
  await expect(begun()).rejects.toBe(down);
  expect(failed.mock.calls).toEqual([[4710, suspended]]);
  expect(await world.operation()).toMatchObject({ kind: "drift", site_id: ours.site_id });
});

it("holds nobody's work back for longer than one site takes", async () => {
  const other = { ...REPOSITORY, id: 4712, name: "blog" };
  const { store } = world.open;
  await store.transaction((tx) => tx.putSite({ id: randomUUID(), name: "blog", repository: other }));
  const sites: number[] = [];
  const transaction: typeof store.transaction = (work) =>
    store.transaction((tx) => {
      const seen = new Set<string>();
      const environmentsOf: typeof tx.environmentsOf = (site_id) => {
        sites.push(seen.add(site_id).size);
        return tx.environmentsOf(site_id);
      };
      return work({ ...tx, environmentsOf });
    });
  await reconcileInspected({ ...world.deps, failed, store: { transaction } });
  expect(sites).toEqual([1, 1]);
});
