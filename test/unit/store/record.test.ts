import { afterAll, beforeAll, expect, test } from "vitest";
import { NOTHING_READ, readAudit } from "../../../src/core/audit.ts";
import { isGranted } from "../../../src/core/lock.ts";
import type { OpenStore } from "../../../src/store/open.ts";
import { openTestStore } from "../../support/store.ts";
import { anOperation, aRepository, later, NOW, putWorld, type World } from "./rows.ts";

let opened: OpenStore;
let world: World;
beforeAll(async () => {
  opened = await openTestStore();
  world = await opened.store.transaction((tx) => putWorld(tx));
}, 60_000);
afterAll(() => opened.close());

const entry = (action: string) => ({
  actor: "github:octocat",
  action,
  subject: "operation:1",
  site_id: world.site.id,
  reason: "because",
  details: { b: [1, null], a: "\u0000" },
  at: "2026-01-02T03:04:05Z",
});

test("an operation comes back as it was written, and a change counts its version", async () => {
  const operation = anOperation(world);
  const { store } = opened;
  await store.transaction((tx) => tx.addOperation(operation));
  expect(await store.transaction((tx) => tx.operation(operation.id))).toEqual(operation);
  const changed = await store.transaction((tx) =>
    tx.updateOperation(operation.id, { state: "checking", verdict: null }),
  );
  expect(changed).toEqual({ ...operation, state: "checking", verdict: null, state_version: 1 });
  expect(
    await store.transaction((tx) => tx.operations({ states: ["checking"], pull_request: 12 }, { limit: 5 })),
  ).toEqual([changed]);
});

test("records written at once form one chain, and none can be changed or removed", async () => {
  const { store } = opened;
  await Promise.all(
    ["a", "b", "c", "d"].map((action) => store.transaction((tx) => tx.addAudit(entry(action)))),
  );
  const log = await store.transaction((tx) => tx.audit({ site_id: world.site.id }, { limit: 100 }));
  expect(log.map((record) => record.seq)).toEqual([4, 3, 2, 1]);
  expect(log.toReversed().reduce(readAudit, NOTHING_READ).faults).toEqual([]);
  for (const statement of [
    "update audit_log set actor = 'x'",
    "delete from audit_log",
    "truncate audit_log",
  ]) {
    await expect(opened.sql(statement)).rejects.toThrow("audit_log is append-only");
  }
});

test("a key is claimed once, and not by a transaction that failed", async () => {
  const { store } = opened;
  const claim = (key: string) => store.transaction((tx) => tx.claimOnce(key, NOW));
  const failing = store.transaction(async (tx) => {
    await tx.claimOnce("comment:41:1", NOW);
    throw new Error("later, the flow failed");
  });
  await expect(failing).rejects.toThrow("later, the flow failed");
  const answers = await Promise.all([claim("comment:41:1"), claim("comment:41:1"), claim("comment:41:1")]);
  expect(answers.toSorted()).toEqual([false, false, true]);
});

test("a lock takes all of its environments or none, and is granted again to its holder", async () => {
  const { store } = opened;
  const { source, target } = world;
  const [first, second] = [anOperation(world), anOperation(world)];
  await store.transaction(async (tx) => {
    await tx.addOperation(first);
    await tx.addOperation(second);
  });
  const acquire = (id: string, environments: readonly string[]) =>
    store.transaction((tx) => tx.acquireLock(id, environments, NOW));
  expect(isGranted(await acquire(first.id, [target.id]))).toBe(true);
  expect(isGranted(await acquire(first.id, [target.id, target.id]))).toBe(true);
  const held = { by: "operation", held_by: first.id, environment_id: target.id, since: NOW };
  expect(await acquire(second.id, [source.id, target.id])).toEqual(held);
  expect(await store.transaction((tx) => tx.locks())).toHaveLength(1);
  await store.transaction((tx) => tx.releaseLock(first.id));
  expect(isGranted(await acquire(second.id, [source.id, target.id]))).toBe(true);
  await store.transaction((tx) => tx.releaseLock(second.id));
});

test("heads of a pull request are told once each, oldest first", async () => {
  const { id: repository_id } = aRepository();
  const head = (sha: string, changed_at: string) => ({
    repository_id,
    number: 3,
    sha,
    changed_at,
    seen_at: NOW,
  });
  const heads = [head("b", later(1)), head("a", NOW), head("a", NOW), head("a", later(2))];
  const found = await opened.store.transaction(async (tx) => {
    for (const row of heads) await tx.addHead(row);
    return tx.headsOf(repository_id, 3);
  });
  expect(found.map(({ sha }) => sha)).toEqual(["a", "b", "a"]);
});

test("a backup is completed only with its proof", async () => {
  const { store } = opened;
  const operation = anOperation(world);
  const backup = {
    id: operation.id,
    environment_id: world.target.id,
    operation_id: operation.id,
    state: "running" as const,
    scope: "full" as const,
    snapshot: null,
    taken_at: null,
    bytes: 0,
    proof: null,
    created_at: NOW,
    error_message: null,
  };
  await store.transaction(async (tx) => {
    await tx.addOperation(operation);
    await tx.putBackup(backup);
  });
  const unproven = store.transaction((tx) => tx.putBackup({ ...backup, state: "completed" }));
  await expect(unproven).rejects.toThrow("violates check constraint");
  const proof = { tables: 3, rows: 10, moving_rows: 0, files: 4 };
  const proven = {
    ...backup,
    state: "completed" as const,
    snapshot: "ab12",
    taken_at: later(9),
    bytes: 77,
    proof,
  };
  await store.transaction((tx) => tx.putBackup(proven));
  expect(await store.transaction((tx) => tx.backupsOf(world.target.id))).toEqual([proven]);
});

test("a transaction inside a transaction is refused, because it would wait for itself", async () => {
  const { store } = opened;
  const nested = store.transaction(() => store.transaction((tx) => tx.locks()));
  await expect(nested).rejects.toThrow("A flow began a transaction inside a transaction.");
  expect(await store.transaction((tx) => tx.locks())).toEqual([]);
});
