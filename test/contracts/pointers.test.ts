/** The commit that moves pointers, against the double: one commit, although its answer was lost and the branch went on. */
import { Probot } from "probot";
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import type { PointersEffect } from "../../src/core/effects.ts";
import { boundedFetch, octokitClass } from "../../src/github/client.ts";
import { github } from "../../src/github/github.ts";
import type { Github } from "../../src/ports/github.ts";
import type { Repository } from "../../src/ports/sites.ts";
import { type Double, startDouble } from "../double/double.ts";
import { makeCommit } from "../double/github/git.ts";

const FILE = "_active/active_releases.json";

let double: Double;
let port: Github;
let repository: Repository;
/** What happens at GitHub right before it is asked to move the branch. */
let before_move: () => void = () => undefined;
const bounded = boundedFetch();
const fetching: typeof fetch = (url, init) => {
  if (init?.method === "PATCH") before_move();
  return bounded(url, init);
};

beforeAll(async () => {
  double = await startDouble({
    repositories: [{ name: "acme/docs", files: { [FILE]: "{}\n" }, people: { ann: "write" } }],
  });
  const { app } = double;
  const probot = new Probot({
    appId: app.id,
    privateKey: app.privateKey,
    secret: app.webhookSecret,
    baseUrl: double.apiUrl,
    Octokit: octokitClass(),
    request: { fetch: fetching },
    logLevel: "fatal",
  });
  await probot.ready();
  port = github({ clients: (id) => probot.auth(id), app_id: app.id });
  const installation_id = double.state.installations[0]?.id ?? 0;
  repository = {
    id: double.repository().id,
    owner: "acme",
    name: "docs",
    installation_id,
    default_branch: "main",
  };
});
afterAll(() => double.close());
beforeEach(() => {
  double.faults.clear();
  before_move = () => undefined;
});

const head = (): string => double.repository().branches.get("main") ?? "";
const effectAt = (expected_head: string, nonce: string): PointersEffect => ({
  kind: "pointers",
  operation_id: "01",
  nonce,
  round: 0,
  branch: "main",
  expected_head,
  files: [{ path: FILE, text: `{"discovery": "${nonce}"}\n` }],
  message: `release: Activate discovery\n\nBelay-Operation: ${nonce}`,
});

/** Others' commits, each on top of the one before it. */
function goOn(count: number): void {
  const { commits } = double.state;
  for (let at = 0; at < count; at++) {
    const before = commits.get(head());
    if (before === undefined) throw new Error("the branch has no commit");
    const date = new Date(Date.parse(before.date) + 1_000).toISOString();
    const files = new Map([...before.files, ["README.md", `${at}\n`]]);
    const commit = makeCommit({
      parents: [before.sha],
      files,
      message: `On top: ${at}`,
      author: "ann",
      date,
    });
    commits.set(commit.sha, commit);
    double.repository().branches.set("main", commit.sha);
  }
}

test("a commit whose answer was lost is found below 250 commits of others", async () => {
  const effect = effectAt(head(), "first");
  double.faults.plan("PATCH */git/refs/heads/main", "lost-answer");
  await expect(port.applyEffect(repository, effect, null)).resolves.toMatchObject({ ok: false, retry: true });
  const own = head();
  expect(own).not.toBe(effect.expected_head);
  goOn(250);
  await expect(port.applyEffect(repository, effect, null)).resolves.toMatchObject({ ok: true, commit: own });
});

test("a branch that went on without our commit has moved, which is known without reading all of it", async () => {
  const effect = effectAt(head(), "second");
  goOn(3);
  const before = double.requests.length;
  const result = await port.applyEffect(repository, effect, null);
  expect(result).toMatchObject({ ok: false, retry: false, code: "POINTERS_MOVED" });
  const lists = double.requests.slice(before).filter(({ path }) => path.endsWith("/commits"));
  expect(lists).toHaveLength(1);
});

test("a move that GitHub made only after it had given no answer is found while it is tried again", async () => {
  const effect = effectAt(head(), "third");
  double.faults.plan("PATCH */git/refs/heads/main", 502, { times: 10 });
  await expect(port.applyEffect(repository, effect, null)).resolves.toMatchObject({ ok: false, retry: true });
  const own = [...double.state.commits.values()].find(({ message }) => message === effect.message)?.sha ?? "";
  double.faults.clear();
  before_move = () => {
    double.repository().branches.set("main", own);
    goOn(1);
  };
  await expect(port.applyEffect(repository, effect, null)).resolves.toMatchObject({ ok: true, commit: own });
});

test("a branch that somebody moves in that very moment has moved", async () => {
  const effect = effectAt(head(), "fourth");
  before_move = () => goOn(1);
  await expect(port.applyEffect(repository, effect, null)).resolves.toMatchObject({
    ok: false,
    retry: false,
    code: "POINTERS_MOVED",
  });
});
