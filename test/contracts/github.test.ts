/** The adapter for GitHub against the double: every effect applied twice, and after an answer that was lost, makes one thing. */
import { Probot } from "probot";
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import type { CheckEffect, CommentEffect, DispatchEffect, Effect } from "../../src/core/effects.ts";
import { touchesNothingPromoted } from "../../src/core/harmless.ts";
import { boundedFetch, octokitClass } from "../../src/github/client.ts";
import { github } from "../../src/github/github.ts";
import { userTokens } from "../../src/github/user-token.ts";
import type { Github } from "../../src/ports/github.ts";
import type { Repository } from "../../src/ports/sites.ts";
import { type Double, startDouble } from "../double/double.ts";

const WORKFLOW = `name: Belay
run-name: Belay \${{ inputs.nonce }}
on:
  workflow_dispatch:
    inputs: {job: {}, nonce: {}, environment: {}}
jobs:
  belay:
    runs-on: ubuntu-latest
    steps: []
`;

let double: Double;
let port: Github;
let repository: Repository;
let number: number;
let sha: string;

beforeAll(async () => {
  double = await startDouble({
    repositories: [
      {
        name: "acme/shop",
        files: { "index.php": "<?php", ".github/workflows/belay.yml": WORKFLOW },
        branches: ["staging", "production"],
        people: { ann: "write", tess: "triage", bob: "read" },
      },
    ],
  });
  const { app } = double;
  const probot = new Probot({
    appId: app.id,
    privateKey: app.privateKey,
    secret: app.webhookSecret,
    baseUrl: double.apiUrl,
    Octokit: octokitClass(),
    request: { fetch: boundedFetch() },
    logLevel: "fatal",
  });
  await probot.ready();
  port = github({ clients: (id) => probot.auth(id), app_id: app.id });
  const { id, defaultBranch } = double.repository();
  const installation_id = double.state.installations[0]?.id ?? 0;
  repository = { id, owner: "acme", name: "shop", installation_id, default_branch: defaultBranch };
  const ann = double.as("ann");
  sha = await ann.push("staging", { "theme.css": "new" });
  const pull = await ann.openPullRequest({ title: "Promote", head: "staging", base: "production" });
  number = pull.number;
});
afterAll(() => double.close());
beforeEach(() => double.faults.clear());

const apply = (effect: Effect, known: Parameters<Github["applyEffect"]>[2] = null) =>
  port.applyEffect(repository, effect, known);
const pull = () => {
  const found = double.state.pulls.find((one) => one.number === number);
  if (found === undefined) throw new Error("the pull request is gone");
  return found;
};
const bodies = () => double.comments(pull()).map(({ body }) => body);

let marks = 0;
const marked = (text: string): CommentEffect => {
  marks += 1;
  const marker = `<!-- belay:operation=${marks} -->`;
  return { kind: "comment", pull_request: number, marker, body: `${marker}\n${text}` };
};
const check = (external_id: string): CheckEffect => ({
  kind: "check",
  head_sha: sha,
  name: "belay / production / drift",
  external_id,
  status: "completed",
  conclusion: "failure",
  title: "Drifted",
  summary: "posts: 1 row changed",
});
/** @param untried false: it may have been asked for a moment ago */
const start = (effect: DispatchEffect, untried = true) => port.applyEffect(repository, effect, null, untried);
const dispatched = (nonce: string): DispatchEffect => ({
  kind: "dispatch",
  operation_id: nonce,
  workflow: "belay.yml",
  ref: "main",
  nonce,
  inputs: { job: "j", nonce, environment: "production" },
});

test("a comment whose answer was lost is found by its marker, and edited from then on", async () => {
  const comment = marked("first");
  double.faults.plan("POST */issues/*/comments", "lost-answer");
  expect(await apply(comment)).toMatchObject({ ok: false, retry: true, code: "GITHUB_UNAVAILABLE" });
  const made = await apply(comment);
  expect(made).toMatchObject({ ok: true });
  const edited = { ...comment, body: comment.body.replace("first", "second") };
  expect(await apply(edited, made.ok ? made : null)).toEqual(made);
  expect(bodies().filter((body) => body.startsWith(comment.marker))).toEqual([edited.body]);
});

