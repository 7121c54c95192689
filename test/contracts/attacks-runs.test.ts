/** What somebody with write access, and no right to promote, can make of GitHub's runs: workflows of branches, inputs, another bot. */
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { Bot } from "../../src/bot.ts";
import type { Double } from "../double/double.ts";
import type { PullRequest, Run } from "../double/github/state.ts";
import { startTestBot } from "../support/bot.ts";
import { isSettled, proposeStaging, startShop } from "../support/shop.ts";

const PROJECT = join(import.meta.dirname, "../..");
const WORKFLOW = readFileSync(join(PROJECT, "docs/workflow/belay.yml"), "utf8");
const POLICY = "version: 1\ndefaults: {promote: {teams: [platform]}, approve: {teams: [platform]}}\n";
const files = (whose: string) => ({
  ".github/belay/inventory.yml": `web-1: ${whose}`,
  ".github/belay/known_hosts": `web-1 ${whose}`,
});

/** Writes down its inventory and its keys. While `hold` is there it waits; then it asks whether to stop, as right before a switch. */
const PROGRAM = (folder: string) => `#!/bin/sh
{ cat "$ANSIBLE_INVENTORY"; echo; echo "$ANSIBLE_SSH_ARGS"; } >> ${folder}/seen
[ -e ${folder}/hold ] || exit 2
while [ -e ${folder}/hold ]; do sleep 0.05; done
echo '{"at": "2026-01-01T00:00:00Z", "event": "step_started", "step": "Stop here if somebody asked for it"}'
while [ ! -e "$BELAY_STOP_FILE.asked" ]; do sleep 0.05; done
if [ -e "$BELAY_STOP_FILE" ]; then echo stopped; else echo went on; fi >> ${folder}/seen
exit 2
`;

let folder: string;
let double: Double;
let bot: Bot;
let pull: PullRequest;
/** The run that ann's command started, and the job that it was given. */
let granted: Run;
/** What the program in the place of Ansible wrote down. */
const seen = () => readFileSync(join(folder, "seen"), "utf8");

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "belay-runs-"));
  writeFileSync(join(folder, "seen"), "");
  writeFileSync(join(folder, "ansible-playbook"), PROGRAM(folder), { mode: 0o755 });
  double = await startShop({
    runner: {
      project: PROJECT,
      node: process.execPath,
      belay: "belay-bot/belay",
      env: { PATH: `${folder}:${process.env.PATH}` },
    },
    files: files("owner"),
    people: { ann: "write", mallory: "write" },
    teams: { platform: ["ann"] },
    // Neither a rule nor a deployment branch: what is refused here is refused by the bot alone.
    environments: { production: { secrets: { BELAY_SSH_KEY: "a key" } } },
  });
  double.addRepository({ name: "acme/.github", files: { "belay-policy.yml": POLICY } });
  bot = await startTestBot(double, { flow_settings: { retry_waits_s: [] } });
  await double.as("ann").push("main", { ".github/workflows/belay.yml": workflowOf(bot.url) });
  await double.as("mallory").push("staging", files("mallory"));
  pull = await proposeStaging(double, "mallory");
  await double.as("ann").comment(pull, "/drift");
  granted = await double.when("the run of ann's command", () => double.state.runs[0]);
  await ended(granted);
}, 120_000);
afterAll(async () => {
  await bot?.stop();
  await double?.close();
  rmSync(folder, { recursive: true });
});

const workflowOf = (url: string) => WORKFLOW.replace("https://belay.example.com", url);
const ended = (run: Run) => double.when("the end of the run", () => run.status === "completed" || undefined);
const logOf = async (run: Run) => {
  await ended(run);
  expect(run.conclusion).toBe("failure");
  return run.log.join("\n");
};
const jobOf = ({ inputs }: Run) => String(inputs.job);
const onBranch = async (text: string, inputs: Readonly<Record<string, string>>) => {
  await double.as("mallory").push("evil", { ".github/workflows/belay.yml": text });
  return double.as("mallory").runWorkflow("belay.yml", inputs, { ref: "evil" });
};

test("a run works with the inventory and the keys of the default branch, whatever the pull request's branch holds", async () => {
  expect(await logOf(granted)).toContain("Belay: drift_check");
  expect(seen()).toContain("web-1: owner");
  expect(seen()).toContain(".github/belay/known_hosts");
  expect(seen()).not.toContain("mallory");
});

