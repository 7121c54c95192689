/** A pull request of 3,000 files, within what GitHub gives at a time: every one is judged, every finding becomes an annotation. */
import { afterAll, beforeAll, expect, test } from "vitest";
import { sampleFiles } from "../../../script/bench/packages/sample.ts";
import { openPackagesWorld, type PackagesWorld, V3 } from "./world.ts";

const PACKAGES = 620;
const VALIDATION = "belay / packages / validation";
/** Of the last package in the order of names, far beyond what a list of changed files holds. */
const LAST = `document_types/document_0${PACKAGES - 1}/releases/${V3}`;
const files = (versions: number) => Object.fromEntries(sampleFiles({ packages: PACKAGES, versions }));

let world: PackagesWorld;
beforeAll(async () => {
  world = await openPackagesWorld({ settings: "version: 1\n", packages: files(2) });
}, 240_000);
afterAll(() => world?.close());

test("a pull request of more than 3,000 files", async () => {
  const { double } = world;
  const brought = Object.entries(files(3)).filter(([path]) => path.includes(`/releases/${V3}/`));
  expect(brought.length).toBeGreaterThan(3_000);
  const wrong = brought.map(([path, text]): [string, string] => [
    path,
    path.endsWith("package.yaml")
      ? text.replace("creation_mode: llm_generated", "creation_mode: dreamt")
      : text,
  ]);
  const pull = await world.propose([], Object.fromEntries(wrong));
  await world.until(pull, VALIDATION, "failure");
  expect(world.check(pull, VALIDATION)?.title).toBe(`${PACKAGES} errors in ${PACKAGES} releases`);
  const check = () => double.checks(pull.headSha).find(({ name }) => name === VALIDATION);
  await double.when(
    "all annotations",
    () => (check()?.output.annotations.length === PACKAGES ? true : undefined),
    110_000,
  );
  expect(check()?.output.annotations).toContainEqual(
    expect.objectContaining({ path: `${LAST}/package.yaml` }),
  );
  const asked = double.requests.filter(({ path }) => path === "/graphql" || path.includes("/git/blobs/"));
  expect(asked.length).toBeLessThan(100);

  await double.as("ann").push(pull.head, Object.fromEntries(brought));
  await world.until(pull, VALIDATION, "success");
  await world.stages(pull);
  await double.as("ann").merge(pull, "squash");
  await world.says("ann", pull, "/activate");
  await double.when(
    "all pointers",
    () => (Object.values(world.pointers()).every((version) => version === V3) ? true : undefined),
    180_000,
  );
  expect(world.commits("release: Activate")).toHaveLength(1);
  expect(double.problems).toEqual([]);
}, 600_000);
