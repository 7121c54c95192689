/** The double's pages for people: what a pull request shows, and that nothing in a comment can become active. */
import { expect, test } from "vitest";
import { environmentPull, given, installationClient, REPO } from "./double-setup.ts";

const text = async (url: string): Promise<string> => {
  const response = await fetch(url);
  expect([response.status, response.headers.get("content-type")]).toEqual([200, "text/html; charset=utf-8"]);
  return response.text();
};

test("a pull request shows its talk, rendered, and its checks", async () => {
  const double = await given();
  const pull = await environmentPull(double);
  await double.as("dev").comment(pull, "/promote");
  const octokit = await installationClient(double);
  const body =
    "## Plan\n\n| gate | outcome |\n|---|---|\n| drift | **clean** |\n\n- [x] backup\n\n<details><summary>More</summary>\n\n`code`\n\n</details>";
  await octokit.rest.issues.createComment({ ...REPO, issue_number: pull.number, body });
  const output = { title: "Clean", summary: "Nothing *drifted*." };
  await octokit.rest.checks.create({
    ...REPO,
    name: "belay / production / drift",
    head_sha: pull.headSha,
    conclusion: "success",
    output,
  });
  const page = await text(double.pageOf(pull));
  for (const part of [
    "Promote staging",
    "/promote",
    "<td><strong>clean</strong></td>",
    "<summary>More</summary>",
    'type="checkbox"',
    "belay / production / drift",
    "Nothing <em>drifted</em>.",
  ]) {
    expect(page).toContain(part);
  }
  expect(await text(`${double.url}/_`)).toContain("/acme/shop/pull/1");
});

test("scripts, handlers and addresses that run are taken out", async () => {
  const double = await given();
  const pull = await environmentPull(double);
  await double
    .as("dev")
    .comment(
      pull,
      '<script>alert(1)</script><img src=x onerror=alert(1)><form action="/">\n\n[x](javascript:alert(1))',
    );
  const page = await text(double.pageOf(pull));
  for (const part of ["<script", "onerror", 'href="javascript:', "<form"]) expect(page).not.toContain(part);
});
