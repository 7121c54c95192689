/** contracts/openapi.yaml from both sides: what is served is described, and every answer is as described. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test, vi } from "vitest";
import type { Bot } from "../../src/bot.ts";
import { type Double, startDouble } from "../double/double.ts";
import { measured } from "../flows/facts.ts";
import { METRICS_TOKEN, startTestBot } from "../support/bot.ts";
import { DESCRIBED, describedClient } from "../support/openapi.ts";

const CONFIG = `version: 1
site: acme-shop
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
const NOBODY = "00000000-0000-4000-8000-000000000000";

let double: Double;
let bot: Bot;
let ask: ReturnType<typeof describedClient>;
let token: string;

beforeAll(async () => {
  double = await startDouble({
    repositories: [
      {
        name: "acme/shop",
        files: { ".github/belay.yml": CONFIG, ".github/workflows/belay.yml": WORKFLOW },
        branches: ["staging", "production"],
        private: true,
        people: { ann: "write", bob: "read", eve: "none", zoe: "admin" },
        environments: { production: {} },
      },
    ],
  });
  bot = await startTestBot(double);
  ask = describedClient(bot.url);
  token = double.userToken("ann");
  const ann = double.as("ann");
  await ann.push("staging", { "theme.css": "new" });
  const pull = await ann.openPullRequest({ title: "Promote", head: "staging", base: "production" });
  await ann.comment(pull, "/promote");
  await vi.waitFor(
    async () => expect((await ask("GET /api/promotions", {}, { token })).body).toMatchObject({ items: [{}] }),
    PATIENT,
  );
  // From here on no webhook: the double has no runner, and would tell at once that the run is lost.
  double.connect(null);
}, 60_000);

afterAll(async () => {
  await bot.stop();
  await double.close();
});

async function environmentId(name: string): Promise<string> {
  const { body } = await ask("GET /api/environments", {}, { token });
  const found = JSON.stringify(body).match(new RegExp(`"id":"([^"]+)","site_id":"[^"]+","name":"${name}"`));
  return found?.[1] ?? "";
}

/** The token that the run of a job would get. */
function runnerToken(claims: Readonly<Record<string, string>> = {}): Promise<string> {
  const run = double.state.runs.at(-1);
  return double.oidc.token({
    aud: "belay",
    environment: "production",
    run_id: String(run?.id ?? 0),
    ...claims,
  });
}

test("every route that is served is described, and the other way round", () => {
  expect(bot.routes.toSorted()).toEqual(DESCRIBED.toSorted());
});

test.each(DESCRIBED.filter((route) => route.includes("/api/")))(
  "%s wants to know who asks",
  async (route) => {
    const { status } = await ask(route, { id: NOBODY });
    expect(status).toBe(401);
  },
);

test("tokens of other Apps, of runners, and people who may not read the repository see nothing", async () => {
  const id = await environmentId("staging");
  for (const other of [double.userToken("ann", "Iv1.another"), await runnerToken(), "nonsense"]) {
    expect(await ask("GET /api/environments", {}, { token: other })).toMatchObject({ status: 401 });
  }
  const stranger = { token: double.userToken("eve") };
  for (const route of ["GET /api/sites", "GET /api/environments", "GET /api/jobs", "GET /api/promotions"]) {
    expect(await ask(route, {}, stranger)).toEqual({ status: 200, body: { items: [], next: null } });
  }
  expect(await ask("GET /api/environments/{id}", { id }, stranger)).toMatchObject({ status: 404 });
  expect(await ask("GET /api/environments/{id}/backups", { id }, stranger)).toMatchObject({ status: 404 });
  expect(await ask("GET /api/audit", { site_id: await siteId() }, stranger)).toMatchObject({ status: 404 });
  expect(await ask("GET /api/set-aside", { site_id: await siteId() }, stranger)).toMatchObject({
    status: 404,
  });
});

test("who may read the repository may look, but sees no rows, values or words of hosts, and begins nothing", async () => {
  const reader = { token: double.userToken("bob") };
  const id = await environmentId("staging");
  expect(await ask("GET /api/environments/{id}", { id }, reader)).toMatchObject({
    body: { name: "staging" },
  });
  expect(await ask("GET /api/sites", {}, reader)).toMatchObject({ body: { items: [{ name: "acme-shop" }] } });
  expect(await ask("GET /api/environments/{id}/backups", { id }, reader)).toMatchObject({ status: 200 });
  const whole = await ask("GET /api/promotions", {}, { token });
  const [promotion] = Object(whole.body).items;
  expect(promotion.result_message).toContain("no baseline");
  const { body } = await ask("GET /api/promotions/{id}", { id: promotion.id }, reader);
  expect(body).toMatchObject({ id: promotion.id, state: promotion.state, result_message: null });
  expect(JSON.stringify(body)).not.toContain('"details"');
  for (const [route, asked] of [
    ["GET /api/audit", { site_id: await siteId() }],
    ["GET /api/operations/{id}/plan", { id: promotion.id }],
    ["GET /api/set-aside", { site_id: await siteId() }],
    ["POST /api/environments/{id}/drift-check", { id }],
  ] as const) {
    expect(await ask(route, asked, reader)).toMatchObject({ status: 403, body: { code: "forbidden" } });
  }
});

