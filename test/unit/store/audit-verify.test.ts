/** `npm run audit -- verify` on a real store and a real clone: what was edited, taken out or cut off is found. */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { execa } from "execa";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { anchorsOfClone } from "../../../script/audit/anchors.ts";
import { verify } from "../../../script/audit/verify.ts";
import { anchorText } from "../../../src/core/audit.ts";
import { type OpenStore, openStore } from "../../../src/store/open.ts";

const ENTRY = {
  actor: "github:ann",
  subject: "operation:1",
  site_id: null,
  reason: "because",
  details: { release: "0123456789ab" },
  at: "2026-03-01T10:00:00.000Z",
};
const MAIN = resolve(import.meta.dirname, "../../../script/audit/main.ts");

// Making a database takes seconds on a busy machine.
vi.setConfig({ testTimeout: 60_000, hookTimeout: 60_000 });

let folder: string;
let opened: OpenStore | null;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "belay-audit-"));
  opened = null;
});
afterEach(async () => {
  await opened?.close();
  await rm(folder, { recursive: true });
});

async function write(store: OpenStore, count: number): Promise<void> {
  for (let at = 1; at <= count; at++) {
    await store.store.transaction((tx) => tx.addAudit({ ...ENTRY, action: `promote.${at}` }));
  }
}

/** As the owner of the database could. */
async function tamper(store: OpenStore, statement: string): Promise<void> {
  await store.sql("alter table audit_log disable trigger all");
  await store.sql(statement);
  await store.sql("alter table audit_log enable trigger all");
}

async function cloneWithTags(messages: Readonly<Record<string, string>>): Promise<string> {
  const git = (...words: string[]) =>
    execa("git", ["-C", folder, "-c", "user.name=bot", "-c", "user.email=bot@acme.example", ...words]);
  await git("init", "--quiet");
  await git("commit", "--quiet", "--allow-empty", "--message", "first");
  for (const [tag, message] of Object.entries(messages))
    await git("tag", "--annotate", tag, "--message", message);
  return folder;
}

test("a log that was edited, or lost records in the middle, is told by record", async () => {
  opened = await openStore({ kind: "memory" });
  await write(opened, 5);
  expect(await verify(opened.store)).toMatchObject({ holds: true, records: 5, head: { seq: 5 } });
  await tamper(opened, "update audit_log set actor = 'github:bob' where seq = 2");
  await tamper(opened, "delete from audit_log where seq = 4");
  const result = await verify(opened.store);
  expect(result.holds).toBe(false);
  expect(result.faults.map(({ message }) => message)).toEqual([
    "Record 2 was changed: its content does not have its hash.",
    "Records 4 to 4 are missing before record 5.",
  ]);
});

test("an end that was cut off is found by the tags of the site's repository", async () => {
  opened = await openStore({ kind: "memory" });
  await write(opened, 3);
  const { head } = await verify(opened.store);
  if (head === null) throw new Error("the log is empty");
  const remembered = await anchorsOfClone(
    await cloneWithTags({ "belay/audit/3": anchorText(head), "belay/audit/4": "not an anchor" }),
  );
  const { anchors, foreign } = remembered;
  expect(anchors).toEqual([{ ...head, where: "the tag belay/audit/3" }]);
  expect(foreign).toEqual(["belay/audit/4"]);
  expect(await verify(opened.store, { anchors, foreign: [] })).toMatchObject({ holds: true, anchors: 1 });
  expect((await verify(opened.store, remembered)).faults).toEqual([
    { seq: 4, message: expect.stringContaining("The tag belay/audit/4 was not made by Belay") },
  ]);
  await tamper(opened, "delete from audit_log where seq > 1");
  expect((await verify(opened.store)).holds).toBe(true);
  expect((await verify(opened.store, remembered)).sentences.join("\n")).toContain(
    "The log ends at record 1, but the tag belay/audit/3 says that record 3 existed: its end was cut off.",
  );
});

test("of two tags of one record, as after a store was put back, the other log's is told", async () => {
  opened = await openStore({ kind: "memory" });
  await write(opened, 3);
  const { head } = await verify(opened.store);
  if (head === null) throw new Error("the log is empty");
  const other = anchorText({ ...head, hash: "0".repeat(64) });
  const beside = `belay/audit/3-${head.hash.slice(0, 12)}`;
  const { anchors } = await anchorsOfClone(
    await cloneWithTags({ "belay/audit/3": other, [beside]: anchorText(head) }),
  );
  expect(anchors.map(({ where }) => where)).toEqual(["the tag belay/audit/3", `the tag ${beside}`]);
  expect((await verify(opened.store, { anchors, foreign: [] })).faults).toEqual([
    { seq: 3, message: expect.stringContaining("Record 3 has another hash than the tag belay/audit/3 says") },
  ]);
});

test("the command reads a store's folder, and says what is wrong with its arguments", async () => {
  const directory = join(folder, "store");
  const store = await openStore({ kind: "directory", path: directory });
  await write(store, 1);
  await store.close();
  const run = (...words: string[]) =>
    execa("node", [MAIN, ...words], { reject: false, env: { BELAY_STORE_DIR: directory, DATABASE_URL: "" } });
  const good = await run("verify", "--json");
  expect(good.exitCode).toBe(0);
  expect(JSON.parse(good.stdout)).toMatchObject({ holds: true, records: 1 });
  expect(await run("verify", "--clone", folder)).toMatchObject({ exitCode: 2 });
  const wrong = await run("check");
  expect(wrong.exitCode).toBe(2);
  expect(wrong.stderr).toContain("Usage: npm run audit -- verify");
});
