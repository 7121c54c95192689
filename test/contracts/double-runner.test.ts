/** The double's runner: what a workflow file says is done as on a real runner, with a small action in place of the bundle. */
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createRemoteJWKSet, jwtVerify } from "jose";
import { expect, onTestFinished, test } from "vitest";
import type { Double } from "../double/double.ts";
import { startDouble } from "../double/double.ts";
import { given, installationClient, listen, REPO, SITE } from "./double-setup.ts";

const CALLER = `
name: Belay
run-name: \${{ inputs.job }} (\${{ inputs.nonce }})
on:
  workflow_dispatch:
    inputs:
      job: { required: true }
      nonce: { required: true }
      environment: { default: production }
permissions: {}
jobs:
  belay:
    uses: belay-team/belay/.github/workflows/run.yml@v1
    permissions: { contents: read, id-token: write }
    with:
      job: \${{ inputs.job }}
      environment: \${{ inputs.environment }}
    secrets: inherit
`;

const CALLED = `
on:
  workflow_call:
    inputs:
      job: { type: string, required: true }
      environment: { type: string, required: true }
jobs:
  run:
    runs-on: ubuntu-24.04
    environment: { name: "\${{ inputs.environment }}", deployment: false }
    concurrency: { group: "belay-\${{ inputs.environment }}", queue: max }
    permissions: { contents: read, id-token: write }
    steps:
      - uses: actions/checkout@v5
      - id: belay
        uses: belay-team/belay@v1
        with:
          job: \${{ inputs.job }}
          ssh-key: \${{ secrets.SSH_KEY }}
          who: \${{ github.actor == 'dev' && 'the developer' || 'somebody' }}
      - name: Say
        if: \${{ always() }}
        run: echo "result was \${{ steps.belay.outputs.result }}"
`;

const ACTION = `
name: Belay
inputs: { job: {}, ssh-key: {}, who: {}, command: { default: run } }
runs: { using: node24, main: dist/index.js }
`;

/** Prints and writes what it was given; does as its job's name says. */
const PROGRAM = `
import { spawn } from "node:child_process";
import { appendFileSync, existsSync } from "node:fs";
const { env } = process;
const say = (name, text) => appendFileSync(env[name], text + "\\n");
console.log("key", env["INPUT_SSH-KEY"], "command", env.INPUT_COMMAND, "who", env.INPUT_WHO);
console.log("::add-mask::hidden-word");
console.log("checked out", existsSync("README.md"), process.cwd() === env.GITHUB_WORKSPACE);
console.log("the hidden-word");
console.log("::error::bad news");
say("GITHUB_OUTPUT", "result<<END\\n" + env.INPUT_JOB + "\\nEND");
say("GITHUB_STEP_SUMMARY", "## Done\\n\\n- [x] it");
if (env.ACTIONS_ID_TOKEN_REQUEST_URL) {
  const headers = { authorization: "Bearer " + env.ACTIONS_ID_TOKEN_REQUEST_TOKEN };
  const { value } = await (await fetch(env.ACTIONS_ID_TOKEN_REQUEST_URL + "&audience=belay", { headers })).json();
  say("GITHUB_OUTPUT", "token=" + value);
}
if (env.INPUT_JOB === "fail") process.exitCode = 3;
if (env.INPUT_JOB === "orphan") {
  const child = spawn("sleep", ["600"], { detached: true, stdio: "ignore" });
  child.unref();
  say("GITHUB_OUTPUT", "orphan=" + child.pid);
}
if (env.INPUT_JOB === "hang") {
  process.on("SIGINT", () => { console.log("interrupted"); process.exit(130); });
  setInterval(() => {}, 1000);
  console.log("hanging");
}
if (env.INPUT_JOB === "deaf") {
  process.on("SIGINT", () => console.log("I do not hear INT"));
  process.on("SIGTERM", () => console.log("I do not hear TERM"));
  setInterval(() => {}, 1000);
  console.log("hanging");
}
`;

