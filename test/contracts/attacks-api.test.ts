/** Attacks on the API by people who hold a valid token: other sites, other people's keys and tags, pages, and tokens without end. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test, vi } from "vitest";
import type { Bot } from "../../src/bot.ts";
import { type Double, startDouble } from "../double/double.ts";
import { startTestBot } from "../support/bot.ts";
import { describedClient } from "../support/openapi.ts";

const siteConfig = (name: string) => `version: 1
site: ${name}
path: [staging, production]
environments:
  staging:
    {type: staging, branch: staging, url: "https://staging.acme.example", host: web, root: /srv/staging,
     database: {name: acme_staging, prefix: xyz_}, cloned_from: production}
  production:
    {type: production, branch: production, url: "https://acme.example", host: web, root: /srv/acme,
     database: {name: acme, prefix: wp_}}
promotion: {preset: content-protect, tables: {promote: [acme_widgets]}}
health: [{path: /, contains: Acme}]
`;
const WORKFLOW = readFileSync(join(import.meta.dirname, "../../docs/workflow/belay.yml"), "utf8");
/** Long enough for a busy machine; reached only when the test fails. */
const PATIENT = { timeout: 30_000 };

let double: Double;
let bot: Bot;
let ask: ReturnType<typeof describedClient>;
let ann: string;

const filesOf = (name: string) => ({
  ".github/belay.yml": siteConfig(name),
  ".github/workflows/belay.yml": WORKFLOW,
});

beforeAll(async () => {
  double = await startDouble({
    repositories: [
      {
        name: "acme/shop",
        files: filesOf("acme-shop"),
        branches: ["staging", "production"],
        private: true,
        people: { ann: "write", zoe: "write", bob: "read", eve: "none" },
        environments: { production: {} },
      },
      {
        name: "acme/secret",
        files: filesOf("acme-secret"),
        branches: ["staging", "production"],
        private: true,
        people: { kim: "write", ann: "none", zoe: "none", bob: "none", eve: "none" },
        environments: { production: {} },
      },
    ],
  });
  bot = await startTestBot(double);
  ask = describedClient(bot.url);
  ann = double.userToken("ann");
  for (const [login, repository] of [
    ["ann", "acme/shop"],
    ["kim", "acme/secret"],
  ] as const) {
    const person = double.as(login);
    await person.push("staging", { "theme.css": "new" }, { repository });
    const pull = await person.openPullRequest({
      title: "Promote",
      head: "staging",
      base: "production",
      repository,
    });
    await person.comment(pull, "/promote");
    const token = double.userToken(login);
    await vi.waitFor(
      async () =>
        expect((await ask("GET /api/promotions", {}, { token })).body).toMatchObject({ items: [{}] }),
      PATIENT,
    );
  }
  double.connect(null);
}, 90_000);

afterAll(async () => {
  await bot.stop();
  await double.close();
});

interface Listed {
  readonly items: readonly { readonly id: string; readonly name?: string }[];
  readonly next: string | null;
}

async function listed(route: string, token: string, params = {}): Promise<Listed> {
  return (await ask(route, params, { token })).body as Listed;
}

async function environment(token: string, name: string): Promise<string> {
  const { items } = await listed("GET /api/environments", token);
  return items.find((one) => one.name === name)?.id ?? "";
}

/** All ids that a list tells somebody of, also by where its pages begin. */
async function told(route: string, token: string): Promise<readonly string[]> {
  const found: string[] = [];
  let after: string | null = null;
  do {
    const page: Listed = await listed(route, token, { limit: "1", ...(after !== null && { after }) });
    found.push(...page.items.map(({ id }) => id));
    after = page.next;
    if (after !== null) found.push(after);
  } while (after !== null);
  return [...new Set(found)];
}

test("what begins something tells a stranger neither that a site is there, nor its policy or configuration", async () => {
  const kim = double.userToken("kim");
  const id = await environment(kim, "staging");
  const target_environment_id = await environment(kim, "production");
  const asked = [
    ["POST /api/environments/{id}/drift-check", undefined],
    ["POST /api/environments/{id}/backups", undefined],
    ["POST /api/environments/{id}/promote", { target_environment_id }],
  ] as const;
  for (const stranger of [ann, double.userToken("eve")]) {
    for (const [route, body] of asked) {
      expect(await ask(route, { id }, { token: stranger, body })).toMatchObject({
        status: 404,
        body: { code: "not_found", message: expect.not.stringMatching(/permission|staging|production|team/) },
      });
    }
  }
});

