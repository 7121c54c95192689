/** The commit that moves pointers where it is not simple: a protected branch, several roots and forms of pointer files, approvals of a way back. */
import { afterAll, beforeAll, expect, test } from "vitest";
import { sampleFiles } from "../../../script/bench/packages/sample.ts";
import type { PullRequest } from "../../double/github/state.ts";
import { FIRST, openPackagesWorld, type PackagesWorld, V2, V3 } from "./world.ts";

const SETTINGS = `version: 1
roots: ["config/one", two]
sync: {workflow: runtime.yml}
`;
const RUNTIME = `name: runtime
on:
  workflow_dispatch:
    inputs:
      operation: {required: true, type: string}
      commit: {required: true, type: string}
jobs:
  sync:
    runs-on: ubuntu-latest
    steps: [{run: "true"}]
`;
const POLICY = `version: 1
environments: {packages: {rollback: {approvals: {count: 1}}}}
`;
const samples = (versions: number): Record<string, string> => ({
  ...Object.fromEntries(sampleFiles({ packages: 2, versions, root: "config/one", grouped: true })),
  ...Object.fromEntries(sampleFiles({ packages: 2, versions, root: "two" })),
});
const [ONE, TWO] = ["config/one/_active/active_releases.json", "two/_active/active_releases.json"] as const;

let world: PackagesWorld;
let pull: PullRequest;
beforeAll(async () => {
  world = await openPackagesWorld({
    settings: SETTINGS,
    policy: POLICY,
    packages: samples(2),
    runner: { project: process.cwd(), node: process.execPath, belay: "belay-bot/belay" },
    files: { ".github/workflows/runtime.yml": RUNTIME },
  });
  const brought = Object.entries(samples(3)).filter(([path]) => path.includes(`/${FIRST}/releases/${V3}/`));
  expect(brought).toHaveLength(10);
  pull = await world.propose([], Object.fromEntries(brought));
  await world.stages(pull);
  await world.double.as("ann").merge(pull, "squash");
}, 240_000);
afterAll(() => world?.close());

const one = () => JSON.parse(world.file(ONE) ?? "");
const two = () => JSON.parse(world.file(TWO) ?? "");

test("a branch that the App may not commit to: it is said who can help, and then it goes", async () => {
  const rules = world.double.repository("acme/docs").rules;
  rules.set("main", [{ type: "update" }]);
  await world.says("ann", pull, "/activate");
  const said = await world.told(pull, "Activation of packages: failed");
  expect(said).toContain("No pointer was moved. The branch is protected");
  expect(said).toContain("add the App to those who may bypass its rules");
  expect(world.commits("release:")).toEqual([]);
  rules.delete("main");
});

test("pointers of several roots, grouped and flat, are moved by one commit; the rest of the files stays", async () => {
  const before = { one: world.file(ONE) ?? "", two: world.file(TWO) ?? "" };
  await world.says("ann", pull, "/activate");
  await world.told(pull, "Active since commit");
  expect(world.commits("release:")).toEqual([
    `release: Activate config/one:${FIRST} ${V3}, two:${FIRST} ${V3}`,
  ]);
  expect(world.file(ONE)).toBe(before.one.replace(`"${FIRST}": "${V2}"`, `"${FIRST}": "${V3}"`));
  expect(world.file(TWO)).toBe(before.two.replace(`"${FIRST}": "${V2}"`, `"${FIRST}": "${V3}"`));
  expect([one().document_types[FIRST], two()[FIRST]]).toEqual([V3, V3]);
});

test("a workflow of the runtime is started with what to look at", async () => {
  const told = await world.double.when("the workflow", () =>
    world.double.requests.find(
      ({ method, path }) => method === "POST" && path.endsWith("/runtime.yml/dispatches"),
    ),
  );
  const commit = world.double.repository("acme/docs").branches.get("main");
  expect(told.body).toMatchObject({
    ref: expect.stringMatching(/^(refs\/heads\/)?main$/),
    inputs: { commit, operation: expect.stringMatching(/^[0-9a-f-]{36}$/) },
  });
  expect(world.double.state.runs).toHaveLength(1);
});

test("a way back waits for an approval where the policy wants one, of the package that is named in full", async () => {
  const { double } = world;
  await world.says("ann", pull, "/approve rollback");
  await world.told(pull, "nobody has asked for a rollback here yet");
  await world.says("ann", pull, `/rollback ${FIRST}`);
  await world.told(
    pull,
    `may mean \`config/one:document_types:${FIRST}\` or \`two:document_types:${FIRST}\``,
  );
  const command = `/rollback config/one:document_types:${FIRST}`;
  await world.says("ann", pull, command);
  expect(await world.told(pull, "Rollback of packages: blocked")).toContain("approve rollback");
  expect(one().document_types[FIRST]).toBe(V3);
  await world.says("carl", pull, "/approve rollback");
  await world.told(pull, "`/approve` needs write permission");
  await world.says("bea", pull, "/approve rollback");
  await world.told(pull, "bea");
  await world.says("ann", pull, `/rollback two:document_types:${FIRST}`);
  await double.when("both were stopped", () =>
    double.comments(pull).filter(({ body }) => body.includes("Rollback of packages: blocked")).length === 2
      ? true
      : undefined,
  );
  expect(two()[FIRST]).toBe(V3);
  await world.says("ann", pull, command);
  await double.when("the pointer", () => (one().document_types[FIRST] === V2 ? true : undefined), 110_000);
  expect(two()[FIRST]).toBe(V3);
  expect(double.problems).toEqual([]);
});