test("a person's comment with our marker is not ours", async () => {
  const comment = marked("ours");
  await double.as("bob").comment(pull(), `${comment.marker}\nnot ours`);
  await apply(comment);
  expect(bodies().filter((body) => body.startsWith(comment.marker))).toEqual([
    `${comment.marker}\nnot ours`,
    comment.body,
  ]);
});

test("a comment that somebody deleted is written anew", async () => {
  const comment = marked("again");
  const made = await apply(comment);
  const written = double.comments(pull()).find(({ body }) => body === comment.body);
  if (written === undefined || !made.ok) throw new Error("the comment was not written");
  await double.as("ann").deleteComment(written);
  expect(await apply(comment, made)).toMatchObject({ ok: true });
  expect(bodies().filter((body) => body === comment.body)).toHaveLength(1);
});

test("an answer is written once", async () => {
  const answer = { ...marked("an answer"), kind: "answer" } as const;
  double.faults.plan("POST */issues/*/comments", "lost-answer");
  await apply(answer);
  const made = await apply(answer);
  expect(await apply(answer, made.ok ? made : null)).toEqual(made);
  expect(bodies().filter((body) => body === answer.body)).toHaveLength(1);
});

test("a check run is one per external id, whoever else uses its name", async () => {
  await double.foreignCheck(sha, check("a").name, "success");
  double.faults.plan("POST */check-runs", "lost-answer");
  expect(await apply(check("a"))).toMatchObject({ ok: false, retry: true });
  const made = await apply(check("a"));
  const other = await apply(check("b"));
  const updated = await apply({ ...check("a"), conclusion: "success" }, made.ok ? made : null);
  expect(updated).toEqual(made);
  const ours = double.state.checks.filter((run) => run.app === double.app.id);
  expect(ours.map((run) => [run.externalId, run.conclusion])).toEqual([
    ["a", "success"],
    ["b", "failure"],
  ]);
  expect(other).not.toEqual(made);
});

test("a run whose start was not answered is found by its nonce, not started again", async () => {
  double.faults.plan("POST */dispatches", "lost-answer");
  expect(await start(dispatched("n-1"))).toMatchObject({ ok: false, retry: true });
  const found = await start(dispatched("n-1"), false);
  expect(double.state.runs).toHaveLength(1);
  expect(found).toMatchObject({ ok: true, external_id: double.state.runs[0]?.id });
  const second = await start(dispatched("n-2"));
  expect(second).toMatchObject({ ok: true, external_id: double.state.runs[1]?.id });
});

test("a run that may have been started a moment ago is only looked for", async () => {
  const before = double.state.runs.length;
  const looked = await start(dispatched("n-8"), false);
  expect(looked).toMatchObject({ ok: false, retry: true, code: "RUN_NOT_LISTED_YET" });
  expect(double.state.runs).toHaveLength(before);
  expect(await start(dispatched("n-8"))).toMatchObject({ ok: true });
});

test("of a run GitHub says whether it is over, and of one that it does not show nothing", async () => {
  await start(dispatched("n-7"));
  const run = double.state.runs.at(-1);
  if (run === undefined) throw new Error("no run was started");
  await double.runs.finished(run);
  expect(await port.isRunOver(repository, run.id)).toBe(true);
  run.status = "in_progress";
  expect(await port.isRunOver(repository, run.id)).toBe(false);
  expect(await port.isRunOver(repository, 1)).toBeNull();
});

