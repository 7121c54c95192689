/** What strangers, and people with too few rights, send to the bot as it runs. docs/security.md lists every attack and its test. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test, vi } from "vitest";
import { parse } from "yaml";
import { z } from "zod";
import type { Bot } from "../../src/bot.ts";
import type { Double } from "../double/double.ts";
import type { PullRequest } from "../double/github/state.ts";
import { sign } from "../double/webhooks.ts";
import { METRICS_TOKEN, startTestBot } from "../support/bot.ts";
import { isSettled, proposeStaging, startShop } from "../support/shop.ts";

const PATIENT = { timeout: 30_000 };
const NOBODY = "00000000-0000-4000-8000-000000000000";
const lines: string[] = [];

let double: Double;
let bot: Bot;
let pull: PullRequest;
let token: string;
beforeAll(async () => {
  double = await startShop();
  bot = await startTestBot(double, { lines });
  token = double.userToken("ann");
  pull = await proposeStaging(double);
}, 60_000);
afterAll(async () => {
  await bot?.stop();
  await double?.close();
});

const ask = (path: string, bearer: string | null, body?: string) =>
  fetch(`${bot.url}${path}`, {
    method: body === undefined ? "GET" : "POST",
    headers: bearer === null ? {} : { authorization: `Bearer ${bearer}` },
    ...(body !== undefined && { body }),
  });
const promotions = async (): Promise<number> => {
  const { items } = z
    .object({ items: z.array(z.unknown()) })
    .parse(await (await ask("/api/promotions", token)).json());
  return items.length;
};

test("one signed body under many delivery ids acts once", async () => {
  await double.as("ann").comment(pull, "/promote");
  await vi.waitFor(async () => expect(await promotions()).toBe(1), PATIENT);
  const { body } = double.webhooks.deliveries.findLast(({ event }) => event === "issue_comment") ?? {
    body: "",
  };
  const deliver = (id: string) =>
    fetch(bot.webhook_url, {
      method: "POST",
      body,
      headers: {
        "content-type": "application/json",
        "x-github-event": "issue_comment",
        "x-github-delivery": id,
        "x-hub-signature-256": sign(double.app.webhookSecret, body),
      },
    });
  const answers = await Promise.all(["a", "b", "c"].map((id) => deliver(`captured-${id}`)));
  expect(answers.map(({ status }) => status)).toEqual([200, 200, 200]);
  const done = () =>
    lines.filter((line) => line.includes('"delivery":"captured-') && line.includes("handled"));
  await vi.waitFor(() => expect(done().length).toBe(3), PATIENT);
  for (const line of done()) expect(line).toContain("seen before");
  expect(await promotions()).toBe(1);
});

test("somebody else's comment that is edited in the second in which it was written is no command", async () => {
  const mallory = double.as("mallory");
  const before = await promotions();
  for (const [written, edited] of [
    ["Looks good to me.", "/promote"],
    ["/status", "/promote"],
  ] as const) {
    // Both at once: the comment is in the double's state before its webhook is on its way.
    const told = double.as("ann").comment(pull, written);
    const [comment] = double.comments(pull).slice(-1);
    if (comment?.body !== written) throw new Error("the comment is not there yet");
    await Promise.all([told, mallory.editComment(comment, edited)]);
  }
  await vi.waitFor(async () => expect(await isSettled(bot)).toBe(true), PATIENT);
  expect(await promotions()).toBe(before);
  expect(double.comments(pull).at(-1)?.body).toContain("was edited");
});

test("another event's name over a signed body starts nothing", async () => {
  const { body } = double.webhooks.deliveries.findLast(({ event }) => event === "issue_comment") ?? {
    body: "",
  };
  const response = await fetch(bot.webhook_url, {
    method: "POST",
    body,
    headers: {
      "content-type": "application/json",
      "x-github-event": "deployment_protection_rule",
      "x-github-delivery": "confused",
      "x-hub-signature-256": sign(double.app.webhookSecret, body),
    },
  });
  expect(response.status).toBe(200);
  await double.idle();
  expect(await promotions()).toBe(1);
});

const unsigned = (claims: object): string => {
  const part = (value: object) => Buffer.from(JSON.stringify(value)).toString("base64url");
  return `${part({ alg: "none", typ: "JWT" })}.${part(claims)}.`;
};

test("an OIDC token with the algorithm none is no token, whatever is written for its signature", async () => {
  const claims = { iss: double.oidc.issuer(), aud: "belay", exp: 4_000_000_000, iat: 1, repository_id: "1" };
  for (const forged of [unsigned(claims), `${unsigned(claims)}c2ln`]) {
    const answer = await ask(`/api/jobs/${NOBODY}/claim`, forged, "{}");
    expect([answer.status, await answer.json()]).toMatchObject([401, { code: "token_invalid" }]);
  }
});

test("GITHUB_TOKEN, an installation's token, another App's and a personal token see nothing", async () => {
  const workflow = "ghs_0123456789abcdef0123456789abcdef0123";
  const expiresAt = Date.now() + 60_000;
  const [repository] = double.state.repositories;
  double.state.tokens.set(workflow, {
    kind: "workflow",
    token: workflow,
    expiresAt,
    run: 1,
    repository: repository?.id ?? 0,
    permissions: { contents: "write" },
  });
  const others = [workflow, double.userToken("ann", "Iv1.another"), `ghp_${"a".repeat(36)}`, METRICS_TOKEN];
  for (const other of others) {
    const answer = await ask("/api/environments", other);
    expect(answer.status).toBe(401);
  }
});

test.each([
  "/api/jobs/..%2f..%2fapi%2fenvironments",
  "/api/jobs/%00",
  "/api/jobs/1%27%20or%20%271%27=%271",
  `/api/jobs/${NOBODY}%0d%0aset-cookie:x=1`,
  "/api/promotions/{{lookup('env','HOME')}}",
  "/api/environments/../../../etc/passwd",
])("path traversal and injection in ids: %s", async (path) => {
  const answer = await ask(path, token);
  expect([400, 404]).toContain(answer.status);
  expect(answer.headers.get("set-cookie")).toBeNull();
});

test("deep, wrong and oversized bodies end in a refusal, and the bot goes on", async () => {
  const { items } = z
    .object({ items: z.array(z.object({ id: z.string(), name: z.string() })) })
    .parse(await (await ask("/api/environments", token)).json());
  const id = items.find(({ name }) => name === "staging")?.id ?? "";
  const deep = `${"[".repeat(7_000)}${"]".repeat(7_000)}`;
  const proto = '{"__proto__": {"target_environment_id": "x"}, "constructor": {"prototype": {}}}';
  for (const body of [deep, proto, "null", "", "{", `"${"a".repeat(15_000)}"`]) {
    expect((await ask(`/api/environments/${id}/promote`, token, body)).status).toBe(400);
  }
  const large = await ask(`/api/environments/${id}/promote`, token, `"${"a".repeat(20_000)}"`);
  expect(large.status).toBe(413);
  expect((await fetch(`${bot.url}/readyz`)).status).toBe(200);
});

test("inputs of a run name no bot, no inventory, no command and no key", () => {
  const text = readFileSync(join(import.meta.dirname, "../../docs/workflow/belay.yml"), "utf8");
  const Workflow = z.object({
    on: z.object({ workflow_dispatch: z.object({ inputs: z.record(z.string(), z.unknown()) }) }),
  });
  expect(Object.keys(Workflow.parse(parse(text)).on.workflow_dispatch.inputs).sort()).toEqual([
    "environment",
    "job",
    "nonce",
  ]);
});

test("no secret and no token stands in the log, in a comment or in a check", async () => {
  await double.idle();
  const { privateKey, webhookSecret, clientSecret } = double.app;
  const tokens = [...double.state.tokens.keys()];
  const shown = [
    ...lines,
    ...double.comments(pull).map(({ body }) => body),
    ...double.checks(pull.headSha).map((check) => JSON.stringify(check.output)),
  ].join("\n");
  expect(lines.length).toBeGreaterThan(10);
  expect(tokens.length).toBeGreaterThan(1);
  for (const secret of [privateKey, webhookSecret, clientSecret, METRICS_TOKEN, token, ...tokens]) {
    expect(shown).not.toContain(secret);
  }
});
