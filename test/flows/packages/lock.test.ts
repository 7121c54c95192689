/** `/lock` on packages: one person keeps the pointers; nobody else's command moves them until the lock is freed. */
import { afterAll, beforeAll, expect, test } from "vitest";
import { FIRST, openPackagesWorld, type PackagesWorld, V2, V3 } from "./world.ts";

let world: PackagesWorld;
beforeAll(async () => {
  world = await openPackagesWorld({ settings: "version: 1\n" });
}, 240_000);
afterAll(() => world?.close());

test("a locked pointer is moved by its keeper alone, and by everybody once it is freed", async () => {
  const { double } = world;
  const pull = await world.propose([FIRST]);
  await world.stages(pull);
  await double.as("ann").merge(pull, "squash");
  await world.says("carl", pull, "/lock mine");
  await world.told(pull, "`/lock` needs");
  await world.says("bea", pull, "/lock the auditors look at it");
  await world.told(pull, "packages is locked: the auditors look at it");
  await world.says("ann", pull, "/lock me too");
  await world.told(pull, "Nothing was locked: `bea` has locked packages already");

  await world.says("ann", pull, "/activate");
  await world.told(pull, "Nothing was started: `bea` keeps packages locked");
  expect(world.pointers()[FIRST]).toBe(V2);
  await world.says("bea", pull, "/activate");
  await double.when("the pointer", () => (world.pointers()[FIRST] === V3 ? true : undefined), 110_000);
  await world.told(pull, "Activation of packages: done");

  await world.says("ann", pull, `/rollback ${FIRST}`);
  const kept = () => double.comments(pull).filter(({ body }) => body.includes("Nothing was started"));
  await double.when("the second answer", () => (kept().length === 2 ? true : undefined), 110_000);
  expect(world.pointers()[FIRST]).toBe(V3);
  await world.says("ann", pull, "/unlock");
  await world.told(pull, "packages is not locked by `bea` any more");
  await world.says("ann", pull, `/rollback ${FIRST}`);
  await double.when("the way back", () => (world.pointers()[FIRST] === V2 ? true : undefined), 110_000);
  expect(double.problems).toEqual([]);
}, 240_000);