test("a protection rule that is answered already is not answered again; one that is not asked for is a fault", async () => {
  const { external_id: run_id } = (await start(dispatched("n-6"))) as { external_id: number };
  const run = double.state.runs.at(-1);
  if (run === undefined) throw new Error("no run was started");
  await double.runs.finished(run);
  const answer = (environment: string) =>
    ({ kind: "protection", run_id, environment, state: "approved", comment: "Granted." }) as const;
  const tell = (environment: string, untried: boolean) =>
    port.applyEffect(repository, answer(environment), null, untried);
  expect(await tell("production", true)).toMatchObject({ ok: true });
  double.state.waiting.push({ run: run_id, environment: "staging", answer: () => undefined });
  expect(await tell("production", true)).toMatchObject({ ok: false, retry: false, code: "GITHUB_REFUSED" });
  expect(await tell("production", false)).toMatchObject({ ok: true });
  expect(await tell("staging", true)).toMatchObject({ ok: true });
  expect(double.state.waiting).toEqual([]);
  expect(await tell("staging", true)).toMatchObject({ ok: true });
});

test("attack: a run that somebody else started under the same nonce is not taken for the bot's", async () => {
  double.faults.plan("POST */dispatches", "lost-answer");
  await start(dispatched("n-4"));
  const own = double.state.runs.at(-1);
  const inputs = { job: "j", nonce: "n-4", environment: "production" };
  double.as("ann").runWorkflow("belay.yml", inputs);
  expect(await start(dispatched("n-4"))).toMatchObject({ ok: true, external_id: own?.id });
});

test("attack: a tag of the default branch's name is not what is started", async () => {
  await start(dispatched("n-5"));
  const asked = double.requests.findLast(({ path }) => path.endsWith("/dispatches"));
  expect(asked?.body).toMatchObject({ ref: "refs/heads/main" });
});

test("attack: a file that is moved among the documentation is named with where it lay before", async () => {
  const ann = double.as("ann");
  await ann.push("production", { "wp-content/shop.php": "<?php // the shop" });
  await ann.pointBranch("tidy", double.repository().branches.get("production") ?? "");
  await ann.push("tidy", { "wp-content/shop.php": null, "docs/shop.php": "<?php // the shop" });
  const { number: moved } = await ann.openPullRequest({ head: "tidy", base: "production", title: "Tidy" });
  const { paths } = await port.changedFiles(repository, moved);
  expect(paths.toSorted()).toEqual(["docs/shop.php", "wp-content/shop.php"]);
  expect(touchesNothingPromoted({ paths, complete: true })).toBe(false);
});

test("a workflow that is not there cannot be started, and says so", async () => {
  const wrong = await start({ ...dispatched("n-3"), workflow: "none.yml" });
  expect(wrong).toMatchObject({ ok: false, retry: false, code: "GITHUB_NOT_FOUND" });
});

test("a deployment is made once, and each of its states once", async () => {
  const operation_id = "o-1";
  const description = `Promotion of staging to production ${"x".repeat(200)}`;
  const deployment = {
    kind: "deployment",
    operation_id,
    sha,
    environment: "production",
    production: true,
    description,
  } as const;
  double.faults.plan("POST */deployments", "lost-answer");
  await apply(deployment);
  const made = await apply(deployment);
  const known = made.ok ? made : null;
  const url = "https://acme.example";
  const status = {
    kind: "deployment_status",
    operation_id,
    state: "success",
    description,
    environment_url: url,
  } as const;
  expect(await apply(status, known)).toEqual(made);
  expect(await apply(status, known)).toEqual(made);
  const [only, ...others] = double.deployments("production");
  expect(others).toEqual([]);
  expect(only).toMatchObject({ ref: sha, payload: { operation_id } });
  expect(only?.description).toHaveLength(140);
  expect(only?.statuses.map(({ state }) => state)).toEqual(["success"]);
  expect(await apply({ ...status, operation_id: "o-2" })).toMatchObject({
    ok: false,
    code: "DEPLOYMENT_MISSING",
  });
});

test("a refusal because of the rate is waited out", async () => {
  const comment = double.comments(pull())[0];
  double.faults.plan("POST */reactions", "secondary-rate-limit", { retryAfter: 1 });
  const effect = { kind: "reaction", comment_id: comment?.id ?? 0, content: "eyes" } as const;
  const first = await apply(effect);
  expect(first).toMatchObject({ ok: true });
  expect(await apply(effect)).toEqual(first);
});