test("right before a switch the runner asks whether it is still wanted, and waits for the answer", async () => {
  const hold = join(folder, "hold");
  for (const [stops, word] of [
    [false, "went on"],
    [true, "stopped"],
  ] as const) {
    writeFileSync(hold, "");
    const [before, runs] = [seen(), double.state.runs.length];
    await double.as("ann").comment(pull, "/drift");
    const run = await double.when("the run", () => double.state.runs[runs]);
    await expect.poll(() => seen() !== before, { timeout: 60_000 }).toBe(true);
    if (stops) await double.as("mallory").closePullRequest(pull);
    await expect.poll(() => isSettled(bot), { timeout: 60_000 }).toBe(true);
    rmSync(hold);
    await ended(run);
    expect(seen()).toContain(word);
  }
  await double.as("mallory").reopenPullRequest(pull);
}, 180_000);

test("a workflow of a branch that calls the reusable one begins nothing, and goes on with nothing", async () => {
  const before = seen();
  const asking = await onBranch(workflowOf(bot.url), { environment: "production" });
  expect(await logOf(asking)).toContain("WRONG_REF");
  const claiming = await onBranch(workflowOf(bot.url), { environment: "production", job: jobOf(granted) });
  expect(await logOf(claiming)).toContain("WRONG_REF");
  expect(seen()).toBe(before);
});

test("the token of such a run, sent to a bot of their own and on to this one, opens nothing", async () => {
  const tokens: string[] = [];
  const evil = await listening((authorization) => void tokens.push(authorization));
  try {
    const run = await onBranch(workflowOf(evil.url), { environment: "production", job: jobOf(granted) });
    await ended(run);
  } finally {
    evil.server.close();
  }
  expect(tokens[0]).toMatch(/^Bearer ey/);
  for (const path of [`/api/jobs/${jobOf(granted)}/claim`, `/api/jobs/${jobOf(granted)}/events`]) {
    const headers = { authorization: tokens[0] ?? "", "content-type": "application/json" };
    const answer = await fetch(`${bot.url}${path}`, { method: "POST", headers, body: '{"events": []}' });
    expect([answer.status, await answer.json()]).toMatchObject([403, { code: "wrong_ref" }]);
  }
});

async function listening(told: (authorization: string) => void) {
  const server: Server = createServer((request, response) => {
    told(request.headers.authorization ?? "");
    response.writeHead(403, { "content-type": "application/json" }).end('{"code": "no", "message": "no"}');
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  return { server, url: `http://127.0.0.1:${port}` };
}

test("the workflow of the default branch, started by hand, is for those whom the policy lets promote", async () => {
  const run = double.as("mallory").runWorkflow("belay.yml", { environment: "production" });
  expect(await logOf(run)).toContain("TEAM_MISSING");
  const other = double
    .as("mallory")
    .runWorkflow("belay.yml", { environment: "production", job: jobOf(granted) });
  expect(await logOf(other)).toContain("JOB_CLAIMED");
});

test("inputs are words: none is a command of a shell, of Ansible or of the runner, and none names a bot", async () => {
  const owned = join(folder, "owned");
  const before = double.comments(pull).length;
  for (const input of [
    `$(touch ${owned})`,
    `"; touch ${owned}; "`,
    `{{ lookup('pipe', 'touch ${owned}') }}`,
    "production\n::set-output name=result::succeeded\n::error::x",
    "../production",
    "' or 1=1 --",
    "\u001b[2J",
  ]) {
    for (const inputs of [
      { environment: input },
      { environment: "production", job: input },
      { environment: "production", job: "", nonce: input },
    ]) {
      const run = double.as("mallory").runWorkflow("belay.yml", inputs);
      const log = await logOf(run);
      expect(log).toMatch(/NOT_FOUND|INPUT_INVALID|TEAM_MISSING/);
      expect(log).not.toContain("\u001b[2J");
      expect(run.outputs.result).not.toBe("succeeded");
    }
  }
  expect(existsSync(owned)).toBe(false);
  expect(double.comments(pull)).toHaveLength(before);
  for (const name of ["bot-url", "inventory", "command", "ssh-key"]) {
    const more = { environment: "production", [name]: "http://evil.example" };
    expect(() => double.as("mallory").runWorkflow("belay.yml", more)).toThrow(name);
  }
  expect(double.problems).toEqual([]);
}, 180_000);
