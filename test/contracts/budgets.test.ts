/** How many requests the bot makes of GitHub, counted by the double: an installation has 5,000 an hour for everything. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test, vi } from "vitest";
import { z } from "zod";
import type { Bot } from "../../src/bot.ts";
import { LAST_LOOK } from "../../src/core/milestones.ts";
import { type Double, startDouble } from "../double/double.ts";
import type { PullRequest } from "../double/github/state.ts";
import { backedUp, built, measured, NOT_COMPARED, RELEASE, switched } from "../flows/facts.ts";
import { METRICS_TOKEN, startTestBot } from "../support/bot.ts";
import { EXAMPLE } from "../unit/config/example.ts";

const WORKFLOW = readFileSync(join(import.meta.dirname, "../../docs/workflow/belay.yml"), "utf8");
/** On a slow machine the story takes longer than the example's 90 s. */
const CONFIG = EXAMPLE.replace("max_age: 90s", "max_age: 20h");
/** Reached only when the test fails: the bot writes 70 times a minute at most, and the story takes more than that. */
const PATIENT = { timeout: 100_000, interval: 20 };
const Claim = z.object({
  operation_id: z.string(),
  job_type: z.string(),
  input: z.object({ target_environment: z.string().optional() }).loose(),
});
const Answer = z.object({ next_job_id: z.string().nullable(), result: z.string().nullable() });

let double: Double;
let bot: Bot;
let pull: PullRequest;
beforeAll(async () => {
  double = await startDouble({
    // The double has no runner, and would tell at once that a run is lost: the runner is played here.
    app: { events: ["pull_request", "issue_comment"] },
    repositories: [
      {
        name: "acme/shop",
        files: { ".github/belay.yml": CONFIG, ".github/workflows/belay.yml": WORKFLOW },
        branches: ["staging", "production"],
        people: { ann: "write", mona: "write", bob: "read" },
        environments: { production: {} },
      },
      // Without a policy each look costs one request more: whether there is none, or none that the App may see.
      { name: "acme/.github", files: { "belay-policy.yml": "version: 1\n" } },
    ],
  });
  bot = await startTestBot(double);
  await double.as("ann").push("staging", { "theme.css": "new" });
  pull = await double.as("ann").openPullRequest({ title: "Promote", head: "staging", base: "production" });
  await settled();
  // What holds for minutes is asked for once: the App's token, whether it sees all repositories.
  await double.as("ann").comment(pull, "/help");
  await vi.waitFor(() => expect(double.comments(pull)).toHaveLength(2), PATIENT);
  await settled();
}, 120_000);
afterAll(async () => {
  await bot?.stop();
  await double?.close();
});

/** Until the bot has nothing left to do. */
async function settled(): Promise<void> {
  const headers = { authorization: `Bearer ${METRICS_TOKEN}` };
  await vi.waitFor(async () => {
    const text = await (await fetch(`${bot.url}/api/metrics`, { headers })).text();
    expect(text).toMatch(/^belay_deliveries\{state="done"\}/m);
    expect(text).not.toMatch(/^belay_(deliveries|effects)\{state="pending"\} [1-9]/m);
  }, PATIENT);
}

interface Spent {
  readonly requests: readonly string[];
  readonly checks: number;
  readonly progress: number;
}

