/** Heads that are asked for beside a pull request's own events: a merge group, a check that is to run again. */
import { randomUUID } from "node:crypto";
import { afterAll, beforeAll, expect, test } from "vitest";
import { z } from "zod";
import { packageId } from "../../../script/bench/packages/sample.ts";
import type { PullRequest } from "../../double/github/state.ts";
import { sign } from "../../double/webhooks.ts";
import { FIRST, openPackagesWorld, type PackagesWorld, V3 } from "./world.ts";

const VALIDATION = "belay / packages / validation";
const SETTINGS = ".github/belay-packages.yml";
const SECOND = packageId(1);
const PROMPT = `document_types/${FIRST}/releases/${V3}/prompts/task.prompt.txt`;

let world: PackagesWorld;
beforeAll(async () => {
  world = await openPackagesWorld({ settings: "version: 1\n" });
}, 240_000);
afterAll(() => world?.close());

/** As a merge queue asks: the head of a branch of its own. */
async function group(files: Readonly<Record<string, string | null>>): Promise<string> {
  const { double } = world;
  const branch = `gh-readonly-queue/main/pr-${Math.random().toString(16).slice(2)}`;
  const base_sha = double.repository("acme/docs").branches.get("main") ?? "";
  const head_sha = await double.as("ann").push(branch, files);
  const { id } = double.repository("acme/docs");
  const repository = { id, name: "docs", owner: { login: "acme" }, default_branch: "main" };
  const installation = { id: double.state.installations[0]?.id };
  const head_commit = {
    ...{ id: head_sha, tree_id: base_sha, message: "m", timestamp: new Date().toISOString() },
    ...{
      author: { name: "ann", email: "ann@example.com" },
      committer: { name: "ann", email: "ann@example.com" },
    },
  };
  const refs = { head_ref: `refs/heads/${branch}`, base_ref: "refs/heads/main" };
  const merge_group = { head_sha, base_sha, ...refs, head_commit };
  const body = JSON.stringify({ action: "checks_requested", merge_group, repository, installation });
  const answer = await fetch(double.app.webhookUrl ?? "", {
    method: "POST",
    body,
    headers: {
      "content-type": "application/json",
      "x-github-event": "merge_group",
      "x-github-delivery": randomUUID(),
      "x-hub-signature-256": sign(double.app.webhookSecret, body),
    },
  });
  expect(answer.status).toBeLessThan(300);
  return head_sha;
}

const checkOf = (sha: string, name: string) => world.double.checks(sha).find((one) => one.name === name);

async function concluded(sha: string, conclusion: string): Promise<void> {
  for (const name of [VALIDATION, "belay / release"]) {
    await world.double.when(`${name} of the group`, () =>
      checkOf(sha, name)?.conclusion === conclusion ? true : undefined,
    );
  }
}

/** They are sent after the check itself. */
const annotation = (sha: string, title: string): Promise<object> =>
  world.double.when(`an annotation ${title}`, () => {
    const all = z
      .array(z.looseObject({ title: z.string() }))
      .parse(checkOf(sha, VALIDATION)?.output.annotations ?? []);
    return all.find((one) => one.title === title);
  });

test("a merge group gets both required checks, judged on its own head", async () => {
  const { double } = world;
  const pull = await world.propose([FIRST]);
  await world.until(pull, VALIDATION, "success");
  const own = double.state.commits.get(pull.headSha)?.files ?? new Map<string, string>();
  const brought = Object.fromEntries([...own].filter(([path]) => path.includes(`/${V3}/`)));
  await concluded(await group(brought), "success");
  await concluded(await group({ "README.md": "Words.\n" }), "success");
  const wrong = {
    ...brought,
    [PROMPT]: `${own.get(PROMPT)}The output must contain the \`nothing_1\` field.\n`,
  };
  const broken = await group(wrong);
  await concluded(broken, "failure");
  expect(await annotation(broken, "prompt-output")).toMatchObject({ path: PROMPT });
});

test("a check that is asked for again is judged anew, by the branch's rules of now", async () => {
  const { double } = world;
  const pull = double.state.pulls[0] as PullRequest;
  const check = checkOf(pull.headSha, VALIDATION);
  if (check === undefined) throw new Error("there is no check");
  const guardrail = '{id: brief, pattern: "Write document", sentence: "It orders.", remedy: "Ask."}';
  await double.as("bea").push("main", { [SETTINGS]: `version: 1\nguardrails: [${guardrail}]\n` });
  await double.as("ann").rerunCheck(check);
  await world.until(pull, VALIDATION, "failure");
  expect(await annotation(pull.headSha, "guardrail/brief")).toMatchObject({
    path: PROMPT,
    annotation_level: "failure",
  });
  await double.as("bea").push("main", { [SETTINGS]: "version: 1\n" });
  const release = checkOf(pull.headSha, "belay / release");
  if (release === undefined) throw new Error("there is no check of the release");
  await double.as("ann").rerunCheck(release);
  await world.until(pull, VALIDATION, "success");
  expect(double.problems).toEqual([]);
});

test("of all open pull requests GitHub is asked only for the one whose check is to run again", async () => {
  const { double } = world;
  const other = await world.propose([SECOND]);
  await world.until(other, VALIDATION, "success");
  const check = checkOf(other.headSha, VALIDATION);
  if (check === undefined) throw new Error("there is no check");
  const handled = () =>
    world.lines.filter((line) => line.includes("check_run.rerequested") && line.includes("delivery handled"))
      .length;
  const [before, worked_on] = [double.requests.length, handled()];
  await double.as("ann").rerunCheck(check);
  await double.when("the work on it", () => (handled() > worked_on ? true : undefined));
  const asked = double.requests.slice(before).map(({ path }) => /\/pulls\/(\d+)$/.exec(path)?.[1]);
  expect(asked.filter((number) => number !== undefined)).toEqual([String(other.number)]);
});

test("a merge group gets both checks also where nothing can be judged, and they say why", async () => {
  const { double } = world;
  await double.as("bea").push("main", { [SETTINGS]: "version: 9\n" });
  const head = await group({ "README.md": "Other words.\n" });
  await concluded(head, "failure");
  for (const name of [VALIDATION, "belay / release"]) {
    expect(checkOf(head, name)?.output).toMatchObject({
      title: "Nothing was judged",
      summary: expect.stringContaining(SETTINGS),
    });
  }
  await double.as("bea").push("main", { [SETTINGS]: "version: 1\n" });
  expect(double.problems).toEqual([]);
});
