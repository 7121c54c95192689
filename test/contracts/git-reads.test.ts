/** Trees and contents against the double, where GitHub gives less than all at once: nothing is left out, and nothing is asked for twice in vain. */
import { Probot } from "probot";
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { boundedFetch, octokitClass } from "../../src/github/client.ts";
import { github } from "../../src/github/github.ts";
import type { Github } from "../../src/ports/github.ts";
import type { Repository } from "../../src/ports/sites.ts";
import { type Double, startDouble } from "../double/double.ts";
import { blobSha } from "../double/github/git.ts";

/** Long names, so that the list of them is more than GitHub gives at once: about 400 bytes each. */
const nameOf = (at: number) => `folder-${at % 7}/${"x".repeat(180)}-${String(at).padStart(6, "0")}.txt`;
const FILES = Object.fromEntries(Array.from({ length: 20_000 }, (_, at) => [nameOf(at), `${at % 90}\n`]));
const CONTENTS = Array.from({ length: 90 }, (_, at) => `${at}\n`);

let double: Double;
let port: Github;
let repository: Repository;

beforeAll(async () => {
  double = await startDouble({
    repositories: [{ name: "acme/docs", files: FILES, people: { ann: "write" } }],
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
  const { id } = double.repository();
  const installation_id = double.state.installations[0]?.id ?? 0;
  repository = { id, owner: "acme", name: "docs", installation_id, default_branch: "main" };
}, 120_000);
afterAll(() => double.close());
beforeEach(() => double.faults.clear());

const askedSince = (count: number, end: string) =>
  double.requests.slice(count).filter(({ path }) => path.includes(end));

test("a list of files of more than 7 MB is put together folder by folder", async () => {
  const before = double.requests.length;
  const head = double.repository().branches.get("main") ?? "";
  const entries = await port.tree(repository, head);
  expect(entries.map(({ path }) => path).sort()).toEqual(Object.keys(FILES).sort());
  expect(entries.every(({ path, id }) => id === blobSha(FILES[path] ?? ""))).toBe(true);
  expect(askedSince(before, "/git/trees/")).toHaveLength(2 + 7);
}, 120_000);

test("contents that GitHub cannot gather in its time are asked for in halves", async () => {
  const ids = CONTENTS.map(blobSha);
  double.faults.plan("POST */graphql", 502);
  const before = double.requests.length;
  const found = await port.blobs(repository, ids);
  expect(ids.map((id) => Buffer.from(found.get(id) ?? []).toString())).toEqual(CONTENTS);
  expect(askedSince(before, "/graphql").map(({ status }) => status)).toEqual([502, 200, 200]);
  expect(askedSince(before, "/git/blobs/")).toHaveLength(0);
}, 120_000);

test("where even a few cannot be had the reading fails, and nothing is taken for missing", async () => {
  double.faults.plan("POST */graphql", 502, { times: 1_000 });
  await expect(port.blobs(repository, CONTENTS.map(blobSha))).rejects.toThrow();
}, 120_000);