test("reads are repeated when GitHub stumbles; what is not there is null, what cannot be told throws", async () => {
  double.faults.plan("GET */pulls/*", 502, { times: 2 });
  expect(await port.pullRequest(repository, number)).toMatchObject({ number, head_sha: sha, state: "open" });
  expect(await port.pullRequest(repository, 99)).toBeNull();
  double.faults.plan("GET */pulls/*", "no-answer", { times: 3 });
  await expect(port.pullRequest(repository, number)).rejects.toMatchObject({
    code: "GITHUB_UNAVAILABLE",
    retry: true,
  });
});

test("what flows read", async () => {
  expect(await port.openPullRequests(repository, { head: "staging", base: "production" })).toMatchObject([
    { number },
  ]);
  expect(await port.openPullRequests(repository, { head: "production", base: "staging" })).toEqual([]);
  expect(await port.defaultBranchFile(repository, ".github/workflows/belay.yml")).toMatchObject({
    text: WORKFLOW,
  });
  expect(await port.defaultBranchFile(repository, "none.yml")).toBeNull();
  await expect(port.defaultBranchFile(repository, ".github")).rejects.toMatchObject({
    code: "GITHUB_NOT_A_FILE",
  });
  expect(await port.commitParents(repository, sha)).toHaveLength(1);
  expect(await port.commitParents(repository, "0".repeat(40))).toBeNull();
  expect(await port.changedFiles(repository, number)).toEqual({ paths: ["theme.css"], complete: true });
  const [first] = double.comments(pull());
  expect(await port.comment(repository, first?.id ?? 0)).toMatchObject({ number, author_type: "Bot" });
  expect(await port.comment(repository, 1)).toBeNull();
  const inHerName = await double.as("ann").comment(pull(), "/promote");
  expect(await port.comment(repository, inHerName.id)).toMatchObject({ author: "ann", author_type: "User" });
  Object.assign(inHerName, { app: double.app.id });
  expect(await port.comment(repository, inHerName.id)).toMatchObject({ author: "ann", author_type: "Bot" });
  expect(await port.comment(repository, inHerName.id)).not.toHaveProperty("bot");
  expect(await port.comment(repository, first?.id ?? 0)).not.toHaveProperty("bot");
  const train = double.addApp("Release Train");
  const said = await double.as(train.bot.login).comment(pull(), "/promote");
  expect(await port.comment(repository, said.id)).toMatchObject({ bot: "release-train", author_type: "Bot" });
  // Another App's token behind that login, or none: no identity.
  for (const app of [double.addApp("Other").id, null]) {
    Object.assign(said, { app });
    expect(await port.comment(repository, said.id)).not.toHaveProperty("bot");
  }
  const logins = ["ann", "tess", "bob", "nobody"];
  const permissions = await Promise.all(logins.map((login) => port.permission(repository, login)));
  expect(permissions).toEqual(["write", "triage", "read", "none"]);
});

test("a user token counts only if it is one of our App", async () => {
  const { clientId: client_id, clientSecret: client_secret } = double.app;
  const options = { base_url: double.apiUrl, client_id, client_secret, fetch };
  const loginOf = userTokens(options);
  expect(await loginOf(double.userToken("ann"))).toBe("ann");
  expect(await loginOf(double.userToken("ann", "Iv1.another"))).toBeNull();
  expect(await loginOf("ghu_invented")).toBeNull();
  double.faults.plan("POST /applications/*/token", 500);
  await expect(loginOf(double.userToken("ann"))).rejects.toMatchObject({ code: "GITHUB_UNAVAILABLE" });
});

test("nothing was asked of GitHub that it would not understand", () => {
  const others = double.problems.filter((problem) => !problem.includes("the double has no runner"));
  expect(others).toEqual([]);
});

