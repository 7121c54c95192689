/** A policy that names teams: a member may, whatever their permission in the repository; others are told whom to ask. */
import { afterAll, beforeAll, expect, test } from "vitest";
import { z } from "zod";
import { describedClient } from "../../support/openapi.ts";
import { FIRST, openPackagesWorld, type PackagesWorld, V2, V3 } from "./world.ts";

const POLICY = `version: 1
defaults: {approvals: {not: []}}
environments:
  packages:
    activate: {teams: [releases]}
    rollback: {teams: [releases, on-call]}
    veto: {teams: [on-call]}
    approvals: {count: 1, teams: [on-call], not: []}
    approve: {teams: [on-call]}
`;

let world: PackagesWorld;
beforeAll(async () => {
  // Carl may only read the repository, and Dora administers it: neither says anything of their teams.
  const teams = { releases: ["carl"], "on-call": ["ann"] };
  world = await openPackagesWorld({ settings: "version: 1\n", policy: POLICY, teams });
}, 240_000);
afterAll(() => world?.close());

test("a member of the team activates, goes back and vetoes; nobody else does, not even an administrator", async () => {
  const { double } = world;
  const pull = await world.propose([FIRST]);
  // Bea may review; her yes is not the one that the policy asks for.
  await world.stages(pull);
  await double.as("ann").merge(pull, "squash");
  await world.says("dora", pull, "/activate");
  await world.told(pull, "`/activate` is for the team `releases`, and you are not in it");
  await world.says("carl", pull, "/activate");
  await world.told(pull, "Activation of packages: blocked");
  expect(world.pointers()[FIRST]).toBe(V2);

  await world.says("dora", pull, "/approve");
  await world.told(pull, "`/approve` is for the team `on-call`");
  await world.says("ann", pull, "/approve");
  await world.says("carl", pull, "/activate");
  await world.told(pull, "Activation of packages: done");
  expect(world.pointers()[FIRST]).toBe(V3);

  await world.says("dora", pull, `/rollback ${FIRST}`);
  await world.told(pull, "`/rollback` is for the team `releases` or `on-call`");
  await world.says("carl", pull, `/veto ${FIRST}@${V2} it loses the risks`);
  await world.told(pull, "`/veto` is for the team `on-call`");
  await world.says("ann", pull, `/rollback ${FIRST}`);
  await world.told(pull, "Rollback of packages: done");
  expect(world.pointers()[FIRST]).toBe(V2);
  expect(double.problems).toEqual([]);
}, 240_000);

test("through the API the same people may, and the others are told the same", async () => {
  const { double } = world;
  const [pull] = double.state.pulls;
  const ask = describedClient(world.bot.url);
  const sites = z.object({ items: z.array(z.object({ id: z.string() })) });
  const listed = await ask("GET /api/sites", {}, { token: double.userToken("carl") });
  const site_id = sites.parse(listed.body).items[0]?.id ?? "";
  const activate = (login: string) => {
    const body = { site_id, pull_request: pull?.number };
    return ask("POST /api/packages/activate", {}, { token: double.userToken(login), body });
  };
  expect(await activate("dora")).toMatchObject({ status: 403, body: { code: "forbidden" } });
  expect(await activate("carl")).toMatchObject({ status: 202 });
  await double.when("the pointer", () => (world.pointers()[FIRST] === V3 ? true : undefined), 110_000);
}, 240_000);
