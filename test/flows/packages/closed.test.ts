/** A pull request of packages that is closed without a merge, opened again, or only the place where something else is moved. */
import { afterAll, beforeAll, expect, test } from "vitest";
import { packageId } from "../../../script/bench/packages/sample.ts";
import { FIRST, openPackagesWorld, type PackagesWorld, V1, V3 } from "./world.ts";

const SECOND = packageId(1);
const RELEASE = "belay / release";

let world: PackagesWorld;
beforeAll(async () => {
  world = await openPackagesWorld({ settings: "version: 1\n" });
}, 240_000);
afterAll(() => world?.close());

test("closed without a merge it says so, and what brings it back", async () => {
  const { double } = world;
  const pull = await world.propose([FIRST]);
  await world.stages(pull);
  await double.as("ann").closePullRequest(pull);
  await world.titled(pull, RELEASE, `Closed without a merge: ${FIRST} ${V3}.`);
  expect(world.check(pull, RELEASE)?.conclusion).toBe("action_required");
  expect(await world.told(pull, "### Packages: Closed without a merge")).toContain(
    "Next: Reopen the pull request",
  );
  await world.says("ann", pull, "/stage");
  await world.told(pull, "the pull request is closed");
  await world.says("ann", pull, "/status");
  const closed = () => double.comments(pull).filter(({ body }) => body.includes("Closed without a merge"));
  await double.when("the answer to /status", () => (closed().length === 2 ? true : undefined), 110_000);

  await double.as("ann").reopenPullRequest(pull);
  await world.titled(pull, RELEASE, `Committed, not staged: ${FIRST} ${V3}.`);
  await world.told(pull, "Next: Comment `/stage`.");
}, 240_000);

test("a rollback that was asked for on an open pull request leaves what is said of its own packages", async () => {
  const { double } = world;
  const pull = await world.propose([SECOND]);
  await world.titled(pull, RELEASE, `Committed, not staged: ${SECOND} ${V3}.`);
  await world.says("ann", pull, `/rollback ${FIRST} ${V1}`);
  await world.told(pull, "Rollback of packages: done");
  // What is said later is written later.
  await world.says("ann", pull, "/plan");
  await world.told(pull, "### Plan for the packages");
  await double.idle();
  expect(world.pointers()[FIRST]).toBe(V1);
  expect(world.check(pull, RELEASE)?.title).toBe(`Committed, not staged: ${SECOND} ${V3}.`);
  expect(double.problems).toEqual([]);
}, 240_000);
