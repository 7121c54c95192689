/**
 * The bot dies around every transaction of a promotion, before it is committed or right after, and whatever asked asks again: GitHub's
 * delivery, the runner, the loop. What is on record in the end is what is there when nothing dies.
 */
import { expect, it } from "vitest";
import { NOTHING_READ, readAudit } from "../../src/core/audit.ts";
import { runStarted } from "../../src/flows/run-started.ts";
import type { Store, Tx } from "../../src/ports/store.ts";
import { backedUp, built, firstClone, measured, NOT_COMPARED, switched } from "./facts.ts";
import { approved, HEAD, openWorld, type World } from "./world.ts";

const production = measured({});
const staging = measured({ widgets: { "1": "new" }, theme: "new theme" });
const answers = {
  release_build: () => ({ facts: built(staging, HEAD) }),
  drift_check: () => ({ facts: { ...NOT_COMPARED, fingerprint: production } }),
  env_promote: () => ({ facts: switched(staging) }),
};
const JOBS = ["release_build", "drift_check", "env_promote"] as const;
const RUN = 902;
const COMMENT = 5_000;

class Killed extends Error {}

type Fate = "lives" | "dies before" | "dies after";

/** @param fate of the transaction of this number, counted from 1 */
function mortal(
  store: Store,
  fate: (at: number) => Fate,
): { readonly store: Store; readonly deaths: () => number } {
  let at = 0;
  let deaths = 0;
  const die = (): never => {
    deaths += 1;
    throw new Killed();
  };
  const transaction = async <T>(work: (tx: Tx) => Promise<T>): Promise<T> => {
    at += 1;
    const now = fate(at);
    const done = await store.transaction(async (tx) => {
      const result = await work(tx);
      return now === "dies before" ? die() : result;
    });
    return now === "dies after" ? die() : done;
  };
  return { store: { transaction }, deaths: () => deaths };
}

async function untilItLives<T>(ask: () => Promise<T>): Promise<T> {
  for (;;) {
    try {
      return await ask();
    } catch (error) {
      if (!(error instanceof Killed)) throw error;
    }
  }
}

/** A promotion whose transactions meet their fates; answers how often the bot died. */
async function promote(world: World, fate: (at: number) => Fate): Promise<number> {
  const whole = world.deps.store;
  const { store, deaths } = mortal(whole, fate);
  Object.assign(world.deps, { store });
  try {
    await untilItLives(() => world.says("mona", "/promote", { id: COMMENT }));
    const [operation] = await whole.transaction((tx) => tx.operations({ kinds: ["promote"] }, { limit: 1 }));
    const operation_id = operation?.id ?? "";
    await untilItLives(() => runStarted(world.deps, { operation_id, run_id: RUN, run_url: "https://run" }));
    let job = (await world.effects("dispatch")).at(-1)?.inputs.job ?? "";
    for (const type of JOBS) {
      const id = job;
      const claimed = await untilItLives(() => world.claim(id, { run_id: RUN }));
      expect(claimed).toMatchObject({ kind: "claimed", claim: { job_id: id, job_type: type } });
      await untilItLives(() => world.tells(id, []));
      const reported = await untilItLives(() => world.report(id, type, answers[type](), RUN));
      if (reported.kind !== "answered") throw new Error(`${type} was refused: ${reported.message}`);
      job = reported.answer.next_job_id ?? "";
    }
  } finally {
    Object.assign(world.deps, { store: whole });
  }
  return deaths();
}

async function begin(): Promise<World> {
  const world = await openWorld();
  await world.pullRequest();
  await world.says("mona", "/refresh");
  await world.runs(firstClone(production));
  await world.says("mona", "/backup");
  await world.runs({ backup_create: () => ({ facts: backedUp(world.now()) }) });
  await approved(world, answers);
  return world;
}

/** What must not depend on who died when: no times, no ids. */
async function onRecord({ open, effects }: World) {
  const rows = (statement: string) => open.sql(statement);
  const log = await open.store.transaction((tx) => tx.auditAfter(0, 1_000));
  const reading = log.reduce(readAudit, NOTHING_READ);
  return {
    faults: reading.faults,
    log: log.map(({ actor, action }) => `${actor} ${action}`),
    operations: await rows("select kind, state, result_code, attempt, run_id from operations order by seq"),
    jobs: await rows("select type, state, attempt_count, run_id from jobs order by seq"),
    locks: await rows("select environment_id from locks"),
    environments: await rows(
      "select name, status, current_release_id is not null as runs from environments order by name",
    ),
    dispatches: (await effects("dispatch")).length,
    deployments: (await effects("deployment")).length,
    ends: (await effects("deployment_status")).map(({ state }) => state),
    answered: (await effects("answer")).map(({ marker }) => marker.replace(/[0-9a-f-]{36}/, "")),
    reactions: (await effects("reaction")).map(({ comment_id }) => comment_id),
    baselines: await rows("select count(*)::int as count from baselines"),
    releases: await rows("select count(*)::int as count from releases"),
  };
}

/** mulberry32: the same numbers for the same seed. */
function random(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

it("nothing is lost and nothing is done twice", { timeout: 240_000 }, async () => {
  const untouched = await begin();
  expect(await promote(untouched, () => "lives")).toBe(0);
  const expected = await onRecord(untouched);
  expect(expected).toMatchObject({ faults: [], locks: [], ends: expect.arrayContaining(["success"]) });
  expect(expected.operations.at(-1)).toMatchObject({ kind: "promote", state: "succeeded" });

  // Every seventh transaction, each way and from each beginning; then at random, several in a row.
  const fates: ((at: number) => Fate)[] = [];
  for (let first = 0; first < 7; first += 2) {
    fates.push((at) => (at % 7 !== first ? "lives" : at % 2 === 0 ? "dies before" : "dies after"));
  }
  for (const seed of [1, 2, 3]) {
    const next = random(seed);
    fates.push(() => (next() < 0.7 ? "lives" : next() < 0.5 ? "dies before" : "dies after"));
  }
  for (const fate of fates) {
    const world = await begin();
    expect(await promote(world, fate)).toBeGreaterThan(0);
    expect(await onRecord(world)).toEqual(expected);
  }
});
