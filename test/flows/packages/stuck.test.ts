/** What becomes of an operation where what its commit led to cannot be told: it ends by what is on the branch, and keeps no lock. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { packageId } from "../../../script/bench/packages/sample.ts";
import type { Bot } from "../../../src/bot.ts";
import { MAX_FAULTS } from "../../../src/store/lease.ts";
import { openStore } from "../../../src/store/open.ts";
import type { PullRequest } from "../../double/github/state.ts";
import { startTestBot } from "../../support/bot.ts";
import { FIRST, openPackagesWorld, type PackagesWorld, SETTINGS, V2, V3 } from "./world.ts";

const SECOND = packageId(1);
const PATIENT = 110_000;
const UPDATE = "PATCH */git/refs/heads/main";
const READ = "GET */contents/.github/belay-packages.yml";

const directory = mkdtempSync(join(tmpdir(), "belay-stuck-"));
let world: PackagesWorld;
let bot: Bot;
const start = () => startTestBot(world.double, { store: { directory } });
beforeAll(async () => {
  world = await openPackagesWorld({ settings: SETTINGS, bot: null });
  bot = await start();
}, 240_000);
afterAll(async () => {
  await bot?.stop();
  await world?.close();
  rmSync(directory, { recursive: true });
});

/** Staged, approved and merged. */
async function merged(ids: readonly string[]): Promise<PullRequest> {
  const pull = await world.propose(ids);
  await world.stages(pull);
  await world.double.as("ann").merge(pull, "squash");
  return pull;
}

/** GitHub is asked to move the branch, and Belay stops before it tries again. */
async function interrupted(fault: "lost-answer" | 503, work: () => Promise<void>): Promise<void> {
  const { double } = world;
  const tried = () => double.requests.filter(({ path }) => path.endsWith("git/refs/heads/main")).length;
  const before = tried();
  double.faults.plan(UPDATE, fault);
  await work();
  await double.when("the first attempt", () => (tried() > before ? true : undefined), PATIENT);
  await bot.stop();
}

async function inStore(statement: string): Promise<readonly unknown[]> {
  const store = await openStore({ kind: "directory", path: directory });
  const rows = await store.sql(statement);
  await store.close();
  return rows;
}

/** The waits add up to three quarters of an hour: all tries but the last one are over. */
async function allButTheLastTry(): Promise<void> {
  const rows = await inStore(
    `update effects set faults = ${MAX_FAULTS - 1}, not_before = now() where effect ->> 'kind' = 'pointers' and state = 'pending' returning faults`,
  );
  expect(rows).toHaveLength(1);
}

test("an activation after which the settings cannot be read is done, and says what did not follow", async () => {
  const { double } = world;
  const pull = await merged([FIRST]);
  await interrupted("lost-answer", () => world.says("ann", pull, "/activate"));
  double.faults.plan(READ, 403, { times: 1_000 });
  bot = await start();
  const said = await world.told(pull, "Active since commit");
  expect(said).toContain("Activation of packages: done");
  expect(said).toContain("no tag was made and the runtime was not told");
  expect(world.commits("release: Activate")).toEqual([`release: Activate ${FIRST} ${V3}`]);
  await world.titled(pull, "belay / release", `Released: ${FIRST} ${V3}.`);
  double.faults.clear();
}, 240_000);

test("what nobody can judge anew for so long is given up, and the next command goes on", async () => {
  const { double } = world;
  const pull = await merged([SECOND]);
  await interrupted(503, () => world.says("ann", pull, "/activate"));
  await double.as("bea").push("main", { "README.md": "Somebody was first.\n" });
  await allButTheLastTry();
  double.faults.plan(READ, 403, { times: 1_000 });
  bot = await start();
  const said = await world.told(pull, "Activation of packages: failed");
  expect(said).toContain("No pointer was moved: the branch had moved on, and it could not be judged anew.");
  expect(said).toContain("Belay's App may not read");
  expect(world.pointers()[SECOND]).toBe(V2);
  double.faults.clear();
  await world.says("ann", pull, "/activate");
  await world.told(pull, "Activation of packages: done");
  expect(world.pointers()[SECOND]).toBe(V3);
}, 240_000);

test("where GitHub lets nobody look what an earlier attempt has done, nothing is claimed", async () => {
  const { double } = world;
  const pull = double.state.pulls[1] as PullRequest;
  await interrupted("lost-answer", () => world.says("ann", pull, `/rollback ${SECOND}`));
  double.faults.plan("GET */git/ref/heads*main", 403, { times: 1_000 });
  bot = await start();
  const said = await world.told(pull, "Rollback of packages: failed");
  expect(said).toContain("Whether a pointer was moved cannot be told");
  expect(said).not.toContain("No pointer was moved");
  double.faults.clear();
}, 240_000);

test("a move whose releases cannot be written down ends as what it is, with its commit", async () => {
  const { double } = world;
  const pull = double.state.pulls[0] as PullRequest;
  await interrupted("lost-answer", () => world.says("ann", pull, `/rollback ${FIRST}`));
  await allButTheLastTry();
  await inStore(
    "create function refuse() returns trigger language plpgsql as $$ begin raise exception 'no'; end $$",
  );
  await inStore(
    "create trigger refuse before update on package_releases for each row execute function refuse()",
  );
  bot = await start();
  const said = await world.told(pull, "Rollback of packages: done");
  expect(said).toContain("the releases keep their old states");
  expect(world.pointers()[FIRST]).toBe(V2);
  await world.says("ann", pull, "/unlock");
  await world.told(pull, "is not locked");
  expect(double.problems).toEqual([]);
}, 240_000);
