/** Bots and packages: an App gives the commands that the owner's policy names it for, and no other. */
import { afterAll, beforeAll, expect, test } from "vitest";
import { FIRST, openPackagesWorld, type PackagesWorld } from "./world.ts";

const policy = "version: 1\nenvironments:\n  packages:\n    stage: {bots: [release-train]}\n";

let world: PackagesWorld;
beforeAll(async () => {
  world = await openPackagesWorld({ settings: "version: 1\n", policy });
}, 240_000);
afterAll(() => world?.close());

test("an App stages where the policy names it, and is refused what it is not named for; others are not heard", async () => {
  const { double } = world;
  for (const name of ["Release Train", "Helper"]) double.addApp(name);
  const pull = await world.propose([FIRST]);
  await world.until(pull, "belay / release", "action_required");
  const answers = () => double.comments(pull).filter(({ body }) => body.includes("belay:answer=comment:"));
  await world.says("helper[bot]", pull, "/stage");
  await world.says("release-train[bot]", pull, "/approve");
  await world.told(pull, "An approval is a person's");
  expect(answers()).toHaveLength(1);
  await world.says("release-train[bot]", pull, "/stage");
  await world.until(pull, "belay / release", "success");
});
