/** Policy, reviews and foreign checks through the whole bot: webhooks of the double in, check runs on the double out. */
import { afterAll, beforeAll, expect, test } from "vitest";
import { type Bot, startBot } from "../../src/bot.ts";
import type { Double } from "../double/double.ts";
import type { PullRequest } from "../double/github/state.ts";
import { settingsFor } from "../support/bot.ts";
import { proposeStaging, startShop } from "../support/shop.ts";

let double: Double;
let bot: Bot;
let pull: PullRequest;

beforeAll(async () => {
  double = await startShop({ people: { dev: "write", ann: "write" }, teams: { platform: ["ann"] } });
  bot = await startBot(settingsFor(double));
  double.connect(bot.webhook_url);
}, 60_000);
afterAll(async () => {
  await bot?.stop();
  await double?.close();
  expect(double?.problems).toEqual([]);
});

const checkOf = (gate: string) =>
  double.checks(pull.headSha).find((check) => check.name === `belay / production / ${gate}`);
const answerTo = async (login: string, text: string): Promise<string> => {
  const { id } = await double.as(login).comment(pull, text);
  const find = () =>
    double.comments(pull).find(({ body }) => body.includes(`belay:answer=comment:${id} `))?.body;
  return double.when(`the answer to ${text}`, find);
};

test("the owner's policy decides which gates a pull request has, and who may give a command", async () => {
  const policy = [
    "version: 1",
    "environments:",
    "  production:",
    "    promote: {teams: [platform]}",
    "    checks: [{name: scan, app: github-actions}]",
  ].join("\n");
  double.addRepository({ name: "acme/.github", files: { "belay-policy.yml": policy } });
  pull = await proposeStaging(double, "dev");
  await double.when("the checks", () => checkOf("checks") && checkOf("promotion"));
  expect(checkOf("approval")?.conclusion).toBe("action_required");

  expect(await answerTo("dev", "/promote")).toContain(
    "`/promote` is for the team `platform`, and you are not in it",
  );
  expect(await answerTo("dev", "/help")).toContain("`belay-policy.yml` of `acme/.github`");
  expect(await answerTo("ann", "/approve")).toContain("there is no plan of");
});

test("another App's check is followed by ours", async () => {
  await double.foreignCheck(pull.headSha, "scan", "failure");
  await double.when("our check", () => checkOf("checks")?.conclusion === "failure" || undefined);
  await double.foreignCheck(pull.headSha, "scan", "success");
  await double.when("our check", () => checkOf("checks")?.conclusion === "success" || undefined);
});

test("a review is taken in; without a plan it is a yes to nothing", async () => {
  await double.as("ann").review(pull, "APPROVED");
  await double.idle();
  expect(checkOf("approval")?.conclusion).toBe("action_required");
  expect(double.webhooks.deliveries.at(-1)).toMatchObject({ event: "pull_request_review" });
});

const ours = () => double.comments(pull).filter(({ author }) => author === double.app.bot.login).length;

test("a bot commands what the policy names it for; what other bots say is not even answered", async () => {
  for (const name of ["Release Train", "Helper"]) double.addApp(name);
  const policy = "version: 1\ndefaults:\n  cancel: {bots: [release-train]}\n";
  await double.as("dev").push("main", { "belay-policy.yml": policy }, { repository: "acme/.github" });
  const before = ours();
  await double.as("helper[bot]").comment(pull, "/cancel");
  expect(await answerTo("release-train[bot]", "/promote")).toContain(
    "the policy does not name `release-train` among the bots that may give `/promote`",
  );
  expect(await answerTo("release-train[bot]", "/cancel")).toContain("There is nothing to stop");
  expect(ours()).toBe(before + 2);
});

test("nor does it obey its own account, or an App in a person's name", async () => {
  const before = ours();
  await double.as(double.app.bot.login).comment(pull, "/cancel");
  const train = double.state.apps.find(({ slug }) => slug === "release-train")?.id ?? null;
  await double.as("ann").comment(pull, "/cancel", train);
  await answerTo("release-train[bot]", "/cancel");
  expect(ours()).toBe(before + 2);
});

test("a policy that is wrong is told with its line, and nothing goes on", async () => {
  await double
    .as("dev")
    .push("main", { "belay-policy.yml": "version: 1\ndefault: {}\n" }, { repository: "acme/.github" });
  const answer = await answerTo("ann", "/promote");
  expect(answer).toContain("the policy, `belay-policy.yml` in `acme/.github`, has 1 error");
  expect(answer).toContain("line 2 (`default`)");
  expect(double.state.runs).toEqual([]);
});
