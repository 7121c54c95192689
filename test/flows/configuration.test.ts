/** A pull request that edits the configuration is told what is wrong with it, and what it would change; it changes nothing. */
import { beforeEach, expect, it } from "vitest";
import { configurationProposed } from "../../src/flows/configuration-proposed.ts";
import { EXAMPLE } from "../unit/config/example.ts";
import { openWorld, PULL_REQUEST, REPOSITORY, type World } from "./world.ts";

const PATH = ".github/belay.yml";
const head_sha = "7".repeat(40);

let world: World;
beforeEach(async () => {
  world = await openWorld();
  world.github.changed.set(31, ["README.md", PATH]);
});

async function proposes(text: string | null) {
  if (text !== null) world.github.proposed.set(head_sha, text);
  const pull_request = { ...PULL_REQUEST, number: 31, head_ref: "configure", base_ref: "main", head_sha };
  expect(await configurationProposed(world.deps, { repository: REPOSITORY, pull_request })).toBe(true);
  await configurationProposed(world.deps, { repository: REPOSITORY, pull_request });
  const checks = await world.effects("check");
  expect(checks).toHaveLength(1);
  expect(checks[0]?.name).toBe("belay / configuration");
  return checks[0];
}

it("errors are annotations at their lines", async () => {
  const check = await proposes(`${EXAMPLE}\nnonsense: true\n`);
  expect(check).toMatchObject({ conclusion: "failure", title: "It has 1 error" });
  expect(check?.annotations).toHaveLength(1);
  expect(check?.annotations?.[0]).toMatchObject({ path: PATH, annotation_level: "failure" });
});

it("what it would change is said key by key", async () => {
  const check = await proposes(EXAMPLE.replace("max_age: 90s", "max_age: 80s"));
  expect(check).toMatchObject({ conclusion: "success" });
  expect(check?.summary).toContain("`promotion` is another");
  expect(check?.summary).not.toContain("environment");
});

it("its removal is a failure, and a pull request without it is left alone", async () => {
  expect(await proposes(null)).toMatchObject({ conclusion: "failure" });
  const pull_request = { ...PULL_REQUEST, number: 32 };
  expect(await configurationProposed(world.deps, { repository: REPOSITORY, pull_request })).toBe(false);
});
