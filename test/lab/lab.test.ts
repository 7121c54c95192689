import { existsSync } from "node:fs";
import { readFile } from "node:fs/promises";
import path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { execa } from "execa";
import { afterAll, beforeAll, expect, test } from "vitest";
import { difference, lostComments, observe, sessionRows, unexpected } from "./comparison.ts";
import { type Laboratory, startLaboratory } from "./laboratory.ts";
import { readProcess } from "./processes.ts";
import { mariadb } from "./servers/mariadb.ts";
import { ssh } from "./servers/sshd.ts";
import { letVisitorsIn, type VisitorSummary } from "./visitors.ts";
import { addPlugin, addTheme, editPost, setOption, wp, writeRevision } from "./wordpress.ts";

let lab: Laboratory;
let first: number;
beforeAll(async () => {
  lab = await startLaboratory({ workers: 4, production: { database: "shop", prefix: "x9_" } });
  const [post] = lab.posts;
  if (post === undefined) throw new Error("the laboratory has no post");
  first = post;
});
afterAll(async () => {
  await lab.stop();
});

const look = () => observe(lab.database.socket, lab.production);
const page = async (address: string) => (await fetch(`${lab.production.url}${address}`)).text();

async function visit(requests: number): Promise<VisitorSummary> {
  const visitors = letVisitorsIn({ site: lab.production, account: lab.visitor, posts: lab.posts });
  while (visitors.answered() < requests) await sleep(20);
  return visitors.stop();
}

test("production serves whole pages: the menu, the picture, the comments, the marks of the theme", async () => {
  const text = await page("/post-1/");
  expect(text).toContain('data-code="1" data-db="1"');
  expect(text).toContain(`${lab.production.url}/about/`);
  expect(text).toMatch(/wp-content\/uploads\/\d+\/\d+\/picture-1/);
  expect(text).toContain("Reader 2: Comment 2 on post 12");
  expect(text).toContain("Laboratory, end of page");
});

