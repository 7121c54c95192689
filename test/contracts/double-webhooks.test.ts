/** The double's webhooks: what people do reaches the app, signed, and goes wrong only on request. */
import { expect, test } from "vitest";
import { appClient, environmentPull, given, installationClient, listen, REPO } from "./double-setup.ts";

test("a comment arrives signed, with the pull request as issue", async () => {
  const double = await given();
  const received = await listen(double);
  const pull = await environmentPull(double);
  await double.as("dev").comment(pull, "/promote");
  expect(received.map(({ event, payload }) => [event, payload.action])).toEqual([
    ["push", undefined],
    ["pull_request", "opened"],
    ["issue_comment", "created"],
  ]);
  expect(received.every(({ signed }) => signed)).toBe(true);
  const payload = received[2]?.payload;
  expect([
    payload?.comment?.body,
    payload?.issue?.number,
    payload?.issue?.pull_request.url.endsWith("/pulls/1"),
  ]).toEqual(["/promote", 1, true]);
  expect([payload?.installation.id, payload?.sender.login]).toEqual([
    double.state.installations[0]?.id,
    "dev",
  ]);
  expect(double.problems).toEqual([]);
});

test("a push to the head is a synchronize with both hashes; a merge closes", async () => {
  const double = await given();
  const received = await listen(double);
  const pull = await environmentPull(double);
  const before = pull.headSha;
  const after = await double.as("dev").push("staging", { "new.txt": "new\n", "README.md": null });
  await double.as("ann").merge(pull);
  const pulls = received.filter(({ event }) => event === "pull_request").map(({ payload }) => payload);
  expect(pulls.map(({ action }) => action)).toEqual(["opened", "synchronize", "closed"]);
  expect([pulls[1]?.before, pulls[1]?.after, pulls[1]?.pull_request?.head.sha]).toEqual([
    before,
    after,
    after,
  ]);
  expect([pulls[2]?.pull_request?.merged, pulls[2]?.pull_request?.merged_by?.login]).toEqual([true, "ann"]);
  const main = double.state.commits.get(double.repository().branches.get("main") ?? "");
  expect([...(main?.files.keys() ?? [])].sort()).toEqual(["new.txt", "theme/style.css"]);
  expect(double.problems).toEqual([]);
});

test("edits, deletions, closing and reopening, squashes and fast-forwards are told", async () => {
  const double = await given();
  const received = await listen(double);
  const pull = await environmentPull(double);
  const comment = await double.as("dev").comment(pull, "/plan");
  await double.as("dev").editComment(comment, "/promote");
  await double.as("dev").deleteComment(comment);
  await double.as("dev").closePullRequest(pull);
  await double.as("dev").reopenPullRequest(pull);
  expect(await double.as("ann").merge(pull, "fast-forward")).toBe(pull.headSha);
  const told = received.filter(({ event }) => event !== "push").map(({ payload }) => payload.action);
  expect(told).toEqual(["opened", "created", "edited", "deleted", "closed", "reopened", "closed"]);
  expect(received.find(({ payload }) => payload.action === "edited")?.payload.changes?.body.from).toBe(
    "/plan",
  );
  expect(double.problems).toEqual([]);
});

test("a button of a check can be pressed only while it is shown", async () => {
  const double = await given();
  const octokit = await installationClient(double);
  const received = await listen(double);
  const head_sha = double.repository().branches.get("main") ?? "";
  const actions = [{ label: "Back up", description: "Take a backup", identifier: "backup" }];
  const output = { title: "Blocked", summary: "No backup." };
  await octokit.rest.checks.create({
    ...REPO,
    name: "belay",
    head_sha,
    status: "completed",
    conclusion: "action_required",
    actions,
    output,
  });
  await double.idle();
  const [check] = double.checks(head_sha);
  if (!check) throw new Error("no check");
  await double.as("dev").clickCheckAction(check, "backup");
  await double.as("dev").rerunCheck(check);
  await expect(async () => double.as("dev").clickCheckAction(check, "other")).rejects.toThrow(
    "shows no button other",
  );
  expect(
    received.map(({ payload }) => [
      payload.action,
      payload.requested_action?.identifier,
      payload.sender.login,
    ]),
  ).toEqual([
    ["completed", undefined, "belay[bot]"],
    ["requested_action", "backup", "dev"],
    ["rerequested", undefined, "dev"],
  ]);
  expect(double.problems).toEqual([]);
});

