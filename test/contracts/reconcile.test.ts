/** What GitHub could not tell the bot is found out by the bot: webhooks that nobody answered, and runs that ended unseen. */
import { expect, onTestFinished, test, vi } from "vitest";
import { startTestBot } from "../support/bot.ts";
import { proposeStaging, startShop } from "../support/shop.ts";

const PATIENT = { timeout: 45_000 };

test("webhooks that came while the bot was away are delivered again when it starts, and work as if they had come then", async () => {
  const double = await startShop();
  onTestFinished(() => double.close());
  const pull = await proposeStaging(double);
  const ann = double.as("ann");
  await ann.comment(pull, "/status");
  expect(double.webhooks.deliveries.every(({ status }) => status === 0)).toBe(true);

  const bot = await startTestBot(double);
  onTestFinished(() => bot.stop());
  await vi.waitFor(() => expect(double.comments(pull)).toHaveLength(2), PATIENT);
  expect(double.comments(pull)[1]?.body).toContain("Status of staging to production");
  const again = double.webhooks.deliveries.filter(({ redelivery }) => redelivery);
  expect(again.map(({ event }) => event)).toEqual(expect.arrayContaining(["pull_request", "issue_comment"]));
  expect(new Set(again.map(({ guid }) => guid)).size).toBe(again.length);
  expect(double.problems).toEqual([]);
}, 90_000);

test("many webhooks that came while the bot was away are read, which needs no way from GitHub to the bot, though it stumbles, and each is worked on once", async () => {
  const double = await startShop();
  onTestFinished(() => double.close());
  const pull = await proposeStaging(double);
  const ann = double.as("ann");
  for (let at = 0; at < 60; at++) await ann.comment(pull, `Looks good ${at}.`);
  await ann.comment(pull, "/status");

  double.faults.plan("GET /app/hook/deliveries/*", 500);
  const bot = await startTestBot(double);
  onTestFinished(() => bot.stop());
  double.connect(null);
  await vi.waitFor(() => expect(double.comments(pull)).toHaveLength(62), PATIENT);
  expect(double.comments(pull)[61]?.body).toContain("Status of staging to production");
  expect(double.webhooks.deliveries.filter(({ redelivery }) => redelivery)).toEqual([]);
  expect(double.problems).toEqual([]);
}, 90_000);
