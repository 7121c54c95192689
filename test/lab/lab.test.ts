import { access } from "node:fs/promises";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, expect, test } from "vitest";
import { commentIds, difference, observe, sessionRows, unexpected } from "./comparison.ts";
import { type Laboratory, startLaboratory } from "./laboratory.ts";
import { letVisitorsIn, missing } from "./visitors.ts";
import { addPlugin, addTheme, editPost } from "./wordpress.ts";

let lab: Laboratory;
beforeAll(async () => {
  lab = await startLaboratory();
});
afterAll(async () => {
  await lab.stop();
});

test("production serves a whole page with the marks of its theme, and of a plugin's table", async () => {
  await addPlugin(lab.production, "1");
  const page = await (await fetch(`${lab.production.url}/post-1/`)).text();
  expect(page).toContain('data-code="1" data-db="1" data-table="1"');
  expect(page).toContain("Laboratory, end of page");
});

test("visitors of a still site see no failure, and only what they wrote has changed", async () => {
  const before = await observe(lab.database.socket, lab.production);
  const visitors = letVisitorsIn({ site: lab.production, account: lab.visitor, posts: lab.posts });
  while (visitors.answered() < 60) await sleep(20);
  const summary = await visitors.stop();
  expect(summary.failures).toEqual([]);
  expect(summary.comments.length).toBeGreaterThan(0);
  expect(summary.logins).toBeGreaterThan(0);
  expect(missing(summary.comments, await commentIds(lab.database.socket, lab.production))).toEqual([]);
  const changes = difference(before, await observe(lab.database.socket, lab.production));
  const expected = {
    comments: summary.comments,
    posts: [],
    sessionRows: await sessionRows(lab.database.socket, lab.production),
  };
  expect(unexpected(changes, expected)).toEqual([]);
  expect(changes.length).toBeGreaterThanOrEqual(summary.comments.length);
});

test("the comparison finds an edited post and a changed file", async () => {
  const before = await observe(lab.database.socket, lab.production);
  const [post] = lab.posts;
  if (post === undefined) throw new Error("the laboratory has no post");
  await editPost(lab.production, post, "Edited.");
  const changes = difference(before, await observe(lab.database.socket, lab.production));
  expect(changes).toContainEqual({ where: "posts", key: String(post), change: "changed" });
});

test("a mixture is seen: new code with the old data", async () => {
  await addTheme(lab.production, {
    version: "1",
    extra: "add_filter('option_lab_version', function () { return 'old'; });",
  });
  const visitors = letVisitorsIn({ site: lab.production, account: lab.visitor, posts: lab.posts, count: 1 });
  while (visitors.answered() < 3) await sleep(20);
  const summary = await visitors.stop();
  expect(summary.mixed).toBeGreaterThan(0);
});

test("nothing is left when the laboratory stops", async () => {
  const other = await startLaboratory();
  const processes = other.processes;
  await other.stop();
  for (const pid of processes) expect(() => process.kill(pid, 0)).toThrow();
  await expect(access(other.folder)).rejects.toThrow();
});
