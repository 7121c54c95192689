/** A runtime that does not listen: it is told again and again, then that is given up, said, and the activation stays what it is. */
import { mkdtempSync, rmSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { z } from "zod";
import type { Bot } from "../../../src/bot.ts";
import { MAX_FAULTS } from "../../../src/store/lease.ts";
import { openStore } from "../../../src/store/open.ts";
import { startTestBot } from "../../support/bot.ts";
import { describedClient } from "../../support/openapi.ts";
import { FIRST, openPackagesWorld, type PackagesWorld, V3 } from "./world.ts";

const directory = mkdtempSync(join(tmpdir(), "belay-untold-"));
const bodies: string[] = [];
let status = 503;
const runtime = createServer((request, response) => {
  const chunks: Buffer[] = [];
  request.on("data", (chunk: Buffer) => chunks.push(chunk));
  request.on("end", () => {
    bodies.push(Buffer.concat(chunks).toString());
    response.writeHead(status).end();
  });
});

let world: PackagesWorld;
let bot: Bot;
const start = () => {
  const { port } = runtime.address() as AddressInfo;
  const hooks = { "acme/docs": { url: `http://127.0.0.1:${port}/`, secret: "a key" } };
  return startTestBot(world.double, { store: { directory }, sync_webhooks: hooks });
};
beforeAll(async () => {
  await new Promise<void>((resolve) => runtime.listen(0, "127.0.0.1", resolve));
  world = await openPackagesWorld({ settings: "version: 1\nsync: {webhook: true}\n", bot: null });
  bot = await start();
}, 240_000);
afterAll(async () => {
  await bot?.stop();
  await world?.close();
  runtime.close();
  rmSync(directory, { recursive: true });
});

const posted = async (count: number) => {
  const deadline = Date.now() + 110_000;
  while (bodies.length < count) {
    if (Date.now() > deadline) throw new Error(`the runtime was told ${bodies.length} times, not ${count}`);
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
};

/** The waits add up to three quarters of an hour: all tries but the last one are over. */
async function allButTheLastTry(): Promise<void> {
  await bot.stop();
  const store = await openStore({ kind: "directory", path: directory });
  const rows = await store.sql(
    `update effects set faults = ${MAX_FAULTS - 1}, not_before = now() where effect ->> 'kind' = 'sync' and state = 'pending' returning faults`,
  );
  expect(rows).toHaveLength(1);
  await store.close();
  bot = await start();
}

const Ids = z.object({ items: z.array(z.object({ id: z.string() })) });
const Audit = z.object({
  items: z.array(z.object({ action: z.string(), reason: z.string(), details: z.unknown() })),
});
async function asked() {
  const ask = describedClient(bot.url);
  const token = world.double.userToken("dora");
  const site_id = Ids.parse((await ask("GET /api/sites", {}, { token })).body).items[0]?.id ?? "";
  const get = async (path: string) =>
    (await fetch(`${bot.url}${path}`, { headers: { authorization: `Bearer ${token}` } })).json();
  const audit = Audit.parse(await get(`/api/audit?site_id=${site_id}&limit=100`));
  const promotions = (await ask("GET /api/promotions", {}, { token })).body;
  const put_aside = Ids.parse(await get(`/api/set-aside?site_id=${site_id}`)).items;
  const retry = (id: string) => ask("POST /api/set-aside/{id}/retry", { id }, { token });
  return { told: audit.items.filter(({ action }) => /sync/.test(action)), promotions, put_aside, retry };
}

test("what the runtime never took is given up and said; the activation stays; told by hand, it is right again", async () => {
  const { double } = world;
  const pull = await world.propose();
  await world.stages(pull);
  await double.as("ann").merge(pull, "squash");
  await world.says("ann", pull, "/activate");
  await world.told(pull, "Activation of packages: done");
  await posted(1);
  await allButTheLastTry();
  const said = await world.told(pull, "The pointers moved, but the runtime could not be told");
  expect(said).toContain("Activation of packages: done");
  expect(said).toContain("`SYNC_WEBHOOK_FAILED`");
  expect(said).toContain("it answered 503");
  expect(world.pointers()[FIRST]).toBe(V3);

  const given_up = await asked();
  expect(given_up.told).toMatchObject([
    { action: "activate.sync_failed", details: { by: "webhook", code: "SYNC_WEBHOOK_FAILED" } },
  ]);
  const told = [{ by: "webhook", ok: false, code: "SYNC_WEBHOOK_FAILED" }];
  expect(given_up.promotions).toMatchObject({
    items: [{ kind: "activate", state: "succeeded", packages: { told } }],
  });
  const before = bodies.length;
  status = 204;
  const [effect] = given_up.put_aside;
  expect(await given_up.retry(effect?.id ?? "")).toMatchObject({ status: 202 });
  await posted(before + 1);
  expect(new Set(bodies).size).toBe(1);
  const own = () => double.comments(pull).filter(({ body }) => body.includes("Activation of packages: done"));
  await double.when(
    "the comment without the warning",
    () => (own().some(({ body }) => !body.includes("could not be told")) ? true : undefined),
    110_000,
  );
  expect(own()).toHaveLength(1);
  const right = await asked();
  expect(right.told.map(({ action }) => action).sort()).toEqual(["activate.sync_failed", "activate.synced"]);
  expect(right.promotions).toMatchObject({ items: [{ packages: { told: [{ by: "webhook", ok: true }] } }] });
  expect(right.put_aside).toEqual([]);
  expect(double.problems).toEqual([]);
}, 240_000);
