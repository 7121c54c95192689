/** What may happen around the one commit that moves pointers: others move the branch, answers are lost, things come twice. */
import { afterAll, beforeAll, expect, test } from "vitest";
import { packageId } from "../../../script/bench/packages/sample.ts";
import type { PullRequest } from "../../double/github/state.ts";
import { FIRST, openPackagesWorld, type PackagesWorld, POINTERS, V1, V2, V3 } from "./world.ts";

const [SECOND, THIRD] = [packageId(1), packageId(2)] as const;
const PATIENT = 110_000;
const UPDATE = "PATCH */git/refs/heads/main";

let world: PackagesWorld;
beforeAll(async () => {
  world = await openPackagesWorld({ settings: "version: 1\n" });
}, 240_000);
afterAll(() => world?.close());

/** Staged, approved and merged. */
async function merged(ids: readonly string[]): Promise<PullRequest> {
  const pull = await world.propose(ids);
  await world.stages(pull);
  await world.double.as("ann").merge(pull, "squash");
  return pull;
}

test("a commit whose answer was lost is found again, although somebody pushed on top of it", async () => {
  const pull = await merged([FIRST]);
  world.double.faults.plan(UPDATE, "lost-answer");
  await world.says("ann", pull, "/activate");
  await world.double.when("the pointer", () => (world.pointers()[FIRST] === V3 ? true : undefined));
  await world.double.as("ann").push("main", { "README.md": "On top.\n" });
  await world.told(pull, "Active since commit");
  expect(world.commits("release: Activate")).toEqual([`release: Activate ${FIRST} ${V3}`]);
});

/** `/activate`, whose first attempt GitHub does not take; in between somebody pushes. */
async function interrupted(pull: PullRequest, push: () => Promise<unknown>): Promise<void> {
  const { double } = world;
  const failed = () =>
    double.requests.filter(({ path, status }) => path.endsWith("git/refs/heads/main") && status === 503);
  const before = failed().length;
  double.faults.plan(UPDATE, 503);
  await world.says("ann", pull, "/activate");
  await double.when("the first attempt", () => (failed().length > before ? true : undefined), PATIENT);
  await push();
}

test("what others changed meanwhile is judged anew and kept", async () => {
  const pull = await merged([SECOND]);
  const text = JSON.stringify({ $note: "kept", ...world.pointers(), [THIRD]: V1 }, null, 4);
  await interrupted(pull, () => world.double.as("bea").push("main", { [POINTERS]: text }));
  const moved = () => (world.pointers()[SECOND] === V3 ? true : undefined);
  await world.double.when("the pointer", moved, PATIENT);
  expect(world.pointers()).toEqual({ $note: "kept", [FIRST]: V3, [SECOND]: V3, [THIRD]: V1 });
  expect(world.commits("release: Activate")).toHaveLength(2);
});

test("what does not pass any more on the branch as it is then moves nothing", async () => {
  const pull = await merged([THIRD]);
  const file = `document_types/${THIRD}/releases/${V3}/package.yaml`;
  await interrupted(pull, () => world.double.as("bea").push("main", { [file]: "x: 1\n" }));
  await world.told(pull, "judged anew it does not pass");
  expect(world.pointers()[THIRD]).toBe(V1);
});

test("several packages go back in one commit, and only to what was active", async () => {
  const { double } = world;
  const pull = double.state.pulls[0];
  if (pull === undefined) throw new Error("there is no pull request");
  await world.says("ann", pull, `/rollback ${FIRST} 9.9.9`);
  await world.told(pull, "is not in the branch");
  await world.says("ann", pull, `/rollback nothing`);
  await world.told(pull, "no pointer file names");
  await world.says("ann", pull, `/rollback ${FIRST}@${V2} ${SECOND}@${V2}`);
  await double.when("both pointers", () =>
    world.pointers()[FIRST] === V2 && world.pointers()[SECOND] === V2 ? true : undefined,
  );
  expect(world.commits("rollback:")).toEqual([`rollback: Revert ${FIRST} to ${V2}, ${SECOND} to ${V2}`]);
  await world.says("ann", pull, `/activate`);
  await double.when("active again", () => (world.pointers()[FIRST] === V3 ? true : undefined));
  expect(double.problems).toEqual([]);
});
