/** What GitHub refused for want of a permission is tried again by itself, for three days and not for ever. */
import { pino } from "pino";
import { beforeEach, expect, it, vi } from "vitest";
import type { EffectResult } from "../../src/core/effects.ts";
import { startReconciler } from "../../src/reconcile.ts";
import { openWorld, REPOSITORY, type World } from "./world.ts";

const HOUR_S = 3600;
const DAY_S = 24 * HOUR_S;
const REFUSED: EffectResult = { ok: false, retry: false, code: "GITHUB_FORBIDDEN", message: "no" };
const DOWN: EffectResult = { ok: false, retry: true, code: "GITHUB_UNAVAILABLE", message: "no answer" };
const PATIENT = { timeout: 20_000, interval: 10 };

let world: World;
beforeEach(async () => {
  world = await openWorld();
  const effect = { kind: "answer", pull_request: 7, marker: "<!-- belay:answer=1 -->", body: "No." } as const;
  const row = { id: world.deps.clock.id(), operation_id: null, repository: REPOSITORY, effect };
  await world.open.store.transaction((tx) => tx.addEffect({ ...row, not_before: world.now() }));
});

/** Everything that is due by time is done once. */
async function sweeps(): Promise<void> {
  const reconciler = startReconciler({
    deps: world.deps,
    queue: world.open.queue,
    sweeps: world.open.sweeps,
    deliveries: {
      failedSince: async () => ({ failed: [], complete: true }),
      read: async () => null,
      redeliver: async () => false,
    },
    wanted: () => true,
    receive: async () => {},
    log: pino({ level: "silent" }),
    wake: () => {},
  });
  const last = async () =>
    (await world.open.sql("select swept_at from sweeps where name = 'prune'"))[0]?.swept_at;
  await vi.waitFor(async () => expect(await last()).toBe(world.now()), PATIENT);
  await reconciler.stop();
}

/** @returns how often GitHub was asked */
async function applied(answer: EffectResult): Promise<number> {
  let times = 0;
  const apply = async () => {
    times += 1;
    return answer;
  };
  while (await world.open.queue.takeEffect(world.now(), apply));
  return times;
}

const state = async () => (await world.open.sql("select state from effects"))[0]?.state ?? "gone";

it("is tried for three days since it was first given up, an outage meanwhile or not, and is dropped after ninety", async () => {
  expect(await applied(REFUSED)).toBe(1);
  const tried: number[] = [];
  for (let at = 6; at <= 96; at += 6) {
    world.wait(6 * HOUR_S);
    await sweeps();
    tried.push(await applied(at === 48 ? DOWN : REFUSED));
    if (at === 48) {
      world.wait(600);
      expect(await applied(REFUSED)).toBe(1);
    }
  }
  expect(tried).toEqual([...Array(11).fill(1), ...Array(5).fill(0)]);
  expect(await state()).toBe("failed");
  world.wait(85 * DAY_S);
  await sweeps();
  expect(await state()).toBe("failed");
  world.wait(2 * DAY_S);
  await sweeps();
  expect(await state()).toBe("gone");
}, 120_000);

it("gets three more days where a person has it tried again", async () => {
  await applied(REFUSED);
  world.wait(4 * DAY_S);
  await sweeps();
  expect(await applied(REFUSED)).toBe(0);
  const [row] = await world.open.queue.setAside("1970-01-01T00:00:00.000Z");
  expect(await world.open.queue.tryAgain([row?.id ?? ""], world.now())).toBe(1);
  expect(await applied(REFUSED)).toBe(1);
  world.wait(2 * DAY_S);
  await sweeps();
  expect(await applied({ ok: true, external_id: 5, url: null })).toBe(1);
  expect(await state()).toBe("done");
}, 60_000);