test("the database and the prefix are the ones asked for, and the site's address is stored in every form", async () => {
  const { socket } = lab.database;
  const value = (sql: string) => mariadb(socket, sql, "shop");
  const escaped = lab.production.url.replaceAll("/", "\\/");
  expect(await value("SELECT option_value FROM x9_options WHERE option_name = 'siteurl'")).toBe(
    lab.production.url,
  );
  expect(await value("SELECT option_value FROM x9_options WHERE option_name = 'lab_settings'")).toMatch(
    /^a:2:\{.*s:\d+:"http/,
  );
  const json = await wp(lab.production, "return get_post_meta($input, 'lab_json', true);", first);
  expect(json).toContain(escaped);
  expect(await value(`SELECT post_content FROM x9_posts WHERE ID = ${first}`)).toContain("<!-- wp:image {");
});

test("staging is an empty host: the layout, its own wp-config.php, no release, no table", async () => {
  const { root, database, prefix } = lab.staging;
  expect(existsSync(path.join(root, "current"))).toBe(false);
  expect(existsSync(path.join(root, "releases"))).toBe(true);
  expect(await readFile(path.join(root, "shared/wp-config.php"), "utf8")).toContain(
    `$table_prefix = '${prefix}'`,
  );
  expect(await mariadb(lab.database.socket, "SHOW TABLES", database)).toBe("");
  expect((await fetch(lab.staging.url)).status).toBe(404);
});

test("Ansible reaches both hosts with the inventory, the key and the pinned host key", async () => {
  const { stdout } = await execa(
    "ansible",
    ["all", "-i", lab.inventory, "--private-key", lab.ssh.privateKey, "-m", "ping", "--one-line"],
    {
      env: {
        LC_ALL: "C.UTF-8",
        ANSIBLE_LOCAL_TEMP: path.join(lab.folder, "ansible"),
        ANSIBLE_SSH_ARGS: `-o UserKnownHostsFile=${lab.ssh.knownHosts} -o IdentitiesOnly=yes`,
      },
    },
  );
  expect(stdout).toMatch(/web-production \| SUCCESS/);
  expect(stdout).toMatch(/web-staging \| SUCCESS/);
});

test("a theme, a plugin with a table, an option and a commit are added through the site's own PHP", async () => {
  await addPlugin(lab.production, "1");
  await addTheme(lab.production, { version: "2" });
  await setOption(lab.production, "lab_season", "Season 2");
  await writeRevision(lab.production, "a".repeat(40));
  expect(await page("/")).toContain('data-code="2" data-db="2" data-table="2"');
  expect(await page("/")).toContain("menu-item-type-custom");
  expect(await wp(lab.production, "return get_option('lab_season');")).toBe("Season 2");
  expect(await readFile(path.join(lab.production.root, "current/REVISION"), "utf8")).toBe(
    `${"a".repeat(40)}\n`,
  );
});

test("visitors of a still site see no failure, and only what they wrote has changed", async () => {
  const before = await look();
  const seen = await visit(60);
  expect(seen.failures).toEqual([]);
  expect(seen.comments.length).toBeGreaterThan(0);
  expect(seen.logins).toBeGreaterThan(0);
  expect(Object.keys(seen.versions)).toEqual(["2"]);
  expect(await lostComments(lab.database.socket, lab.production, seen.comments)).toEqual([]);
  const changes = difference(before, await look());
  const expected = {
    comments: seen.comments,
    posts: [],
    sessionRows: await sessionRows(lab.database.socket, lab.production),
  };
  expect(unexpected(changes, expected)).toEqual([]);
  expect(changes.length).toBeGreaterThanOrEqual(seen.comments.length);
});

test("the comparison finds an edited post, and knows it when it is expected", async () => {
  const before = await look();
  const posts = await editPost(lab.production, first, "Edited.");
  const changes = difference(before, await look());
  expect(changes).toContainEqual({ where: "posts", key: String(first), change: "changed" });
  expect(unexpected(changes, { comments: [], posts: [], sessionRows: [] })).toEqual(changes);
  expect(unexpected(changes, { comments: [], posts, sessionRows: [] })).toEqual([]);
});

test("the comparison finds an added user, a changed file and a lost comment", async () => {
  const before = await look();
  await wp(lab.production, "return wp_create_user('guest', wp_generate_password(), 'guest@lab.example');");
  await wp(lab.production, "file_put_contents(wp_upload_dir()['basedir'] . '/price-list.txt', 'free');");
  const changes = difference(before, await look());
  expect(changes.filter(({ where }) => where === "users")).toHaveLength(1);
  expect(changes).toContainEqual({ where: "uploads", key: "price-list.txt", change: "changed" });
  const never = { id: 999_999, author: "nobody", content: "never written" };
  expect(await lostComments(lab.database.socket, lab.production, [never])).toEqual([never]);
});

test("a mixture of new code and old data is a failure", async () => {
  await addTheme(lab.production, {
    version: "3",
    extra: "add_filter('option_lab_version', function () { return '2'; });",
  });
  const seen = await visit(5);
  expect(seen.mixed).toBeGreaterThan(0);
  expect(seen.failures).toContain("GET /: a mixture: 3, 2, 3");
});

test("a page that dies half way and an empty page are failures", async () => {
  await addTheme(lab.production, { version: "4", extra: "if ( ! is_front_page() && ! is_home() ) exit;" });
  const seen = await visit(5);
  expect(seen.failures.some((failure) => failure.endsWith("an empty body"))).toBe(true);
});

test("a command that a login left behind ends with the laboratory", async () => {
  const left = await ssh(lab.ssh, ["setsid sleep 3600 >/dev/null 2>&1 </dev/null & echo $!"]);
  const processes = [...lab.processes, Number(left.stdout)];
  const living = () => processes.filter((pid) => readProcess(pid) !== undefined);
  expect(living()).toEqual(processes);
  await lab.stop();
  expect(living()).toEqual([]);
  expect(existsSync(lab.folder)).toBe(false);
});
