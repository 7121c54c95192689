/** A store that was put back from a backup does not know which commands on packages were obeyed since: none is obeyed a second time. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { Bot } from "../../../src/bot.ts";
import { openStore } from "../../../src/store/open.ts";
import { startTestBot } from "../../support/bot.ts";
import { FIRST, openPackagesWorld, type PackagesWorld, V3 } from "./world.ts";

let world: PackagesWorld;
let bot: Bot;
const directory = mkdtempSync(join(tmpdir(), "belay-packages-"));

beforeAll(async () => {
  world = await openPackagesWorld({ bot: null });
  bot = await startTestBot(world.double, { store: { directory } });
}, 240_000);
afterAll(async () => {
  await bot?.stop();
  await world?.close();
  rmSync(directory, { recursive: true });
});

async function putBack(): Promise<void> {
  const store = await openStore({ kind: "directory", path: directory });
  await store.queue.restored(new Date().toISOString());
  await store.close();
}

test("a rollback that had been seen is not done again, and one that is asked for after that is", async () => {
  const { double } = world;
  const pull = await world.propose();
  await world.stages(pull);
  await double.as("ann").merge(pull, "squash");
  await world.says("ann", pull, "/activate");
  await world.told(pull, "Active since commit");
  await bot.stop();

  // What the store has lost: the comment came, and Belay had seen it.
  await world.says("ann", pull, `/rollback ${FIRST}`);
  const asked = double.comments(pull).at(-1);
  if (asked === undefined) throw new Error("there is no comment");
  const { id: comment, createdAt } = asked;
  double.state.reactions.push({ id: 1, comment, author: "ann", content: "eyes", createdAt });
  await putBack();
  bot = await startTestBot(double, { store: { directory } });
  await world.told(pull, "comment `/rollback` again if it is still wanted");
  expect(world.pointers()[FIRST]).toBe(V3);
  expect(world.commits("rollback:")).toEqual([]);

  await world.says("ann", pull, "/status");
  await world.says("ann", pull, `/rollback ${FIRST}`);
  await world.told(pull, "Rollback of packages: done");
  expect(world.commits("rollback:")).toHaveLength(1);
  expect(double.problems).toEqual([]);
});
