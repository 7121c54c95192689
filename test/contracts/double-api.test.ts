/** The double's API, asked by the client that the bot uses. */
import { Octokit } from "@octokit/rest";
import { expect, test } from "vitest";
import { appClient, environmentPull, given, installationClient, REPO, SITE } from "./double-setup.ts";

test("the app proves itself by JWT and finds its installation", async () => {
  const double = await given();
  const octokit = await appClient(double);
  const { data: app } = await octokit.rest.apps.getAuthenticated();
  const { data: installation } = await octokit.rest.apps.getRepoInstallation(REPO);
  expect([app?.slug, installation.account?.id, installation.permissions.checks]).toEqual([
    "belay",
    installation.target_id,
    "write",
  ]);
  expect(double.problems).toEqual([]);
});

test("a JWT of another key, and a made-up token, are 401", async () => {
  const [double, other] = [await given(), await given()];
  const stranger = await appClient({ ...double, app: { ...double.app, privateKey: other.app.privateKey } });
  await expect(stranger.rest.apps.getAuthenticated()).rejects.toMatchObject({ status: 401 });
  const made = new Octokit({ auth: "ghs_made-up", baseUrl: double.apiUrl });
  await expect(made.rest.repos.get(REPO)).rejects.toMatchObject({ status: 401 });
});

test("a token holds the permissions that were asked for, and no more", async () => {
  const double = await given();
  const app = await appClient(double);
  const installation_id = double.state.installations[0]?.id ?? 0;
  const { data } = await app.rest.apps.createInstallationAccessToken({
    installation_id,
    permissions: { contents: "read" },
  });
  const narrow = new Octokit({ auth: data.token, baseUrl: double.apiUrl });
  const sha = double.repository().branches.get("main") ?? "";
  expect((await narrow.rest.repos.get(REPO)).data.full_name).toBe(SITE);
  await expect(narrow.rest.checks.create({ ...REPO, name: "x", head_sha: sha })).rejects.toMatchObject({
    status: 403,
  });
  const more = app.rest.apps.createInstallationAccessToken({
    installation_id,
    permissions: { administration: "write" },
  });
  await expect(more).rejects.toMatchObject({ status: 422 });
  expect(double.problems).toEqual([]);
});

test("a pull request, its files and the comparison say the same", async () => {
  const double = await given();
  const pull = await environmentPull(double);
  const octokit = await installationClient(double);
  const { data } = await octokit.rest.pulls.get({ ...REPO, pull_number: pull.number });
  const { data: files } = await octokit.rest.pulls.listFiles({ ...REPO, pull_number: pull.number });
  const { data: compared } = await octokit.rest.repos.compareCommitsWithBasehead({
    ...REPO,
    basehead: "main...staging",
  });
  expect([data.head.ref, data.base.ref, data.mergeable, data.changed_files]).toEqual([
    "staging",
    "main",
    true,
    1,
  ]);
  expect(files.map(({ filename, status }) => [filename, status])).toEqual([["theme/style.css", "modified"]]);
  expect([compared.status, compared.ahead_by, compared.files?.length]).toEqual(["ahead", 1, 1]);
  expect(double.problems).toEqual([]);
});

test("files come as JSON, raw and as git's own objects", async () => {
  const double = await given({ files: { ".github/belay.yml": "site: shop\n" } });
  const octokit = await installationClient(double);
  const { data: raw } = await octokit.rest.repos.getContent({
    ...REPO,
    path: ".github/belay.yml",
    mediaType: { format: "raw" },
  });
  const { data: file } = await octokit.rest.repos.getContent({ ...REPO, path: ".github/belay.yml" });
  const { data: tree } = await octokit.rest.git.getTree({ ...REPO, tree_sha: "main", recursive: "1" });
  expect(raw).toBe("site: shop\n");
  expect(file).toMatchObject({
    type: "file",
    content: `${Buffer.from("site: shop\n").toString("base64")}\n`,
  });
  // The hash is git's: `printf 'site: shop\n' | git hash-object --stdin`.
  expect(tree.tree.map(({ path, sha }) => [path, sha])).toContainEqual([
    ".github/belay.yml",
    "f4b3952beb0aed46d7682468666aa9a0ff9d0298",
  ]);
  await expect(octokit.rest.repos.getContent({ ...REPO, path: "none.yml" })).rejects.toMatchObject({
    status: 404,
  });
  expect(double.problems).toEqual([]);
});

test("permissions, branch rules and the repository by number", async () => {
  const double = await given();
  double.repository().permissions.set("mia", "maintain");
  double.as("mia");
  const octokit = await installationClient(double);
  const ask = async (username: string) => {
    const { data } = await octokit.rest.repos.getCollaboratorPermissionLevel({ ...REPO, username });
    return [data.permission, data.role_name];
  };
  expect([await ask("mia"), await ask("bob")]).toEqual([
    ["write", "maintain"],
    ["read", "read"],
  ]);
  double.repository().rules.set("main", [
    {
      type: "required_status_checks",
      parameters: {
        required_status_checks: [{ context: "belay" }],
        strict_required_status_checks_policy: false,
      },
    },
  ]);
  const { data: rules } = await octokit.rest.repos.getBranchRules({ ...REPO, branch: "main" });
  const { data: branch } = await octokit.rest.repos.getBranch({ ...REPO, branch: "main" });
  const { data: byId } = await octokit.request("GET /repositories/{repository_id}", {
    repository_id: double.repository().id,
  });
  expect([rules[0]?.type, branch.protected, byId.full_name]).toEqual(["required_status_checks", true, SITE]);
  expect(double.problems).toEqual([]);
});

