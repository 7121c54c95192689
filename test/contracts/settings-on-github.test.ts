/** What GitHub says of merges, as the App may read it, and pushes to settings: through the real adapter, on the double. */
import { expect, onTestFinished, test, vi } from "vitest";
import { startDouble } from "../double/double.ts";
import { startTestBot } from "../support/bot.ts";
import { EXAMPLE } from "../unit/config/example.ts";

const PATIENT = { timeout: 45_000 };

test("rules that trust anybody, want the head up to date, or merge by squash are said in the promotion's check and by /status", async () => {
  const double = await startDouble({
    repositories: [
      {
        name: "acme/shop",
        files: { ".github/belay.yml": EXAMPLE },
        branches: ["staging", "production"],
        people: { ann: "write" },
        rules: {
          production: [
            {
              type: "required_status_checks",
              parameters: {
                strict_required_status_checks_policy: true,
                required_status_checks: [{ context: "belay / production / promotion" }],
              },
            },
          ],
        },
      },
    ],
  });
  onTestFinished(() => double.close());
  double.repository().settings.deleteBranchOnMerge = true;
  const bot = await startTestBot(double);
  onTestFinished(() => bot.stop());
  const ann = double.as("ann");
  await ann.push("staging", { "theme.css": "new" });
  const pull = await ann.openPullRequest({ title: "Promote", head: "staging", base: "production" });
  const promotion = () =>
    double.checks(pull.headSha).find(({ name }) => name === "belay / production / promotion");
  await vi.waitFor(() => expect(promotion()?.output.text).toContain("from anybody"), PATIENT);
  expect(promotion()?.output.text).toContain("to be up to date");
  await ann.comment(pull, "/status");
  await vi.waitFor(() => expect(double.comments(pull)).toHaveLength(2), PATIENT);
  const body = double.comments(pull)[1]?.body ?? "";
  for (const said of ["from anybody", "to be up to date", "Squash merges are allowed", "deletes `staging`"])
    expect(body).toContain(said);
  expect(double.problems).toEqual([]);
}, 90_000);

test("a classic protection that wants the head up to date shows in pull requests that are behind, and is said then", async () => {
  const files = { ".github/belay.yml": EXAMPLE };
  const branches = ["staging", "production"];
  const double = await startDouble({
    repositories: [{ name: "acme/shop", files, branches, people: { ann: "write" } }],
  });
  onTestFinished(() => double.close());
  const bot = await startTestBot(double);
  onTestFinished(() => bot.stop());
  const ann = double.as("ann");
  await ann.push("staging", { "theme.css": "new" });
  const pull = await ann.openPullRequest({ title: "Promote", head: "staging", base: "production" });
  const status = async () => {
    const { id } = await ann.comment(pull, "/status");
    const answer = () =>
      double.comments(pull).find(({ body }) => body.includes(`belay:answer=comment:${id} `));
    return double.when("the status", () => answer()?.body);
  };
  await ann.push("production", { "hotfix.php": "<?php" });
  expect(await status()).not.toContain("to be up to date");
  double.repository().settings.upToDate = ["production"];
  expect(await status()).toContain("`production` wants `staging` to be up to date before a merge");
  // As far as the webhook tells, the check of a new head says so as well.
  await ann.push("staging", { "theme.css": "newer" });
  const promotion = () =>
    double.checks(pull.headSha).find(({ name }) => name === "belay / production / promotion")?.output.text;
  await double.when("the notice", () => promotion()?.includes("to be up to date") || undefined);
  expect(double.problems).toEqual([]);
}, 90_000);

test("a pull request that was opened before Belay was set up gets its checks when the configuration arrives", async () => {
  const double = await startDouble({
    repositories: [
      {
        name: "acme/shop",
        files: { "README.md": "# Shop" },
        branches: ["staging", "production"],
        people: { ann: "write" },
      },
    ],
  });
  onTestFinished(() => double.close());
  const bot = await startTestBot(double);
  onTestFinished(() => bot.stop());
  const ann = double.as("ann");
  await ann.push("staging", { "theme.css": "new" });
  const pull = await ann.openPullRequest({ title: "Promote", head: "staging", base: "production" });
  await ann.push("main", { "README.md": "# The shop" });
  await ann.push("main", { ".github/belay.yml": EXAMPLE });
  await vi.waitFor(() => expect(double.checks(pull.headSha).length).toBeGreaterThan(3), PATIENT);
  expect(double.problems).toEqual([]);
}, 90_000);