/** A checkout with the little action, and a double whose runner uses it. */
const withRunner = async (called = CALLED, caller = CALLER): Promise<Double> => {
  const project = mkdtempSync(join(tmpdir(), "double-project-"));
  onTestFinished(() => rmSync(project, { recursive: true }));
  mkdirSync(join(project, "dist"));
  mkdirSync(join(project, ".github/workflows"), { recursive: true });
  writeFileSync(join(project, "package.json"), '{"type":"module"}');
  writeFileSync(join(project, "dist/index.js"), PROGRAM);
  writeFileSync(join(project, "action.yml"), ACTION);
  writeFileSync(join(project, ".github/workflows/run.yml"), called);
  const environments = { production: { secrets: { SSH_KEY: "very-secret" }, branches: ["main"] } };
  const files = { "README.md": "# Shop\n", ".github/workflows/belay.yml": caller };
  const repositories = [
    { name: SITE, files, environments, branches: ["staging"], people: { dev: "write" as const } },
  ];
  const double = await startDouble({
    repositories,
    runner: { project, node: process.execPath, grace: [300, 300] },
  });
  onTestFinished(() => double.close());
  return double;
};

const start = (double: Double, job: string) =>
  double.as("dev").runWorkflow("belay.yml", { job, nonce: `n-${job}` });

/** Waits for a line of the run's log; the run itself says when. */
const logged = async (run: { readonly log: readonly string[] }, line: string): Promise<void> => {
  while (!run.log.includes(line)) await new Promise((resolve) => setTimeout(resolve, 10));
};

test("a dispatch over the API runs the action as a real runner does", async () => {
  const double = await withRunner();
  const received = await listen(double);
  const octokit = await installationClient(double);
  const inputs = { job: "promote", nonce: "n1" };
  const order = { ...REPO, workflow_id: "belay.yml", ref: "main", inputs, return_run_details: true };
  // The client's types know only the old answer, 204.
  const data: unknown = (await octokit.rest.actions.createWorkflowDispatch(order)).data;
  await double.idle();
  const [run] = double.state.runs;
  if (!run) throw new Error("no run");
  expect(data).toMatchObject({ workflow_run_id: run.id });
  expect([run.title, run.conclusion]).toEqual(["promote (n1)", "success"]);
  expect(run.log).toEqual([
    "▶ actions/checkout@v5",
    `Checked out ${run.sha}`,
    "▶ belay-team/belay@v1",
    "key *** command run who somebody",
    "checked out true true",
    "the ***",
    "Error: bad news",
    "▶ Say",
    "result was promote",
  ]);
  expect(run.summaries).toEqual(["## Done\n\n- [x] it\n"]);
  const states = received
    .filter(({ event }) => event === "workflow_run")
    .map(({ payload }) => payload.action);
  expect(states.sort()).toEqual(["completed", "in_progress", "requested"]);
  const { data: list } = await octokit.rest.actions.listWorkflowRuns({
    ...REPO,
    workflow_id: "belay.yml",
    event: "workflow_dispatch",
  });
  expect(list.workflow_runs.map(({ display_title }) => display_title)).toEqual(["promote (n1)"]);
  expect(double.problems).toEqual([]);
});

test("the run's OIDC token says what GitHub's says and is signed by the published key", async () => {
  const double = await withRunner();
  const run = await double.runs.finished(start(double, "promote"));
  const issuer = double.oidc.issuer();
  const { jwks_uri } = (await (await fetch(`${issuer}/.well-known/openid-configuration`)).json()) as {
    jwks_uri: string;
  };
  const keys = createRemoteJWKSet(new URL(jwks_uri));
  const { payload } = await jwtVerify(run.outputs.token ?? "", keys, { issuer, audience: "belay" });
  expect(payload).toMatchObject({
    sub: "repo:acme/shop:environment:production",
    repository: "acme/shop",
    repository_id: String(double.repository().id),
    workflow_ref: "acme/shop/.github/workflows/belay.yml@refs/heads/main",
    job_workflow_ref: "belay-team/belay/.github/workflows/run.yml@refs/tags/v1",
    event_name: "workflow_dispatch",
    environment: "production",
    run_id: String(run.id),
    run_attempt: "1",
    actor: "dev",
  });
  const forged = await double.oidc.token({ aud: "belay", environment: "staging" });
  expect((await jwtVerify(forged, keys, { issuer, audience: "belay" })).payload.environment).toBe("staging");
  const foreign = await double.oidc.token({ aud: "belay" }, { foreignKey: true });
  await expect(jwtVerify(foreign, keys)).rejects.toThrow("signature verification failed");
});

test("a failing step fails the run; later steps run only where they say so", async () => {
  const double = await withRunner();
  const run = await double.runs.finished(start(double, "fail"));
  expect([
    run.conclusion,
    run.log.includes("Error: Process completed with exit code 3."),
    run.log.at(-1),
  ]).toEqual(["failure", true, "result was fail"]);
});

