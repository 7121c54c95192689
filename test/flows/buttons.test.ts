/** Buttons of checks: the commands of their names, for the same people, at the commit that the check belongs to. */
import { beforeEach, expect, it } from "vitest";
import { buttonClicked, type ClickInput } from "../../src/flows/button-clicked.ts";
import { HEAD, openWorld, REPOSITORY, type World } from "./world.ts";

let world: World;
beforeEach(async () => {
  world = await openWorld();
  await world.pullRequest();
});

async function click(login: string, button: string, more: Partial<ClickInput["check_run"]> = {}) {
  const check_run = {
    id: 5,
    head_sha: HEAD,
    external_id: "belay:production:drift",
    completed_at: world.now(),
    ...more,
  };
  const asked = { repository: REPOSITORY, check_run, button, login, is_person: login !== "robot" };
  const outcome = await buttonClicked(world.deps, asked);
  return outcome.kind === "answered" ? outcome.answer.code : outcome.kind;
}

it("completed checks of drift and promotion show them, others and green ones do not", async () => {
  const buttons = (await world.effects("check")).map(({ name, actions = [] }) => [
    name.split(" / ").at(-1),
    actions.map(({ identifier }) => identifier),
  ]);
  expect(Object.fromEntries(buttons)).toMatchObject({ drift: ["drift"], promotion: ["promote"], backup: [] });
  for (const { actions = [] } of await world.effects("check")) {
    for (const { label, description } of actions) {
      expect(label.length).toBeLessThanOrEqual(20);
      expect(description.length).toBeLessThanOrEqual(40);
    }
  }
});

it("a click begins the command once, however often it is told; cancel ends it", async () => {
  const completed_at = world.now();
  expect(await click("mona", "drift", { completed_at })).toBe("started");
  expect(await click("mona", "drift", { completed_at })).toBe("ignored");
  expect(await world.operation()).toMatchObject({ kind: "drift", requested_by: "mona", pull_request: 7 });
  expect(await click("visitor", "cancel")).toBe("permission_missing");
  world.wait(1);
  expect(await click("mona", "cancel")).toBe("cancelled");
});

it("attack: people without the right, bots, other commits, other targets and unknown buttons begin nothing", async () => {
  expect(await click("visitor", "promote")).toBe("permission_missing");
  expect(await world.lastAnswer()).toContain("needs write permission");
  expect(await click("robot", "promote")).toBe("ignored");
  expect(await click("mona", "promote", { head_sha: "9".repeat(40) })).toBe("ignored");
  expect(await click("mona", "promote", { external_id: "belay:staging:promotion" })).toBe("ignored");
  expect(await click("mona", "rollback")).toBe("ignored");
  expect(await world.effects("dispatch")).toEqual([]);
});

it("who may not press a button does not use it up for who may", async () => {
  const completed_at = world.now();
  expect(await click("visitor", "drift", { completed_at })).toBe("permission_missing");
  expect(await click("mona", "drift", { completed_at })).toBe("started");
  expect(await click("Mona", "drift", { completed_at })).toBe("ignored");
  expect(await click("visitor", "drift", { completed_at })).toBe("ignored");
  expect(await world.lastAnswer()).toContain("does nothing more for you");
});
