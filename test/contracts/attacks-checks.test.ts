/** Checks that others write, reviews that others dismiss, a policy that was put out of sight: what they open is nothing. */
import { afterAll, beforeAll, expect, test, vi } from "vitest";
import type { Bot } from "../../src/bot.ts";
import type { Double } from "../double/double.ts";
import type { PullRequest } from "../double/github/state.ts";
import { startTestBot } from "../support/bot.ts";
import { isSettled, proposeStaging, startShop } from "../support/shop.ts";

const PATIENT = { timeout: 60_000, interval: 50 };
const POLICY = "version: 1\nenvironments: {production: {checks: [{name: scan, app: app-77}]}}\n";
/** The App of the policy, as the double calls it. */
const SCANNER = 77;
const PROMOTION = "belay / production / promotion";

let double: Double;
let bot: Bot;
let pull: PullRequest;

beforeAll(async () => {
  double = await startShop({ people: { ann: "write", mallory: "write" } });
  double.addRepository({ name: "acme/.github", private: true, files: { "belay-policy.yml": POLICY } });
  bot = await startTestBot(double);
  pull = await proposeStaging(double, "mallory");
  await double.when("the checks", () => own("checks") && own("promotion"));
  expect(await answerTo("/status")).toContain("Status of staging to production");
}, 60_000);
afterAll(async () => {
  await bot?.stop();
  await double?.close();
  expect(double?.problems).toEqual([]);
});

const own = (gate: string) =>
  double
    .checks(pull.headSha)
    .find(({ name, app }) => name === `belay / production / ${gate}` && app === double.app.id);
const settled = () => vi.waitFor(async () => expect(await isSettled(bot)).toBe(true), PATIENT);
const answerTo = async (text: string): Promise<string> => {
  const { id } = await double.as("ann").comment(pull, text);
  const marks = [`belay:answer=comment:${id} `, "belay:operation="];
  return double.when(
    `the answer to ${text}`,
    () =>
      double.comments(pull).findLast((one) => one.id > id && marks.some((mark) => one.body.includes(mark)))
        ?.body,
  );
};

test("a check of the policy's name by a workflow of theirs does not count, whatever it says", async () => {
  await double.foreignCheck(pull.headSha, "scan", "success");
  await settled();
  expect(own("checks")?.conclusion).not.toBe("success");
});

test.each(["neutral", "skipped"])("nor does the App's own where it ended as %s", async (conclusion) => {
  await double.foreignCheck(pull.headSha, "scan", conclusion, SCANNER);
  const says = `ended as ${conclusion}, and the policy wants success`;
  await double.when("our check", () => own("checks")?.output.summary?.includes(says) || undefined);
  expect(own("checks")?.conclusion).toBe("failure");
});

test("the App's success does; a commit status of the name is not even read", async () => {
  await double.foreignCheck(pull.headSha, "scan", "success", SCANNER);
  await double.when("our check", () => own("checks")?.conclusion === "success" || undefined);
  const read = double.requests.map(({ path }) => path);
  expect(read.filter((path) => /\/commits\/[^/]+\/status(es)?$|\/statuses\/[0-9a-f]{40}/.test(path))).toEqual(
    [],
  );
});

test("a check of our own name by a workflow of theirs is never taken for ours, nor changed", async () => {
  const before = own("promotion");
  const forged = await double.foreignCheck(pull.headSha, PROMOTION, "success");
  await settled();
  expect(own("promotion")).toEqual(before);
  expect(await answerTo("/promote")).toContain("blocked");
  await double.when("our check", () => own("promotion")?.conclusion === "failure" || undefined);
  expect(double.state.checks.find(({ id }) => id === forged.id)).toMatchObject({
    conclusion: "success",
    output: { title: null },
  });
});

test("a policy that Belay may not see any more stops everything; its absence is not taken from a 404", async () => {
  const [installation] = double.state.installations;
  if (installation === undefined) throw new Error("the App is not installed");
  installation.selected = new Set([double.repository("acme/shop").id]);
  try {
    for (const text of ["/promote", "/approve", "/help"])
      expect(await answerTo(text)).toContain("GitHub shows Belay no repository `acme/.github`");
  } finally {
    installation.selected = null;
  }
  expect(double.state.runs).toEqual([]);
});