test("twice, withheld and out of order, lost and sent again", async () => {
  const double = await given();
  const pull = await environmentPull(double);
  const received = await listen(double);
  const bodies = () => received.map(({ payload }) => payload.comment?.body);
  double.webhooks.twice();
  await double.as("dev").comment(pull, "a");
  expect(bodies()).toEqual(["a", "a"]);
  expect(received[0]?.guid).toBe(received[1]?.guid);
  double.webhooks.withhold();
  await double.as("dev").comment(pull, "b");
  await double.as("dev").comment(pull, "c");
  expect(bodies()).toEqual(["a", "a"]);
  await double.webhooks.release((held) => held.toReversed());
  expect(bodies()).toEqual(["a", "a", "c", "b"]);
  double.webhooks.lose();
  await double.as("dev").comment(pull, "d");
  expect(bodies()).toHaveLength(4);
  const app = await appClient(double);
  const { data: failed } = await app.rest.apps.listWebhookDeliveries({ status: "failure" });
  const lost = failed[0];
  await app.rest.apps.redeliverWebhookDelivery({ delivery_id: lost?.id ?? 0 });
  await double.idle();
  expect([bodies().at(-1), received.at(-1)?.guid]).toEqual(["d", lost?.guid]);
  expect(double.problems).toEqual([]);
});

test("a head that is pushed to its base counts as merged", async () => {
  const double = await given();
  const pull = await environmentPull(double);
  await double.as("ann").pointBranch("main", pull.headSha);
  expect([pull.state, pull.mergeCommit, pull.mergedBy]).toEqual(["closed", pull.headSha, "ann"]);
});

test("deliveries are listed by cursor", async () => {
  const double = await given();
  await listen(double);
  const pull = await environmentPull(double);
  for (const body of ["a", "b", "c"]) await double.as("dev").comment(pull, body);
  const app = await appClient(double);
  const all = await app.paginate(app.rest.apps.listWebhookDeliveries, { per_page: 2 });
  expect(all.map(({ event }) => event)).toEqual([
    "issue_comment",
    "issue_comment",
    "issue_comment",
    "pull_request",
    "push",
  ]);
  expect(double.problems).toEqual([]);
});

test("a test can wait for what must come, and hears at once when something is wrong", async () => {
  const double = await given();
  const pull = await environmentPull(double);
  const waiting = double.when("a comment", () => double.comments(pull)[0]?.body);
  await double.as("dev").comment(pull, "here");
  expect(await waiting).toBe("here");
  const hopeless = expect(double.when("a second comment", () => double.comments(pull)[1])).rejects.toThrow(
    "no such route",
  );
  await fetch(`${double.apiUrl}/nonsense`);
  await hopeless;
  await expect(given().then((other) => other.when("nothing", () => undefined, 1))).rejects.toThrow(
    "nothing did not come within",
  );
});

test("a pull request from a fork has its head elsewhere", async () => {
  const double = await given();
  double.addRepository({ name: "eve/shop", files: {}, forkOf: "acme/shop", people: { eve: "admin" } });
  const received = await listen(double);
  await double.as("eve").push("staging", { "x.txt": "x\n" }, { repository: "eve/shop" });
  const pull = await double
    .as("eve")
    .openPullRequest({ head: "staging", base: "main", title: "Mine", headRepository: "eve/shop" });
  const head = received[0]?.payload.pull_request?.head;
  expect([received.length, pull.number, head?.repo.full_name, head?.repo.fork]).toEqual([
    1,
    1,
    "eve/shop",
    true,
  ]);
  expect(double.problems).toEqual([]);
});