/** What is asked of GitHub until the bot rests again. */
async function spent(act: () => Promise<unknown>): Promise<Spent> {
  const before = double.requests.length;
  await act();
  await settled();
  const asked = double.requests.slice(before).map(({ method, path }) => `${method} ${path}`);
  // The timer's look at deliveries is asked as the App, whatever goes on: it does not count for an installation.
  const requests = asked.filter((line) => !line.includes(" /app/"));
  const count = (pattern: RegExp) => requests.filter((line) => pattern.test(line)).length;
  return {
    requests,
    checks: count(/^(POST|PATCH) \S+\/check-runs/),
    progress: count(/^PATCH \S+\/issues\/comments\//),
  };
}

test("a command of somebody who may not give it: 6 requests at most", async () => {
  const { requests } = await spent(() => double.as("bob").comment(pull, "/promote"));
  expect(requests.length, requests.join("\n")).toBeLessThanOrEqual(6);
  expect(double.comments(pull).at(-1)?.body).toContain("needs write permission");
});

test("a promotion that is blocked: 8 requests at most, and one for each check that changes", async () => {
  const { requests, checks } = await spent(() => double.as("ann").comment(pull, "/promote"));
  expect(checks).toBeGreaterThan(0);
  expect(requests.length, requests.join("\n")).toBeLessThanOrEqual(8 + checks);
  expect(double.comments(pull).at(-1)?.body).toContain("blocked");
});

const production = measured({});
const staging = measured({ widgets: { "1": "new" }, theme: "new theme" });

/** Facts of success, as a host would tell them. */
function factsOf({ job_type, input }: z.infer<typeof Claim>, first: boolean): object {
  switch (job_type) {
    case "release_build":
      return built(staging, pull.headSha);
    case "backup_create":
      return backedUp(new Date().toISOString());
    case "env_refresh":
      return { target: production, source: production, tables: [], files: 0 };
    case "env_promote":
      return switched(staging);
    default:
      return {
        ...NOT_COMPARED,
        fingerprint: first && input.target_environment !== "production" ? null : production,
      };
  }
}

/** Does the jobs of the newest run. @returns how the run ended */
async function runJobs(first = false): Promise<string | null> {
  const run = double.state.runs.at(-1);
  const token = await double.oidc.token({
    aud: "belay",
    environment: "production",
    run_id: String(run?.id ?? 0),
  });
  const post = async (path: string, body: object): Promise<unknown> => {
    const headers = { authorization: `Bearer ${token}` };
    const response = await fetch(`${bot.url}${path}`, {
      method: "POST",
      headers,
      body: JSON.stringify(body),
    });
    const answer: unknown = await response.json();
    expect(response.status, JSON.stringify(answer)).toBe(200);
    return answer;
  };
  let job: string | null = run?.inputs.job ?? null;
  let result: string | null = null;
  while (job !== null) {
    const claim = Claim.parse(await post(`/api/jobs/${job}/claim`, {}));
    const now = new Date().toISOString();
    const { operation_id, job_type } = claim;
    const facts = factsOf(claim, first);
    // Right before its switch the runner asks whether all is still as it was.
    const look = [{ at: now, event: "step_started", step: LAST_LOOK }];
    if (job_type === "env_promote") {
      expect(await post(`/api/jobs/${job}/events`, { events: look })).toEqual({ cancel: false });
    }
    const common = { schema: 1, job_id: job, job_type, operation_id, status: "succeeded" };
    const times = { started_at: now, finished_at: now, steps: [{ name: "Begin", status: "ok", seconds: 1 }] };
    const answer = Answer.parse(await post(`/api/jobs/${job}/report`, { ...common, ...times, facts }));
    job = answer.next_job_id;
    result = answer.result;
  }
  return result;
}

async function does(login: string, command: string, first = false): Promise<void> {
  const before = double.state.runs.length;
  await double.as(login).comment(pull, command);
  await vi.waitFor(() => expect(double.state.runs.length).toBe(before + 1), PATIENT);
  await settled();
  expect(await runJobs(first), command).not.toBe("failed");
  await settled();
}

/** Beside the checks that change and the edits that show progress. */
const MOST_OF_A_PROMOTION = 25;

test("a whole promotion: 25 requests at most, beside those that show its progress", async () => {
  await does("ann", "/refresh", true);
  await does("ann", "/backup");
  await does("ann", "/plan");
  // It names the release: a comment of the same second as the plan says not which plan its author had seen.
  await double.as("mona").comment(pull, `/approve ${RELEASE.slice(0, 12)}`);
  await settled();
  expect(double.comments(pull).at(-1)?.body).toContain("`mona` approved release");
  const { requests, checks, progress } = await spent(() => does("ann", "/promote"));
  expect(double.comments(pull).at(-1)?.body).toMatch(/^### .*: done$/m);
  expect(requests.length, requests.join("\n")).toBeLessThanOrEqual(MOST_OF_A_PROMOTION + checks + progress);
  // The double has no runner, and says so of each run.
  expect(double.problems.filter((problem) => !problem.includes("has no runner"))).toEqual([]);
}, 240_000);