test("the audit log's head is tagged once", async () => {
  const anchor = { kind: "anchor", commit: sha, seq: 7, hash: "ab".repeat(32) } as const;
  for (const _time of ["once", "twice"]) expect(await apply(anchor)).toMatchObject({ ok: true });
  const { tags, tagObjects } = double.repository();
  expect([...tags.keys()]).toEqual(["belay/audit/7"]);
  expect(tagObjects.get(tags.get("belay/audit/7") ?? "")).toMatchObject({
    commit: sha,
    message: `Belay's audit log: record 7 has the hash ${"ab".repeat(32)}`,
  });
});

test("a log that was put back from a backup is remembered beside what was tagged before", async () => {
  const anchor = { kind: "anchor", commit: sha, seq: 7, hash: "ef".repeat(32) } as const;
  for (const _time of ["once", "twice"]) expect(await apply(anchor)).toMatchObject({ ok: true });
  const { tags, tagObjects } = double.repository();
  const told = [...tags].map(([tag, object]) => [tag, tagObjects.get(object)?.message.slice(-6)]);
  expect(Object.fromEntries(told)).toEqual({
    "belay/audit/7": "ababab",
    "belay/audit/7-efefefefefef": "efefef",
  });
});

test("a tag that somebody made beforehand in the audit log's name is no memory of it", async () => {
  const { tags, tagObjects } = double.repository();
  const foreign = { sha: "f".repeat(40), tag: "belay/audit/8", message: "mine", commit: sha };
  tagObjects.set(foreign.sha, { ...foreign, date: "2026-01-01T00:00:00Z" });
  tags.set("belay/audit/8", foreign.sha);
  const anchor = { kind: "anchor", commit: sha, seq: 8, hash: "cd".repeat(32) } as const;
  expect(await apply(anchor)).toMatchObject({ ok: false, retry: false, code: "ANCHOR_TAKEN" });
});

test("reviews of people: approved, asking for changes, dismissed; comments and bots say nothing", async () => {
  const before = (await port.reviews(repository, number)).length;
  const yes = await double.as("ann").review(pull(), "APPROVED");
  await double.as("bob").review(pull(), "COMMENTED", "Looks odd.");
  await double.as("bob").review(pull(), "CHANGES_REQUESTED", "Is odd.");
  expect((await port.reviews(repository, number)).slice(before)).toEqual([
    { id: yes.id, by: "ann", state: "approved", head_sha: sha, at: yes.submittedAt },
    expect.objectContaining({ by: "bob", state: "changes_requested", head_sha: sha }),
  ]);
  await double.as("ann").dismissReview(yes);
  expect((await port.reviews(repository, number)).find(({ id }) => id === yes.id)?.state).toBe("dismissed");
});

test("team members, and nobody of a team that does not exist", async () => {
  double.state.teams.push({ org: "acme", slug: "platform", members: new Set(["ann"]) });
  expect(await port.isTeamMember(repository, "platform", "ann")).toBe(true);
  expect(await port.isTeamMember(repository, "platform", "Ann")).toBe(true);
  expect(await port.isTeamMember(repository, "platform", "bob")).toBe(false);
  expect(await port.isTeamMember(repository, "nobody", "ann")).toBe(false);
});

test("who wrote the commits; an address that GitHub knows nobody by is counted as unknown", async () => {
  const known = await port.committers(repository, number);
  expect(known).toEqual({ logins: expect.arrayContaining(["ann"]), unknown: 0 });
});

test("checks of a name, each with its App: one by another App can be told apart", async () => {
  await double.foreignCheck(sha, "security / scan", "neutral");
  await apply({ ...check("belay:production:drift"), name: "security / scan" });
  const runs = await port.checkRuns(repository, sha, "security / scan");
  expect(runs).toEqual(
    expect.arrayContaining([
      { name: "security / scan", app: "github-actions", status: "completed", conclusion: "neutral" },
      { name: "security / scan", app: double.app.slug, status: "completed", conclusion: "failure" },
    ]),
  );
});