test("a target of another site is none", async () => {
  const id = await environment(ann, "staging");
  const target_environment_id = await environment(double.userToken("kim"), "production");
  expect(
    await ask("POST /api/environments/{id}/promote", { id }, { token: ann, body: { target_environment_id } }),
  ).toMatchObject({ status: 404 });
});

test("a key is its person's alone: another one's request of the same key is judged by itself", async () => {
  const id = await environment(ann, "staging");
  const headers = { "idempotency-key": "11111111-2222-4333-8444-555555555555" };
  const body = { target_environment_id: await environment(ann, "production") };
  const asked = (login: string, more = {}) =>
    ask(
      "POST /api/environments/{id}/promote",
      { id },
      { token: double.userToken(login), headers, body, ...more },
    );
  const count = async () => (await told("GET /api/promotions", ann)).length;
  const first = await asked("ann");
  expect(first).toMatchObject({ status: 409, body: { code: "drift_unknown" } });
  const before = await count();
  expect(await asked("ann")).toMatchObject({ status: 409, body: { code: "drift_unknown" } });
  expect(await count()).toBe(before);
  // Whoever may see less, or nothing, is told no more by the key of somebody who may.
  expect(await asked("bob")).toMatchObject({ status: 403, body: { code: "forbidden" } });
  expect(await asked("eve")).toMatchObject({ status: 404 });
  expect(await count()).toBe(before);
  expect((await asked("zoe")).status).toBe(409);
  expect(await count()).toBe(before + 1);
});

test("a tag of somebody's answer opens nothing to somebody else", async () => {
  const [promotion] = (await listed("GET /api/promotions", ann)).items;
  const read = (login: string, etag = "") =>
    fetch(`${bot.url}/api/promotions/${promotion?.id}`, {
      headers: { authorization: `Bearer ${double.userToken(login)}`, "if-none-match": etag },
    });
  const whole = (await read("ann")).headers.get("etag") ?? "";
  expect(whole).not.toBe("");
  expect((await read("ann", whole)).status).toBe(304);
  const less = await read("bob", whole);
  expect([less.status, less.headers.get("etag") === whole]).toEqual([200, false]);
  expect((await read("eve", whole)).status).toBe(404);
  expect(less.headers.get("cache-control")).toBe("private, no-cache");
});

test("a page begins where one likes, and shows nothing that is not one's own", async () => {
  const strange = await told("GET /api/promotions", double.userToken("kim"));
  const own = new Set((await listed("GET /api/promotions", ann)).items.map(({ id }) => id));
  for (const after of [
    ...strange,
    await environment(double.userToken("kim"), "staging"),
    [...own][0] ?? "",
  ]) {
    const { items } = await listed("GET /api/promotions", ann, { after });
    expect(items.filter(({ id }) => !own.has(id))).toEqual([]);
  }
  for (const wrong of ["0", "-1", "101", "1e9", "x"]) {
    expect(await ask("GET /api/promotions", { limit: wrong }, { token: ann })).toMatchObject({ status: 400 });
  }
  for (const wrong of ["' or 1=1 --", "../x", "[]"]) {
    expect(await ask("GET /api/promotions", { after: wrong }, { token: ann })).toMatchObject({ status: 400 });
  }
});

test("made-up tokens without end do not make the bot ask GitHub without end, and lock nobody out", async () => {
  expect((await ask("GET /api/sites", {}, { token: ann })).status).toBe(200);
  const asked = () =>
    double.requests.filter(({ path }) => /^(\/api\/v3)?\/applications\/[^/]+\/token$/.test(path)).length;
  const before = asked();
  const statuses: number[] = [];
  for (let at = 0; at < 200; at++) {
    statuses.push((await ask("GET /api/sites", {}, { token: `ghu_made_up_${at}` })).status);
  }
  expect(new Set(statuses)).toEqual(new Set([401, 429]));
  expect(asked() - before).toBeLessThan(100);
  expect((await ask("GET /api/sites", {}, { token: ann })).status).toBe(200);
});