async function siteId(): Promise<string> {
  const { body } = await ask("GET /api/sites", {}, { token });
  return String(Object(body).items[0].id);
}

test("sites, backups and the audit log are listed", async () => {
  const sites = await ask("GET /api/sites", {}, { token });
  expect(sites.body).toMatchObject({ items: [{ name: "acme-shop", repository: "acme/shop" }], next: null });
  const site_id = /"id":"([^"]+)"/.exec(JSON.stringify(sites.body))?.[1] ?? "";
  const id = await environmentId("production");
  expect(await ask("GET /api/environments/{id}/backups", { id }, { token })).toMatchObject({ status: 200 });
  const newest = await ask("GET /api/audit", { site_id, limit: "1" }, { token });
  expect(newest).toMatchObject({ status: 200, body: { items: [{ site_id }] } });
  const after = /"next":"(\d+)"/.exec(JSON.stringify(newest.body))?.[1] ?? "";
  expect(await ask("GET /api/audit", { site_id, after }, { token })).toMatchObject({ status: 200 });
  expect(await ask("GET /api/audit", {}, { token })).toMatchObject({ status: 400 });
});

test("figures for Prometheus, with the token of the settings alone", async () => {
  const read = (bearer: string) =>
    fetch(`${bot.url}/api/metrics`, { headers: { authorization: `Bearer ${bearer}` } });
  expect((await read(token)).status).toBe(401);
  const answer = await read(METRICS_TOKEN);
  expect(answer.headers.get("content-type")).toBe("text/plain; version=0.0.4");
  const text = await answer.text();
  expect(text).toMatch(/^belay_operations\{kind="promote",state="blocked"\} 1$/m);
  expect(text).toMatch(/^belay_deliveries\{state="done"\} [1-9]\d*$/m);
  expect(text).toMatch(/^belay_waiting_seconds\{queue="effects"\} [\d.]+$/m);
  for (const line of text.trimEnd().split("\n"))
    expect(line).toMatch(/^(# (HELP|TYPE) [a-z_]+ .+|[a-z_]+(\{([a-z]+="[a-z_]+",?)+\})? [\d.e+-]+)$/);
});

test("a record that did not change is not sent again", async () => {
  const headers = { authorization: `Bearer ${token}` };
  const first = await fetch(`${bot.url}/api/environments`, { headers });
  const etag = first.headers.get("etag") ?? "";
  expect(etag).not.toBe("");
  const again = await fetch(`${bot.url}/api/environments`, {
    headers: { ...headers, "if-none-match": etag },
  });
  expect([again.status, await again.text()]).toEqual([304, ""]);
});

test("while GitHub cannot tell what a person may see, nobody is told anything", async () => {
  double.faults.plan("GET */permission", 503, { times: 3 });
  expect(await ask("GET /api/environments", {}, { token })).toMatchObject({
    status: 503,
    body: { code: "github_unavailable" },
  });
});

test("the bot says that it is alive and ready, without a token", async () => {
  expect(await ask("GET /healthz")).toEqual({ status: 200, body: { status: "ok" } });
  expect(await ask("GET /readyz")).toEqual({ status: 200, body: { status: "ok" } });
});

test("pages, filters, and what is wrong with them", async () => {
  const first = await ask("GET /api/environments", { limit: "1" }, { token });
  const next = await ask("GET /api/environments", { limit: "1", after: nextOf(first.body) }, { token });
  expect([first.body, next.body]).toMatchObject([
    { items: [{ name: "staging" }] },
    { items: [{ name: "production" }] },
  ]);
  expect(await ask("GET /api/jobs", { state: "queued" }, { token })).toMatchObject({ body: { items: [] } });
  expect(await ask("GET /api/jobs", { state: "done" }, { token })).toMatchObject({ status: 400 });
  expect(await ask("GET /api/promotions", { sort: "x" }, { token })).toMatchObject({ status: 400 });
  const routes = ["GET /api/jobs/{id}", "GET /api/promotions/{id}", "GET /api/drift-checks/{id}"];
  for (const route of [...routes, "GET /api/operations/{id}/plan"]) {
    expect(await ask(route, { id: NOBODY }, { token })).toMatchObject({
      status: 404,
      body: { code: "not_found" },
    });
    expect(await ask(route, { id: "seven" }, { token })).toMatchObject({ status: 404 });
  }
});

const nextOf = (body: unknown): string => String(Object(body).next);

test("a promotion that a gate refuses is answered with the verdict", async () => {
  const id = await environmentId("staging");
  const body = { target_environment_id: await environmentId("production") };
  const refused = await ask("POST /api/environments/{id}/promote", { id }, { token, body });
  expect(refused).toMatchObject({
    status: 409,
    body: { code: "drift_unknown", verdict: { outcome: "block" } },
  });
  const wrong = { target_environment_id: "production", override: true };
  expect(await ask("POST /api/environments/{id}/promote", { id }, { token, body: wrong })).toMatchObject({
    status: 400,
  });
  expect(await ask("POST /api/environments/{id}/promote", { id: NOBODY }, { token, body })).toMatchObject({
    status: 404,
  });
});

test("a drift check: one run claims, tells, reports, and every repetition is answered alike", async () => {
  const id = await environmentId("staging");
  const accepted = await ask("POST /api/environments/{id}/drift-check", { id }, { token });
  expect(accepted.status).toBe(202);
  const job = { id: String(Object(accepted.body).job_id) };
  await expect.poll(() => double.state.runs.length, PATIENT).toBe(1);
  const runner = { token: await runnerToken() };
  await expect
    .poll(async () => (await ask("POST /api/jobs/{id}/claim", job, runner)).status, PATIENT)
    .toBe(200);

  const claimed = await ask("POST /api/jobs/{id}/claim", job, runner);
  expect(claimed).toMatchObject({ status: 200, body: { job_id: job.id, job_type: "drift_check" } });
  const other = { token: await runnerToken({ run_id: "4711" }) };
  expect(await ask("POST /api/jobs/{id}/claim", job, other)).toMatchObject({
    status: 409,
    body: { code: "job_claimed" },
  });

  const at = new Date().toISOString();
  const events = [{ at, event: "step_finished", step: "Measure", status: "ok", seconds: 1.5 }];
  const noted = await ask("POST /api/jobs/{id}/events", job, { ...runner, body: { events } });
  expect(noted).toEqual({ status: 200, body: { cancel: false } });
  expect(await ask("POST /api/jobs/{id}/events", job, { ...runner, body: { events: [{}] } })).toMatchObject({
    status: 400,
  });

  const report = {
    schema: 1,
    job_id: job.id,
    job_type: "drift_check",
    operation_id: String(Object(claimed.body).operation_id),
    status: "succeeded",
    started_at: at,
    finished_at: at,
    steps: [{ name: "Measure", status: "ok", seconds: 1.5 }],
    facts: {
      fingerprint: measured({}),
      differences: { tables: {}, files: {}, code: null },
      option_values: {},
    },
  };
  const reported = await ask("POST /api/jobs/{id}/report", job, { ...runner, body: report });
  expect(reported).toMatchObject({ status: 200, body: { next_job_id: null } });
  expect(await ask("POST /api/jobs/{id}/report", job, { ...runner, body: report })).toEqual(reported);
  expect(await ask("POST /api/jobs/{id}/report", job, { ...runner, body: {} })).toMatchObject({
    status: 400,
  });

  expect(await ask("GET /api/jobs/{id}", job, { token })).toMatchObject({
    status: 200,
    body: { state: "succeeded", steps: [{ name: "Measure" }] },
  });
  const production = await ask(
    "GET /api/environments/{id}",
    { id: await environmentId("production") },
    { token },
  );
  const check = { id: String(Object(production.body).last_drift_check_id) };
  expect(await ask("GET /api/drift-checks/{id}", check, { token })).toMatchObject({
    body: { status: "unknown" },
  });
  const promotions = await ask("GET /api/promotions", {}, { token });
  const [promotion] = Object(promotions.body).items;
  expect(await ask("GET /api/promotions/{id}", { id: promotion.id }, { token })).toEqual({
    status: 200,
    body: promotion,
  });
  // It was blocked before anything was measured: there is no plan of it.
  expect(await ask("GET /api/operations/{id}/plan", { id: promotion.id }, { token })).toMatchObject({
    status: 404,
    body: { code: "not_found" },
  });
  expect(double.problems).toEqual([expect.stringContaining("the double has no runner")]);
});

const WRONG: readonly (readonly [string, number, Readonly<Record<string, string>>])[] = [
  ["wrong_audience", 401, { aud: "https://github.com/acme" }],
  ["wrong_issuer", 401, { iss: "https://token.example" }],
  ["token_expired", 401, { exp: "0" }],
  ["wrong_repository", 403, { repository_id: "1" }],
  ["wrong_event", 403, { event_name: "pull_request" }],
  ["wrong_ref", 403, { ref: "refs/heads/staging" }],
  ["wrong_workflow", 403, { workflow_ref: "acme/shop/.github/workflows/own.yml@refs/heads/main" }],
  ["wrong_job_workflow", 403, { job_workflow_ref: "mallory/x/.github/workflows/promote.yml@main" }],
  ["rerun_refused", 403, { run_attempt: "2" }],
  ["wrong_environment", 403, { environment: "staging" }],
];

test.each(WRONG)("a runner's token is refused: %s", async (code, status, claims) => {
  const { body } = await ask("GET /api/jobs", {}, { token });
  const job = { id: String(Object(body).items[0].id) };
  const exp = claims.exp === undefined ? {} : { exp: Number(claims.exp) };
  const wrong = { token: await runnerToken({ ...claims, ...exp } as Record<string, string>) };
  expect(await ask("POST /api/jobs/{id}/claim", job, wrong)).toMatchObject({ status, body: { code } });
});

test("a runner's token with another key is refused", async () => {
  const forged = await double.oidc.token({ aud: "belay", environment: "production" }, { foreignKey: true });
  const answer = await ask("POST /api/jobs/{id}/claim", { id: NOBODY }, { token: forged });
  expect(answer).toMatchObject({ status: 401, body: { code: "token_invalid" } });
});

test("a request with a key is answered as the first time; a key for something else is refused", async () => {
  const id = await environmentId("staging");
  const headers = { "idempotency-key": "4c1f" };
  const body = { target_environment_id: await environmentId("production") };
  const send = (more: object = {}) =>
    ask("POST /api/environments/{id}/promote", { id }, { token, body, headers, ...more });
  const first = await send();
  expect(first).toMatchObject({ status: 409, body: { verdict: { outcome: "block" } } });
  const { body: before } = await ask("GET /api/promotions", {}, { token });
  expect(await send()).toEqual(first);
  expect((await ask("GET /api/promotions", {}, { token })).body).toEqual(before);
  const production = { id: body.target_environment_id };
  expect(await ask("POST /api/environments/{id}/backups", production, { token, headers })).toMatchObject({
    status: 409,
    body: { code: "idempotency_key_reused" },
  });
  for (const key of ["", "two words", "k".repeat(201), "a, b"]) {
    const wrong = await send({ headers: { "idempotency-key": key } });
    expect(wrong).toMatchObject({ status: 400, body: { code: "bad_request" } });
  }
});

test("what is set aside is for administrators: shown, put back, on record, and once", async () => {
  const admin = { token: double.userToken("zoe") };
  const site_id = await siteId();
  expect(await ask("GET /api/set-aside", { site_id }, { token })).toMatchObject({ status: 403 });
  expect(await ask("GET /api/set-aside", { site_id }, admin)).toEqual({
    status: 200,
    body: { items: [], next: null },
  });
  double.faults.plan(/check-runs/, 403);
  const id = await environmentId("staging");
  const body = { target_environment_id: await environmentId("production") };
  expect(await ask("POST /api/environments/{id}/promote", { id }, { token, body })).toMatchObject({
    status: 409,
  });
  await expect
    .poll(
      async () => Object((await ask("GET /api/set-aside", { site_id }, admin)).body).items.length,
      PATIENT,
    )
    .toBe(1);
  const listed = await ask("GET /api/set-aside", { site_id }, admin);
  const [row] = Object(listed.body).items;
  expect(row).toMatchObject({ queue: "effects", what: "check" });
  const one = { id: String(row.id) };
  expect(await ask("POST /api/set-aside/{id}/retry", one, { token })).toMatchObject({ status: 403 });
  const stranger = { token: double.userToken("eve") };
  expect(await ask("POST /api/set-aside/{id}/retry", one, stranger)).toMatchObject({ status: 404 });
  expect(await ask("POST /api/set-aside/{id}/retry", one, admin)).toEqual({ status: 202, body: one });
  const audit = await ask("GET /api/audit", { site_id, limit: "5" }, { token });
  expect(JSON.stringify(audit.body)).toContain('"actor":"github:zoe","action":"set_aside.put_back"');
  expect(await ask("POST /api/set-aside/{id}/retry", one, admin)).toMatchObject({ status: 404 });
  expect(await ask("GET /api/set-aside", { site_id }, admin)).toMatchObject({ body: { items: [] } });
});

test("a run that comes before GitHub's answer to the dispatch is told to ask again", async () => {
  double.faults.plan("POST */dispatches", 503, { times: 1_000 });
  const id = await environmentId("staging");
  const { body } = await ask("POST /api/environments/{id}/drift-check", { id }, { token });
  const early = { token: await runnerToken({ run_id: "4711" }) };
  expect(await ask("POST /api/jobs/{id}/claim", { id: String(Object(body).job_id) }, early)).toMatchObject({
    status: 503,
    body: { code: "run_not_recorded" },
  });
});