test("cancel interrupts, and kills what does not hear", async () => {
  const double = await withRunner();
  const polite = start(double, "hang");
  await logged(polite, "hanging");
  double.runs.cancel(polite);
  await double.runs.finished(polite);
  expect([polite.conclusion, polite.log.includes("interrupted")]).toEqual(["cancelled", true]);
  const deaf = start(double, "deaf");
  await logged(deaf, "hanging");
  double.runs.cancel(deaf);
  await double.runs.finished(deaf);
  expect([deaf.conclusion, deaf.log.includes("I do not hear TERM")]).toEqual(["cancelled", true]);
  expect(() => double.runs.cancel(deaf)).toThrow("Cannot cancel");
});

test("what a job leaves running ends with it", async () => {
  const double = await withRunner();
  const run = await double.runs.finished(start(double, "orphan"));
  expect(run.conclusion).toBe("success");
  // A killed process may wait a moment for its parent to notice; it runs no more.
  const running = (): boolean => {
    const state = `/proc/${run.outputs.orphan}/stat`;
    return existsSync(state) && !readFileSync(state, "utf8").includes(") Z ");
  };
  while (running()) await new Promise((resolve) => setTimeout(resolve, 10));
});

test("a concurrency group runs one at a time; with queue max all get their turn, else the newest waits", async () => {
  const double = await withRunner();
  const first = start(double, "hang");
  await logged(first, "hanging");
  const [second, third] = [start(double, "promote"), start(double, "promote")];
  double.runs.cancel(first);
  await double.idle();
  expect([first, second, third].map(({ conclusion }) => conclusion)).toEqual([
    "cancelled",
    "success",
    "success",
  ]);
  const single = await withRunner(CALLED.replace(", queue: max", ""));
  const running = start(single, "hang");
  await logged(running, "hanging");
  const [replaced, newest] = [start(single, "promote"), start(single, "promote")];
  await single.runs.finished(replaced);
  single.runs.cancel(running);
  await single.idle();
  expect([running, replaced, newest].map(({ conclusion }) => conclusion)).toEqual([
    "cancelled",
    "cancelled",
    "success",
  ]);
});

test("secrets, tokens and branches keep to what GitHub grants", async () => {
  const noEnvironment = await withRunner(CALLED.replace(/^ {4}environment: .*\n/m, ""));
  const bare = await noEnvironment.runs.finished(start(noEnvironment, "promote"));
  expect(bare.log).toContain("key  command run who the developer");
  const noOidc = await withRunner(CALLED, CALLER.replace(", id-token: write", ""));
  const refused = await noOidc.runs.finished(start(noOidc, "promote"));
  expect([refused.conclusion, refused.log.join()]).toEqual([
    "startup_failure",
    expect.stringContaining("asks for id-token: write"),
  ]);
  const double = await withRunner();
  const elsewhere = double
    .as("dev")
    .runWorkflow("belay.yml", { job: "promote", nonce: "n" }, { ref: "staging" });
  await double.runs.finished(elsewhere);
  expect(elsewhere.log.join()).toContain('Branch "staging" is not allowed to deploy to production');
});

test("a job with an environment is a deployment unless it says otherwise", async () => {
  const double = await withRunner(CALLED.replace(", deployment: false", ""));
  await double.runs.finished(start(double, "promote"));
  expect(double.deployments("production")[0]?.statuses.map(({ state }) => state)).toEqual([
    "in_progress",
    "success",
  ]);
});

test("what the double cannot do is a problem, not a guess", async () => {
  const unknownAction = await withRunner(CALLED.replace("actions/checkout@v5", "actions/cache@v4"));
  await unknownAction.runs.finished(start(unknownAction, "promote"));
  expect(unknownAction.problems.join()).toContain('cannot carry out "uses: actions/cache@v4"');
  const unknownName = await withRunner(CALLED.replace("inputs.job }}", "hashFiles('x') }}"));
  await unknownName.runs.finished(start(unknownName, "promote"));
  expect(unknownName.problems.join()).toContain("the double");
  const octokit = await installationClient(unknownName);
  const wrong = octokit.rest.actions.createWorkflowDispatch({
    ...REPO,
    workflow_id: "belay.yml",
    ref: "main",
    inputs: { colour: "red" },
  });
  await expect(wrong).rejects.toMatchObject({ status: 422 });
});

test("without a runner a run cannot start", async () => {
  const double = await given({ files: { ".github/workflows/belay.yml": CALLER } });
  const run = await double.runs.finished(start(double, "promote"));
  expect(run.conclusion).toBe("startup_failure");
  expect(existsSync(join(tmpdir(), "github-runner-"))).toBe(false);
});
