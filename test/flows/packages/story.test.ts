/** A package from its pull request to the runtime and back: validated, staged, approved, merged, activated, rolled back. */
import { afterAll, beforeAll, expect, test } from "vitest";
import { FIRST, openPackagesWorld, type PackagesWorld, V2, V3 } from "./world.ts";

let world: PackagesWorld;
beforeAll(async () => {
  world = await openPackagesWorld();
}, 240_000);
afterAll(() => world?.close());

test("from the pull request to the runtime, and back", async () => {
  const { double } = world;
  const pull = await world.propose();
  await world.until(pull, "belay / packages / validation", "success");
  await world.until(pull, "belay / release", "action_required");
  expect(world.check(pull, "belay / release")?.title).toBe(`Committed, not staged: ${FIRST} ${V3}.`);
  expect(await world.told(pull, "needs a **minor** version")).toContain("### Pointers after activation");

  await world.says("carl", pull, "/stage");
  await world.told(pull, "`/stage` needs write permission");
  await world.stages(pull);
  expect(world.check(pull, "belay / release")?.title).toBe(`Staged: ${FIRST} ${V3}.`);
  await world.says("ann", pull, "/activate");
  await world.told(pull, "`/activate` needs a merged one");
  await double.as("ann").merge(pull, "squash");
  expect(world.pointers()[FIRST]).toBe(V2);

  await world.says("ann", pull, "/activate\n\nCompliance asks for it.");
  await world.told(pull, "Active since commit");
  expect(world.pointers()[FIRST]).toBe(V3);
  const head = double.state.commits.get(double.repository("acme/docs").branches.get("main") ?? "");
  expect(head?.message.split("\n").slice(0, 6)).toEqual([
    `release: Activate ${FIRST} ${V3}`,
    "",
    "Activated by: ann",
    "Reason: Compliance asks for it.",
    `Previous: ${FIRST} ${V2}`,
    `Pull request: #${pull.number}`,
  ]);
  await double.when("the tag", () => double.repository("acme/docs").tags.get(`${FIRST}/v${V3}`));
  const told = await double.when("the runtime is told", () =>
    double.requests.find(({ path }) => path === "/repos/acme/docs/dispatches"),
  );
  expect(told.body).toMatchObject({
    event_type: "packages-activated",
    client_payload: { commit: head?.sha, packages: [{ id: FIRST, from: V2, to: V3 }] },
  });
  await world.titled(pull, "belay / release", `Released: ${FIRST} ${V3}.`);

  await world.says("ann", pull, "/activate");
  await world.told(pull, "the pointers lead there already");
  await world.says("ann", pull, `/rollback ${FIRST}`);
  await double.when("the pointer is back", () => (world.pointers()[FIRST] === V2 ? true : undefined));
  await world.told(pull, "Rollback of packages: done");
  await world.titled(pull, "belay / release", `Superseded: ${FIRST} ${V3}.`);
  expect(double.problems).toEqual([]);
});
