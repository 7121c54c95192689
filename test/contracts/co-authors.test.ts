/** Who wrote the commits of a pull request, where they were written together: nobody says yes to a commit that bears their own name. */
import { Probot } from "probot";
import { afterAll, beforeAll, expect, test } from "vitest";
import { boundedFetch, octokitClass } from "../../src/github/client.ts";
import { github } from "../../src/github/github.ts";
import type { Github } from "../../src/ports/github.ts";
import { type Double, startDouble } from "../double/double.ts";

let double: Double;
let port: Github;

beforeAll(async () => {
  double = await startDouble({
    repositories: [{ name: "acme/shop", files: { "index.php": "<?php" }, people: { ann: "write" } }],
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
}, 60_000);
afterAll(() => double.close());

let branches = 0;
async function committers(message: string) {
  const ann = double.as("ann");
  const head = `topic-${++branches}`;
  const { id, defaultBranch } = double.repository();
  await ann.pointBranch(head, double.repository().branches.get(defaultBranch) ?? "");
  await ann.push(head, { "theme.css": String(branches) }, { message });
  const { number } = await ann.openPullRequest({ title: "Change", head, base: defaultBranch });
  const installation_id = double.state.installations[0]?.id ?? 0;
  const repository = { id, owner: "acme", name: "shop", installation_id, default_branch: defaultBranch };
  return port.committers(repository, number);
}

test.each([
  ["Co-authored-by: Mona <1234+mona@users.noreply.github.com>", ["mona"], 0],
  ["co-AUTHORED-by:Mona <mona@users.noreply.github.com>  ", ["mona"], 0],
  ["Co-authored-by: Bot <1+helper[bot]@users.noreply.github.com>", ["helper[bot]"], 0],
  ["Co-authored-by: Mona <mona@users.noreply.git.acme.example>", ["mona"], 0],
  ["Co-authored-by: Mona <mona@acme.example>", [], 1],
  ["Co-authored-by: <>", [], 1],
  ["Co-authored-by: A <a@acme.example>\nCo-authored-by: Bo <bo@users.noreply.github.com>", ["bo"], 1],
  ["It says Co-authored-by: Mona <mona@acme.example> in the middle", [], 0],
])("%j", async (trailer, others, unknown) => {
  const { logins, ...found } = await committers(`Change the theme\n\n${trailer}`);
  expect(logins.filter((login) => login !== "ann").toSorted()).toEqual(others);
  expect([logins.includes("ann"), found.unknown]).toEqual([true, unknown]);
});
