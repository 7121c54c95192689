/** Texts that a database cannot hold: NUL, and halves of characters. Whoever tells them, the work goes on and its end is told. */
import { afterEach, beforeEach, expect, it } from "vitest";
import { NOTHING_READ, readAudit } from "../../src/core/audit.ts";
import { pullRequestChanged } from "../../src/flows/pull-request-changed.ts";
import { backedUp, firstClone, measured } from "./facts.ts";
import { openWorld, PULL_REQUEST, REPOSITORY, type World } from "./world.ts";

let world: World;
beforeEach(async () => {
  world = await openWorld();
  await world.pullRequest();
  await world.says("mona", "/refresh");
  await world.runs(firstClone(measured({})));
});

afterEach(async () => {
  const log = await world.open.store.transaction((tx) => tx.auditAfter(0, 1_000));
  expect(log.reduce(readAudit, NOTHING_READ).faults).toEqual([]);
});

const STRANGE = ["a\u0000b", "a\ud800b", "\udc00", "\u0000"];

it.each(STRANGE)("an error of a host that says %j is an error all the same", async (text) => {
  expect(await world.says("mona", "/backup")).toBe("started");
  const end = await world.runs({
    backup_create: () => ({
      error: "BACKUP_FAILED",
      message: `restic says ${text}`,
      facts: { [text]: text },
    }),
  });
  expect(end.result).toBe("failed");
  expect((await world.operation()).state).toBe("failed");
});

it.each(STRANGE)("a step that is named %j", async (text) => {
  expect(await world.says("mona", "/backup")).toBe("started");
  const job = (await world.effects("dispatch")).at(-1)?.inputs.job ?? "";
  await world.claim(job);
  const at = world.now();
  const told = [{ at, event: "step_finished", step: text, status: "ok", seconds: 1, message: text } as const];
  expect(await world.tells(job, told)).toMatchObject({ kind: "noted" });
  expect(await world.report(job, "backup_create", { facts: backedUp(world.now()) })).toMatchObject({
    kind: "answered",
  });
});

it.each(STRANGE)("a title and a reason with %j", async (text) => {
  const titled = { ...PULL_REQUEST, title: `Promote ${text}`, updated_at: world.now() };
  await pullRequestChanged(world.deps, { repository: REPOSITORY, pull_request: titled });
  await world.says("mona", `/lock because ${text} is odd`);
  await world.says("mona", "/status");
  expect(await world.lastAnswer()).toContain("because");
});
