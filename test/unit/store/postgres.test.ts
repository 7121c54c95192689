/** The same store on a real PostgreSQL server, with several transactions at once. */
import { execFileSync } from "node:child_process";
import { randomUUID } from "node:crypto";
import { chownSync, existsSync, mkdtempSync, rmSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir, userInfo } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { NOTHING_READ, readAudit } from "../../../src/core/audit.ts";
import { isGranted } from "../../../src/core/lock.ts";
import { type OpenStore, openStore } from "../../../src/store/open.ts";
import { anOperation, aRepository, NOW, putWorld } from "./rows.ts";

const BIN = "/usr/lib/postgresql/15/bin";

let directory = "";
let url = "";
const opened: OpenStore[] = [];

/** PostgreSQL refuses to run as root. */
function asOwner(command: string, ...args: readonly string[]): string {
  const owner =
    userInfo().uid === 0 ? ["setpriv", "--reuid=nobody", "--regid=nogroup", "--clear-groups"] : [];
  const [program = "", ...rest] = [...owner, join(BIN, command), ...args];
  return execFileSync(program, rest, { encoding: "utf8", cwd: directory, stdio: ["ignore", "pipe", "pipe"] });
}

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  if (address === null || typeof address === "string") throw new Error("no port");
  return address.port;
}

beforeAll(async () => {
  directory = mkdtempSync(join(tmpdir(), "belay-postgres-"));
  if (userInfo().uid === 0) {
    const id = (flag: string) => Number(execFileSync("id", [flag, "nobody"], { encoding: "utf8" }));
    chownSync(directory, id("-u"), id("-g"));
  }
  const data = join(directory, "data");
  asOwner("initdb", "-D", data, "-U", "belay", "--auth=trust", "--no-sync", "--locale=C", "--encoding=UTF8");
  const port = await freePort();
  const options = `-p ${port} -c listen_addresses=127.0.0.1 -c unix_socket_directories= -c fsync=off`;
  asOwner("pg_ctl", "-D", data, "-w", "-l", join(directory, "log"), "-o", options, "start");
  url = `postgres://belay@127.0.0.1:${port}/postgres`;
  const place = { kind: "postgres" as const, url, onLost: () => {} };
  // Two bots that start at once on an empty database.
  opened.push(...(await Promise.all([openStore(place), openStore(place)])));
}, 60_000);

afterAll(async () => {
  for (const store of opened) await store.close();
  const data = join(directory, "data");
  if (existsSync(join(data, "postmaster.pid")))
    asOwner("pg_ctl", "-D", data, "-m", "immediate", "-w", "stop");
  rmSync(directory, { recursive: true, force: true });
}, 60_000);

function bots(): readonly [OpenStore, OpenStore] {
  const [one, other] = opened;
  if (one === undefined || other === undefined) throw new Error("the stores are not open");
  return [one, other];
}

test("twenty transactions of two bots at once: one chain of records, each key once, one holder of a lock", async () => {
  const [one, other] = bots();
  const world = await one.store.transaction((tx) => putWorld(tx));
  const work = async ({ store }: OpenStore, number: number) => {
    const operation = anOperation(world);
    return store.transaction(async (tx) => {
      await tx.addOperation(operation);
      const { actor, subject } = { actor: "bot", subject: `operation:${operation.id}` };
      const record = { actor, action: "a", subject, site_id: null, reason: "r", details: null, at: NOW };
      await tx.addAudit(record);
      const first = await tx.claimOnce(`comment:1:${number % 5}`, NOW);
      const lock = await tx.acquireLock(operation.id, [world.target.id, world.source.id], NOW);
      return { first, granted: isGranted(lock) };
    });
  };
  const results = await Promise.all(
    Array.from({ length: 20 }, (_, number) => work(number % 2 === 0 ? one : other, number)),
  );
  expect(results.filter(({ first }) => first)).toHaveLength(5);
  expect(results.filter(({ granted }) => granted)).toHaveLength(1);
  const log = await other.store.transaction((tx) => tx.audit({}, { limit: 100 }));
  expect(log).toHaveLength(20);
  expect(log.toReversed().reduce(readAudit, NOTHING_READ).faults).toEqual([]);
}, 60_000);

test("rows come back as they do from PGlite", async () => {
  const [{ store }] = bots();
  const operation = await store.transaction(async (tx) => {
    const row = anOperation(await putWorld(tx, aRepository(77)));
    await tx.addOperation(row);
    return row;
  });
  expect(await store.transaction((tx) => tx.operation(operation.id))).toEqual(operation);
});

test("each delivery is worked on by one bot", async () => {
  const [one, other] = bots();
  for (let n = 0; n < 10; n++)
    await one.queue.addDelivery({ id: `d${n}`, event: "x", payload: n, received_at: NOW });
  const seen: unknown[] = [];
  const drain = async ({ queue }: OpenStore) => {
    while (await queue.takeDelivery(NOW, async ({ payload }) => void seen.push(payload)));
  };
  await Promise.all([drain(one), drain(other), drain(one), drain(other)]);
  expect(seen.toSorted()).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
});

test("each effect is applied by one bot, and those of one thing in their order", async () => {
  const [one, other] = bots();
  const repository = aRepository(78);
  const things = Array.from({ length: 6 }, () => randomUUID());
  for (const operation_id of things) {
    for (const description of ["1", "2", "3", "4"]) {
      const about = { kind: "deployment_status", operation_id, state: "in_progress" } as const;
      const effect = { ...about, description, environment_url: "https://acme.example" };
      const row = { id: randomUUID(), operation_id: null, repository, effect, not_before: NOW };
      await one.store.transaction((tx) => tx.addEffect(row));
    }
  }
  const seen: { readonly thing: string; readonly nth: string }[] = [];
  const atWork = new Set<string>();
  const overlapped: string[] = [];
  const drain = async ({ queue }: OpenStore) => {
    while (seen.length < things.length * 4) {
      await queue.takeEffect(NOW, async ({ effect }) => {
        if (effect.kind !== "deployment_status") throw new Error(`a ${effect.kind} was handed out`);
        const thing = effect.operation_id;
        if (atWork.has(thing)) overlapped.push(thing);
        atWork.add(thing);
        await new Promise((resolve) => setTimeout(resolve, 5));
        atWork.delete(thing);
        seen.push({ thing, nth: effect.description });
        return { ok: true, external_id: 1, url: null };
      });
    }
  };
  await Promise.all([one, other, one, other].map(drain));
  for (const thing of things) {
    expect(seen.filter((applied) => applied.thing === thing).map(({ nth }) => nth)).toEqual([
      "1",
      "2",
      "3",
      "4",
    ]);
  }
  expect([overlapped, seen.length]).toEqual([[], things.length * 4]);
}, 60_000);
