/** The bot as a process, killed after its commit is on the branch and before it knows so: the commit is found again, never repeated. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type BotProcess, startBotProcess } from "../../../script/bench/bot/process.ts";
import { FIRST, openPackagesWorld, type PackagesWorld, V3 } from "./world.ts";

let world: PackagesWorld;
let bot: BotProcess | undefined;
const directory = mkdtempSync(join(tmpdir(), "belay-packages-"));

const start = async () => {
  const { double } = world;
  const { app, apiUrl } = double;
  bot = await startBotProcess(
    { app, apiUrl, issuer: double.oidc.issuer() },
    { env: { BELAY_STORE_DIR: directory } },
  );
  double.connect(bot.webhook_url);
};

beforeAll(async () => {
  world = await openPackagesWorld({ settings: "version: 1\ntags: true\n", bot: null });
  await start();
}, 240_000);
afterAll(async () => {
  await bot?.kill("SIGKILL");
  await world?.close();
  rmSync(directory, { recursive: true });
});

test("killed between its commit and the record of it", async () => {
  const { double } = world;
  const pull = await world.propose();
  await world.stages(pull);
  await double.as("ann").merge(pull, "squash");
  // The branch moves, and the bot dies before it is told so.
  double.faults.plan("PATCH */git/refs/heads/main", "lost-answer");
  await world.says("ann", pull, "/activate");
  await double.when("the commit", () => (world.pointers()[FIRST] === V3 ? true : undefined), 110_000);
  await bot?.kill("SIGKILL");
  await double.as("ann").push("main", { "README.md": "Somebody goes on.\n" });
  await start();
  await world.told(pull, "Active since commit");
  expect(world.commits("release: Activate")).toEqual([`release: Activate ${FIRST} ${V3}`]);
  await double.when("the tag", () => double.repository("acme/docs").tags.get(`${FIRST}/v${V3}`), 110_000);
  await world.titled(pull, "belay / release", `Released: ${FIRST} ${V3}.`);
  expect(double.problems).toEqual([]);
});