test("check runs: made, completed, listed, and only by an app", async () => {
  const double = await given();
  const octokit = await installationClient(double);
  const head_sha = double.repository().branches.get("main") ?? "";
  const { data: made } = await octokit.rest.checks.create({
    ...REPO,
    name: "belay",
    head_sha,
    external_id: "p1",
    status: "in_progress",
  });
  const output = { title: "Blocked", summary: "No backup." };
  const actions = [{ label: "Back up", description: "Take a backup", identifier: "backup" }];
  await octokit.rest.checks.update({
    ...REPO,
    check_run_id: made.id,
    conclusion: "failure",
    output,
    actions,
  });
  await double.foreignCheck(head_sha, "tests", "success");
  const { data: list } = await octokit.rest.checks.listForRef({ ...REPO, ref: head_sha });
  expect(
    list.check_runs.map(({ name, status, conclusion, app }) => [name, status, conclusion, app?.slug]),
  ).toEqual([
    ["tests", "completed", "success", "github-actions"],
    ["belay", "completed", "failure", "belay"],
  ]);
  const person = new Octokit({ auth: double.userToken("ann"), baseUrl: double.apiUrl });
  await expect(person.rest.checks.create({ ...REPO, name: "belay", head_sha })).rejects.toMatchObject({
    status: 403,
  });
  expect(double.problems).toEqual([]);
});

test("deployments and their states", async () => {
  const double = await given();
  const octokit = await installationClient(double);
  const { data } = await octokit.rest.repos.createDeployment({
    ...REPO,
    ref: "main",
    environment: "staging",
    auto_merge: false,
    required_contexts: [],
  });
  const deployment_id = "id" in data ? data.id : 0;
  await octokit.rest.repos.createDeploymentStatus({
    ...REPO,
    deployment_id,
    state: "success",
    description: "promoted",
  });
  const { data: list } = await octokit.rest.repos.listDeploymentStatuses({ ...REPO, deployment_id });
  expect(list.map(({ state, description }) => [state, description])).toEqual([["success", "promoted"]]);
  expect(double.deployments("staging")).toHaveLength(1);
  expect(double.problems).toEqual([]);
});

test("lists come in pages with Link headers", async () => {
  const double = await given();
  const pull = await environmentPull(double);
  const octokit = await installationClient(double);
  for (let n = 0; n < 5; n += 1) await double.as("dev").comment(pull, `comment ${n}`);
  const all = await octokit.paginate(octokit.rest.issues.listComments, {
    ...REPO,
    issue_number: pull.number,
    per_page: 2,
  });
  expect(all.map(({ body }) => body)).toEqual([
    "comment 0",
    "comment 1",
    "comment 2",
    "comment 3",
    "comment 4",
  ]);
  expect(double.requests.filter(({ path }) => path.endsWith("/comments"))).toHaveLength(3);
});

test("a reaction is made once", async () => {
  const double = await given();
  const comment = await double.as("dev").comment(await environmentPull(double), "/promote");
  const octokit = await installationClient(double);
  const react = () =>
    octokit.rest.reactions.createForIssueComment({ ...REPO, comment_id: comment.id, content: "eyes" });
  const [first, second] = [await react(), await react()];
  expect([first.status, second.status, first.data.id === second.data.id]).toEqual([201, 200, true]);
});

test("only a user's token of this app is one", async () => {
  const double = await given();
  const { clientId, clientSecret } = double.app;
  const ask = async (access_token: string) => {
    const response = await fetch(`${double.apiUrl}/applications/${clientId}/token`, {
      method: "POST",
      headers: { authorization: `Basic ${Buffer.from(`${clientId}:${clientSecret}`).toString("base64")}` },
      body: JSON.stringify({ access_token }),
    });
    return [response.status, ((await response.json()) as { user?: { login: string } }).user?.login];
  };
  expect(await ask(double.userToken("ann"))).toEqual([200, "ann"]);
  expect(await ask(double.userToken("ann", "Iv1.other"))).toEqual([404, undefined]);
  const octokit = new Octokit({ auth: double.userToken("ann"), baseUrl: double.apiUrl });
  expect((await octokit.rest.users.getAuthenticated()).data.login).toBe("ann");
  expect(double.problems).toEqual([]);
});

test("what GitHub would not understand is a problem and answered 500", async () => {
  const double = await given();
  const octokit = new Octokit({ auth: double.userToken("ann"), baseUrl: double.url });
  await expect(octokit.request("GET /repos/acme/shop/stargazers")).rejects.toMatchObject({ status: 500 });
  await expect(octokit.request("GET /repos/acme/shop/pulls?colour=red")).rejects.toMatchObject({
    status: 500,
  });
  expect(double.problems.join("\n")).toContain("no such route");
  expect(double.problems.join("\n")).toContain("query parameter colour is unknown");
});

test("faults: an error, a limit, no answer, and an answer that was lost after the deed", async () => {
  const double = await given();
  const pull = await environmentPull(double);
  const octokit = new Octokit({ auth: double.userToken("ann"), baseUrl: double.apiUrl });
  const say = () => octokit.rest.issues.createComment({ ...REPO, issue_number: pull.number, body: "hello" });
  double.faults.plan("POST */comments", 500);
  double.faults.plan("POST */comments", "secondary-rate-limit", { retryAfter: 7 });
  double.faults.plan("POST */comments", "no-answer");
  double.faults.plan(/^POST .*comments$/, "lost-answer");
  await expect(say()).rejects.toMatchObject({ status: 500 });
  await expect(say()).rejects.toMatchObject({ status: 403, response: { headers: { "retry-after": "7" } } });
  await expect(say()).rejects.toThrow();
  expect(double.comments(pull)).toHaveLength(0);
  await expect(say()).rejects.toThrow();
  expect(double.comments(pull)).toHaveLength(1);
  expect((await say()).status).toBe(201);
  expect(double.problems).toEqual([]);
});