test("the policy: its file, that there is none, and that Belay may not see whether there is one", async () => {
  const where = { name: ".github", path: "belay-policy.yml" };
  const ask = () => port.policyFile(repository, where);
  expect(await ask()).toEqual({ kind: "absent" });
  const [installation] = double.state.installations;
  if (installation === undefined) throw new Error("the App is not installed");
  installation.selected = new Set([repository.id]);
  expect(await ask()).toEqual({ kind: "hidden" });
  const made = double.addRepository({ name: "acme/.github", private: true, files: { "README.md": "x" } });
  expect(await ask()).toEqual({ kind: "hidden" });
  installation.selected = new Set([repository.id, made.id]);
  expect(await ask()).toEqual({ kind: "absent" });
  await double.as("ann").push("main", { "belay-policy.yml": "version: 1\n" }, { repository: "acme/.github" });
  expect(await ask()).toMatchObject({ kind: "file", file: { text: "version: 1\n" } });
  installation.selected = null;
  expect(await ask()).toMatchObject({ kind: "file" });
});

test("files of several repositories at once: what is not told whole is null, and no fault of one hides the others", async () => {
  const config = { name: "shop", path: ".github/workflows/belay.yml" };
  const policy = { name: ".github", path: "belay-policy.yml" };
  const ask = async () => (await port.defaultBranchFiles(repository, [config, policy])).files;
  const both = [{ path: config.path }, { path: policy.path, text: "version: 1\n" }];
  expect(await ask()).toMatchObject(both);
  expect((await ask())[0]).toEqual(await port.defaultBranchFile(repository, config.path));
  expect(await port.defaultBranchFiles(repository, [{ ...config, path: "none" }, policy])).toMatchObject({
    files: [null, both[1]],
  });
  const [installation] = double.state.installations;
  if (installation === undefined) throw new Error("the App is not installed");
  installation.selected = new Set([repository.id]);
  expect(await ask()).toMatchObject([both[0], null]);
  installation.selected = null;
  double.faults.plan("POST *graphql", 502);
  expect(await ask()).toEqual([null, null]);
});

test("a pull request beside files is told as by itself; where it cannot be told that way, it must be asked for", async () => {
  const wanted = [{ name: "shop", path: ".github/workflows/belay.yml" }];
  const ask = async (of = number) =>
    (await port.defaultBranchFiles(repository, wanted, { name: "shop", number: of })).pull_request;
  const alone = async () => {
    const { state, author, base_ref, head_sha } = (await port.pullRequest(repository, number)) ?? {};
    return { state, author, base_ref, head_sha };
  };
  expect(await ask()).toEqual(await alone());
  await double.as("ann").push("staging", { "beside.txt": "x" });
  expect(await ask()).toEqual(await alone());
  const pull = double.state.pulls.find((one) => one.number === number);
  if (pull === undefined) throw new Error("there is no pull request");
  await double.as("ann").closePullRequest(pull);
  expect(await ask()).toEqual({ ...(await alone()), state: "closed" });
  await double.as("ann").reopenPullRequest(pull);
  expect(await ask(4_000)).toBeNull();
  double.faults.plan("POST *graphql", 502);
  expect(await ask()).toBeNull();
});

test("a policy that is no plain file, and one that GitHub forbids, are errors and never absence", async () => {
  await expect(port.policyFile(repository, { name: "shop", path: ".github" })).rejects.toMatchObject({
    code: "GITHUB_NOT_A_FILE",
    retry: false,
  });
  double.faults.plan("GET */contents/*", 403);
  await expect(port.policyFile(repository, { name: "shop", path: "x" })).rejects.toMatchObject({
    code: "GITHUB_FORBIDDEN",
    retry: false,
  });
});

test("last, because nothing is asked afterwards: a limit met by the query is not gone round by other reads", async () => {
  double.faults.plan("POST *graphql", "secondary-rate-limit", { retryAfter: 3600 });
  const wanted = [{ name: "shop", path: ".github/workflows/belay.yml" }];
  await expect(port.defaultBranchFiles(repository, wanted)).rejects.toMatchObject({
    code: "GITHUB_RATE_LIMITED",
  });
});
