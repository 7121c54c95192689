/** Runs that nobody but a person or a stranger's workflow started, on the double's runner with the bundled action. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { Bot } from "../../src/bot.ts";
import type { Double } from "../double/double.ts";
import type { PullRequest, Run } from "../double/github/state.ts";
import { startTestBot } from "../support/bot.ts";
import { proposeStaging, startShop } from "../support/shop.ts";

const PROJECT = join(import.meta.dirname, "../..");
const WORKFLOW = readFileSync(join(PROJECT, "docs/workflow/belay.yml"), "utf8");
const OWN = `
name: Mine
on: workflow_dispatch
jobs:
  take:
    runs-on: ubuntu-latest
    environment: production
    steps:
      - run: echo "the key is here"
`;

let double: Double;
let bot: Bot;
let pull: PullRequest;
beforeAll(async () => {
  double = await startShop({
    runner: { project: PROJECT, node: process.execPath, belay: "belay-bot/belay" },
    files: { ".github/workflows/own.yml": OWN },
    environments: { production: { rule: true, branches: ["main"] } },
  });
  // What fails is not tried again: the environments are free at once.
  bot = await startTestBot(double, { flow_settings: { retry_waits_s: [] } });
  const ann = double.as("ann");
  const workflow = WORKFLOW.replace("https://belay.example.com", bot.url).replace(
    "# protection-rule: true",
    "protection-rule: true",
  );
  await ann.push("main", { ".github/workflows/belay.yml": workflow });
  pull = await proposeStaging(double);
}, 60_000);
afterAll(async () => {
  await bot?.stop();
  await double?.close();
});

const ended = (run: Run) => double.when("the end of the run", () => run.status === "completed" || undefined);
const answersOf = ({ id }: Run) =>
  double.requests
    .filter(({ path }) => path.endsWith(`/actions/runs/${id}/deployment_protection_rule`))
    .map(({ body, status }) => ({ state: Object(body).state, status }));

test("the run that the bot started is let into the environment", async () => {
  await double.as("ann").comment(pull, "/drift");
  const run = await double.when("a run", () => double.state.runs[0]);
  await ended(run);
  expect(answersOf(run)).toEqual([{ state: "approved", status: 204 }]);
  // Past the rule it lacks the key, which is not this test's matter.
  expect(run.log.join("\n")).toContain("INPUT_INVALID");
});

test("somebody's own workflow is not, and its steps never run", async () => {
  const run = double.as("ann").runWorkflow("own.yml");
  await ended(run);
  expect(answersOf(run)).toEqual([{ state: "rejected", status: 204 }]);
  expect(run.conclusion).toBe("failure");
  expect(run.log.join("\n")).not.toContain("the key is here");
  expect(run.log.join("\n")).toContain("Comment `/promote` on the environment pull request");
});

test("Belay's workflow started by hand is judged as /promote is, and says why it ends", async () => {
  const run = double.as("ann").runWorkflow("belay.yml", { environment: "production" });
  await ended(run);
  expect(run.conclusion).toBe("failure");
  const log = run.log.join("\n");
  // There is no baseline yet: the same gate that answers the command.
  expect(log).toMatch(/Error: (DRIFT_UNKNOWN|BACKUP_MISSING): /);
  expect(answersOf(run)).toEqual([]);
  const told = await double.when("the promotion's comment", () =>
    double.comments(pull).find(({ body }) => body.includes("Promotion of staging to production")),
  );
  expect(told.body).toContain("ann");
});

test("started by somebody who may not promote, or with a job that is not its own, it begins nothing", async () => {
  const promotions = () =>
    double.comments(pull).filter(({ body }) => body.includes("Promotion of staging to production")).length;
  const run = double.as("bob").runWorkflow("belay.yml", { environment: "production" });
  await ended(run);
  expect(run.log.join("\n")).toContain(
    "PERMISSION_MISSING: Nothing was started: `/promote` needs write permission",
  );
  const job = "00000000-0000-4000-8000-000000000000";
  const forged = double.as("ann").runWorkflow("belay.yml", { environment: "production", job });
  await ended(forged);
  expect(answersOf(forged)).toEqual([{ state: "rejected", status: 204 }]);
  await double.idle();
  expect(promotions()).toBe(1);
  expect(double.problems).toEqual([]);
});
