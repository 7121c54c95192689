/** Activation and the way back through the API: what the commands do, by the same gates, once for each key. */
import { afterAll, beforeAll, expect, test } from "vitest";
import { z } from "zod";
import type { PullRequest } from "../../double/github/state.ts";
import { describedClient } from "../../support/openapi.ts";
import { FIRST, openPackagesWorld, type PackagesWorld, V2, V3 } from "./world.ts";

const ACTIVATE = "POST /api/packages/activate";
const ROLLBACK = "POST /api/packages/rollback";
const Begun = z.object({ promotion_id: z.uuid() });

let world: PackagesWorld;
let pull: PullRequest;
let site_id: string;
let ask: ReturnType<typeof describedClient>;
beforeAll(async () => {
  world = await openPackagesWorld({ settings: "version: 1\n" });
  ask = describedClient(world.bot.url);
  pull = await world.propose();
  await world.until(pull, "belay / release", "action_required");
  const sites = z.object({ items: z.array(z.object({ id: z.string() })) });
  site_id = sites.parse((await ask("GET /api/sites", {}, { token: tokenOf("ann") })).body).items[0]?.id ?? "";
}, 240_000);
afterAll(() => world?.close());

const tokenOf = (login: string) => world.double.userToken(login);
const about = (more: object = {}) => ({ site_id, pull_request: pull.number, ...more });
const ended = async (id: string, state: string) => {
  const deadline = Date.now() + 110_000;
  for (;;) {
    const { body } = await ask("GET /api/promotions/{id}", { id }, { token: tokenOf("ann") });
    if (z.object({ state: z.string() }).parse(body).state === state) return body;
    if (Date.now() > deadline)
      throw new Error(`the promotion did not become ${state}: ${JSON.stringify(body)}`);
    await new Promise((resolve) => setTimeout(resolve, 200));
  }
};

test("who may not, cannot; what was not staged or merged is not activated", async () => {
  const asks = (login: string, body: object) => ask(ACTIVATE, {}, { token: tokenOf(login), body });
  expect(await asks("carl", about())).toMatchObject({ status: 403, body: { code: "forbidden" } });
  expect(await asks("zoe", about())).toMatchObject({ status: 404 });
  expect(await asks("ann", about({ pull_request: 9_999 }))).toMatchObject({ status: 404 });
  expect(await asks("ann", about())).toMatchObject({
    status: 409,
    body: { code: "pull_request_not_merged" },
  });
  expect(world.commits("release:")).toEqual([]);
});

test("a number that no pull request has is refused, or finds nothing", async () => {
  const token = tokenOf("ann");
  const list = async (number: number) => {
    const url = `${world.bot.url}/api/packages?site_id=${site_id}&pull_request=${number}`;
    const answer = await fetch(url, { headers: { authorization: `Bearer ${token}` } });
    return { status: answer.status, body: await answer.json() };
  };
  const most = 2_147_483_647;
  expect(await list(most)).toMatchObject({ status: 200, body: { items: [] } });
  for (const number of [most + 1, Number.MAX_SAFE_INTEGER, 0, 1.5]) {
    expect(await list(number)).toMatchObject({ status: 400, body: { code: "bad_request" } });
    const body = JSON.stringify(about({ pull_request: number }));
    const headers = { authorization: `Bearer ${token}`, "content-type": "application/json" };
    const asked = await fetch(`${world.bot.url}/api/packages/activate`, { method: "POST", headers, body });
    expect(asked.status).toBe(400);
  }
});

test("what is staged and merged is activated, once for a key; and goes back", async () => {
  await world.stages(pull);
  await world.double.as("ann").merge(pull, "squash");
  const headers = { "idempotency-key": "one" };
  const token = tokenOf("ann");
  const first = await ask(
    ACTIVATE,
    {},
    { token, headers, body: about({ reason: "Compliance asks for it." }) },
  );
  expect(first.status).toBe(202);
  const { promotion_id } = Begun.parse(first.body);
  expect(await ended(promotion_id, "succeeded")).toMatchObject({ kind: "activate", requested_by: "ann" });
  expect(world.pointers()[FIRST]).toBe(V3);
  expect(world.commits("release: Activate")).toHaveLength(1);
  const again = await ask(
    ACTIVATE,
    {},
    { token, headers, body: about({ reason: "Compliance asks for it." }) },
  );
  expect(again).toMatchObject({ status: 202, body: { promotion_id } });
  expect(await ask(ACTIVATE, {}, { token, body: about() })).toMatchObject({
    status: 409,
    body: { code: "packages_active" },
  });

  const back = { packages: [{ name: FIRST, version: V2 }] };
  const unknown = { packages: [{ name: "nothing" }] };
  expect(await ask(ROLLBACK, {}, { token, body: about(unknown) })).toMatchObject({
    status: 409,
    body: { code: "package_unknown" },
  });
  const begun = Begun.parse((await ask(ROLLBACK, {}, { token, body: about(back) })).body);
  expect(await ended(begun.promotion_id, "succeeded")).toMatchObject({ kind: "rollback" });
  expect(world.pointers()[FIRST]).toBe(V2);
  expect(world.double.problems).toEqual([]);
});
