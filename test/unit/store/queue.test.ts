import { randomUUID } from "node:crypto";
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import type { CheckEffect, Effect, EffectResult } from "../../../src/core/effects.ts";
import { MAX_FAULTS } from "../../../src/store/lease.ts";
import type { OpenStore } from "../../../src/store/open.ts";
import { openTestStore } from "../../support/store.ts";
import { anOperation, aRepository, later, NOW, putWorld } from "./rows.ts";

let opened: OpenStore;
beforeAll(async () => {
  opened = await openTestStore();
}, 180_000);
afterAll(() => opened.close());
beforeEach(async () => {
  await opened.sql("delete from deliveries");
  await opened.sql("delete from effects");
  await opened.sql("delete from resources");
});

const delivery = (id: string) => ({ id, event: "issue_comment", payload: { n: "\u0000" }, received_at: NOW });
const check = (external_id: string, title: string): CheckEffect => ({
  kind: "check",
  head_sha: "a".repeat(40),
  name: "belay / production / drift",
  external_id,
  status: "in_progress",
  title,
  summary: "",
});
const reaction = (comment_id: number): Effect => ({ kind: "reaction", comment_id, content: "eyes" });
const write = (effect: Effect, not_before = NOW, operation_id: string | null = null) =>
  opened.store.transaction((tx) =>
    tx.addEffect({ id: randomUUID(), operation_id, repository: aRepository(), effect, not_before }),
  );
const done = (external_id: number): EffectResult => ({ ok: true, external_id, url: null });

/** Applies what is due and answers the titles (or comment ids) in order. */
async function applyAll(now: string, answer: (effect: Effect) => EffectResult): Promise<unknown[]> {
  const applied: unknown[] = [];
  const apply = async (effect: Effect) => {
    applied.push(
      effect.kind === "check" ? effect.title : effect.kind === "reaction" ? effect.comment_id : null,
    );
    return answer(effect);
  };
  while (await opened.queue.takeEffect(now, ({ effect }) => apply(effect)));
  return applied;
}

test("a delivery is stored once and handed out once", async () => {
  const { queue } = opened;
  expect(await queue.addDelivery(delivery("d1"))).toBe(true);
  expect(await queue.addDelivery({ ...delivery("d1"), payload: "other" })).toBe(false);
  const seen: unknown[] = [];
  expect(await queue.takeDelivery(NOW, async ({ payload }) => void seen.push(payload))).toBe(true);
  expect(await queue.takeDelivery(later(9999), async () => {})).toBe(false);
  expect(seen).toEqual([{ n: "\u0000" }]);
});

test("a delivery whose work fails waits, is tried again, and is set aside in the end", async () => {
  const { queue } = opened;
  await queue.addDelivery(delivery("d2"));
  const fail = () => Promise.reject(new Error("a fault of its own"));
  expect(await queue.takeDelivery(NOW, fail)).toBe(true);
  expect(await queue.takeDelivery(later(1), fail)).toBe(false);
  let now = NOW;
  for (let attempt = 2; attempt <= MAX_FAULTS; attempt++) {
    now = later(3600, now);
    expect(await queue.takeDelivery(now, fail)).toBe(true);
  }
  expect(await queue.takeDelivery(later(3600, now), fail)).toBe(false);
  const [row] = await opened.sql("select state, faults, last_error from deliveries");
  expect(row).toMatchObject({ state: "failed", faults: MAX_FAULTS });
  expect(row?.last_error).toContain("a fault of its own");
});

test("work that never came back is handed out again when its lease has run out", async () => {
  const { queue } = opened;
  await queue.addDelivery(delivery("d3"));
  const silent = Promise.withResolvers<void>();
  const lost = queue.takeDelivery(NOW, () => silent.promise);
  await expect
    .poll(async () => (await opened.sql("select leased_until from deliveries"))[0]?.leased_until, {
      timeout: 4_000,
    })
    .not.toBeNull();
  expect(await queue.takeDelivery(later(20), async () => {})).toBe(false);
  expect(await queue.takeDelivery(later(3600), async () => {})).toBe(true);
  silent.reject(new Error("too late"));
  await lost;
  expect(await opened.sql("select state, last_error from deliveries")).toEqual([
    { state: "done", last_error: null },
  ]);
});

test("of several states of one check only the newest is applied; other streams keep their order", async () => {
  await write(check("x", "first"));
  await write(reaction(1));
  await write(check("x", "second"));
  await write(check("y", "other"));
  await write(check("x", "third"));
  expect(await applyAll(NOW, () => done(5))).toEqual([1, "other", "third"]);
  const resource = await opened.store.transaction((tx) => tx.resource(41, `check:${"a".repeat(40)}:x`));
  expect(resource).toMatchObject({ external_id: 5 });
});

test("a check that an operation has shown already is not written again; another operation writes it anew", async () => {
  const [first, second] = await opened.store.transaction(async (tx) => {
    const world = await putWorld(tx);
    const operations = [anOperation(world), anOperation(world)] as const;
    for (const operation of operations) await tx.addOperation(operation);
    return operations;
  });
  const show = async (title: string, operation: { readonly id: string }) => {
    await write(check("x", title), NOW, operation.id);
    return applyAll(NOW, () => done(5));
  };
  expect(await show("same", first)).toEqual(["same"]);
  expect(await show("same", first)).toEqual([]);
  expect(await show("other", first)).toEqual(["other"]);
  expect(await show("same", first)).toEqual(["same"]);
  expect(await show("same", second)).toEqual(["same"]);
  expect(await show("same", second)).toEqual([]);
});

test("a stream waits for its first effect, and a newer state takes the place of one that failed", async () => {
  await write(check("x", "first"));
  const unavailable: EffectResult = {
    ok: false,
    retry: true,
    code: "GITHUB_UNAVAILABLE",
    message: "no answer",
  };
  await opened.queue.takeEffect(NOW, async () => {
    await write(check("x", "second"));
    return unavailable;
  });
  expect(await opened.sql("select state from effects order by seq")).toEqual([
    { state: "superseded" },
    { state: "pending" },
  ]);
  expect(await applyAll(NOW, () => done(5))).toEqual(["second"]);
});

test("an effect that cannot succeed is given up at once, one that may is tried again later", async () => {
  await write(reaction(1));
  await write(reaction(2));
  const refused: EffectResult = { ok: false, retry: false, code: "GITHUB_FORBIDDEN", message: "no" };
  const busy: EffectResult = { ok: false, retry: true, code: "GITHUB_RATE_LIMITED", message: "wait" };
  const answer = (effect: Effect) => (effect.kind === "reaction" && effect.comment_id === 1 ? refused : busy);
  expect(await applyAll(NOW, answer)).toEqual([1, 2]);
  expect(await opened.sql("select state, last_error from effects order by seq")).toEqual([
    { state: "failed", last_error: "GITHUB_FORBIDDEN: no" },
    { state: "pending", last_error: "GITHUB_RATE_LIMITED: wait" },
  ]);
  expect(await applyAll(later(2), () => done(6))).toEqual([2]);
});

test("an outage sets nothing aside, however long it lasts, and waits as long as GitHub asks", async () => {
  const { queue } = opened;
  await queue.addDelivery(delivery("d9"));
  await write(reaction(1));
  const code = "GITHUB_UNAVAILABLE";
  const down = () => Promise.reject(Object.assign(new Error("GitHub is down"), { code }));
  let now = NOW;
  for (let attempt = 1; attempt <= 2 * MAX_FAULTS; attempt++) {
    expect(await queue.takeDelivery(now, down)).toBe(true);
    expect(await queue.takeEffect(now, () => down())).toBe(true);
    now = later(121, now);
  }
  expect((await queue.figures(now)).outages).toEqual([
    { queue: "deliveries", code, count: 1 },
    { queue: "effects", code, count: 1 },
  ]);
  const limited = { ok: false, retry: true, code: "GITHUB_RATE_LIMITED", message: "wait" } as const;
  await queue.takeEffect(now, async () => ({ ...limited, retry_after_s: 1000 }));
  expect(await applyAll(later(999, now), () => done(1))).toEqual([]);
  expect(await applyAll(later(1000, now), () => done(1))).toEqual([1]);
  expect(await queue.takeDelivery(now, async () => {})).toBe(true);
  expect((await queue.figures(now)).outages).toEqual([]);
}, 120_000);

test("of one repository one delivery is worked on at a time; another repository's does not wait for it", async () => {
  const { queue } = opened;
  const of = (id: string, repository: number) => ({
    ...delivery(id),
    payload: { repository: { id: repository } },
  });
  for (const row of [of("a1", 1), of("a2", 1), of("b1", 2)]) await queue.addDelivery(row);
  const seen: string[] = [];
  const gate = Promise.withResolvers<void>();
  const first = queue.takeDelivery(NOW, async ({ id }) => {
    seen.push(id);
    await gate.promise;
  });
  await expect.poll(() => seen, { timeout: 30_000 }).toEqual(["a1"]);
  expect(await queue.takeDelivery(NOW, async ({ id }) => void seen.push(id))).toBe(true);
  expect(await queue.takeDelivery(NOW, async ({ id }) => void seen.push(id))).toBe(false);
  gate.resolve();
  await first;
  expect(await queue.takeDelivery(NOW, async ({ id }) => void seen.push(id))).toBe(true);
  expect(seen).toEqual(["a1", "b1", "a2"]);
});

test("a sweep is one bot's at a time, due again by time, and taken over from one that died", async () => {
  const { sweeps } = opened;
  expect(await sweeps.begin("runs", NOW, 60)).toBe(true);
  expect(await sweeps.begin("runs", later(1), 60)).toBe(false);
  expect(await sweeps.begin("pulls", later(1), 60)).toBe(true);
  await sweeps.end("runs", later(2));
  expect(await sweeps.begin("runs", later(61), 60)).toBe(false);
  expect(await sweeps.begin("runs", later(62), 60)).toBe(true);
  expect(await sweeps.begin("runs", later(121), 60)).toBe(false);
  await sweeps.hold("runs", later(180));
  expect(await sweeps.begin("runs", later(179), 60)).toBe(false);
  expect(await sweeps.begin("runs", later(180), 60)).toBe(true);
  await sweeps.end("runs", later(181));
  await sweeps.hold("runs", later(999));
  expect(await sweeps.begin("runs", later(241), 60)).toBe(true);
  expect(await sweeps.caughtUpAt()).toBeNull();
  for (const at of [later(1), later(5)]) await sweeps.caughtUp(at);
  expect(await sweeps.caughtUpAt()).toBe(later(5));
  expect([await sweeps.beganAt(NOW), await sweeps.beganAt(later(99))]).toEqual([NOW, NOW]);
  expect([await sweeps.countRedelivery("g", NOW), await sweeps.countRedelivery("g", later(1))]).toEqual([
    1, 2,
  ]);
  const old = { answers: later(2), worked_on: later(-9), set_aside: later(-9), most: 9 };
  expect(await sweeps.prune(old)).toEqual({ rows: 1, more: false });
  expect(await sweeps.countRedelivery("g", NOW)).toBe(1);
}, 120_000);

const DAY_S = 24 * 3600;
const OLD = { answers: NOW, worked_on: later(-30 * DAY_S), set_aside: later(-90 * DAY_S), most: 9 };
const ids = async (table: string) =>
  (await opened.sql(`select id from ${table} order by seq`)).map(({ id }) => String(id));

test("old deliveries go, but neither what waits nor, for longer, what was set aside", async () => {
  const ages = { done: [29, 31, 300], failed: [31, 89, 91], pending: [300] };
  for (const [state, days] of Object.entries(ages)) {
    for (const age of days) {
      const received_at = later(-age * DAY_S);
      await opened.queue.addDelivery({ ...delivery(`${state}-${age}`), received_at });
      await opened.sql(`update deliveries set state = '${state}' where id = '${state}-${age}'`);
    }
  }
  expect(await opened.sweeps.prune({ ...OLD, most: 2 })).toEqual({ rows: 2, more: true });
  expect(await opened.sweeps.prune({ ...OLD, most: 2 })).toEqual({ rows: 1, more: false });
  expect(await ids("deliveries")).toEqual(["done-29", "failed-31", "failed-89", "pending-300"]);
});

test("old effects go, but not what tells what GitHub shows, and nothing is done a second time for that", async () => {
  const long_ago = later(-400 * DAY_S);
  const comment = {
    kind: "comment",
    pull_request: 7,
    marker: "<!-- belay:operation=1 -->",
    body: "x",
  } as const;
  const answer = { kind: "answer", pull_request: 7, marker: "<!-- belay:answer=2 -->", body: "y" } as const;
  await opened.store.transaction((tx) => tx.claimOnce("comment:1", long_ago));
  for (const effect of [
    reaction(1),
    answer,
    comment,
    { ...comment, body: "z" },
    check("a", "1"),
    check("a", "2"),
  ]) {
    await write(effect, long_ago);
    await applyAll(long_ago, () => done(5));
  }
  await write(check("b", "waits"), later(DAY_S));
  expect(await opened.sweeps.prune(OLD)).toEqual({ rows: 4, more: false });
  const left = await opened.sql("select effect from effects order by seq");
  expect(left.map(({ effect }) => effect)).toMatchObject([{ body: "z" }, { title: "2" }, { title: "waits" }]);
  expect(await opened.sweeps.prune(OLD)).toMatchObject({ rows: 0 });

  expect(await opened.store.transaction((tx) => tx.claimOnce("comment:1", NOW))).toBe(false);
  // What was made is still known, so that it is looked for and not made anew.
  await write(answer);
  const known: unknown[] = [];
  while (
    await opened.queue.takeEffect(NOW, async (_row, resource, untried) => {
      known.push([resource?.external_id, untried]);
      return done(5);
    })
  );
  expect(known).toEqual([[5, false]]);
});

test("a check that GitHub refused goes, too, once no open pull request has its commit", async () => {
  const refused = { ok: false, retry: false, code: "GITHUB_FORBIDDEN", message: "no" } as const;
  const heads = { open: "a".repeat(40), merged: "b".repeat(40), none: "c".repeat(40) };
  const pull = {
    ...{ repository_id: 41, base_ref: "main", head_ref: "change", head_repository_id: 41, author: "ann" },
    title: "",
  };
  await opened.store.transaction(async (tx) => {
    for (const [number, state] of [
      [7, "open"],
      [8, "merged"],
    ] as const) {
      await tx.putPullRequest({ ...pull, number, state });
      const seen = { sha: heads[state], changed_at: NOW, seen_at: NOW };
      await tx.addHead({ repository_id: 41, number, ...seen });
    }
  });
  const shows = async (title: string, head_sha: string, days: number, answer: EffectResult = refused) => {
    const at = later(-days * DAY_S);
    await write({ ...check("a", title), head_sha }, at);
    await applyAll(at, () => answer);
  };
  await shows("shown before", heads.merged, 400, done(5));
  for (const [state, sha] of Object.entries(heads)) await shows(state, sha, 91);
  await shows("younger", "d".repeat(40), 89);
  // Of the open one the reconciler still has to know that it was judged.
  expect(await opened.sweeps.prune(OLD)).toMatchObject({ rows: 2 });
  const left = await opened.sql("select effect ->> 'title' as title from effects order by seq");
  expect(left.map(({ title }) => title)).toEqual(["shown before", "open", "younger"]);
  const known = await opened.store.transaction((tx) => tx.shownChecks(41, heads.merged, ["a"]));
  expect(known.get("a")).toMatchObject({ state: "done", effect: { title: "shown before" } });
  expect(await opened.sweeps.prune(OLD)).toMatchObject({ rows: 0 });
});

test("a run is not asked for again before GitHub would list it, whatever became of the answer and of the bot", async () => {
  const { queue } = opened;
  const run = {
    workflow: "belay.yml",
    ref: "main",
    nonce: "n",
    inputs: { job: "j", nonce: "n", environment: "p" },
  };
  await write({ kind: "dispatch", operation_id: randomUUID(), ...run });
  const unanswered = { ok: false, retry: true, code: "GITHUB_UNAVAILABLE", message: "no answer" } as const;
  const unlisted = { ...unanswered, code: "RUN_NOT_LISTED_YET" };
  const asked: [number, boolean][] = [];
  const attempt = (seconds: number, answer: () => Promise<EffectResult>) =>
    queue.takeEffect(later(seconds), (_row, _known, untried) => {
      asked.push([seconds, untried]);
      return answer();
    });
  await attempt(0, async () => unanswered);
  for (const seconds of [2, 10, 44]) expect(await attempt(seconds, async () => unlisted)).toBe(true);
  // The bot dies while it asks, and the next one takes the row when the lease has run out.
  const silent = Promise.withResolvers<EffectResult>();
  const lost = attempt(60, () => silent.promise);
  await expect.poll(() => asked.length, { timeout: 30_000 }).toBe(5);
  expect(await attempt(91, async () => unlisted)).toBe(true);
  expect(await attempt(110, async () => done(9))).toBe(true);
  silent.resolve(unanswered);
  await lost;
  const moments = { 0: true, 2: false, 10: false, 44: false, 60: true, 91: false, 110: true };
  expect(asked).toEqual(Object.entries(moments).map(([seconds, untried]) => [Number(seconds), untried]));
  expect(await opened.sql("select state from effects")).toEqual([{ state: "done" }]);
});

test("what was set aside is shown, and tried again when a person says so", async () => {
  const { queue } = opened;
  await write(reaction(1));
  const refused: EffectResult = { ok: false, retry: false, code: "GITHUB_FORBIDDEN", message: "no" };
  await applyAll(NOW, () => refused);
  const [row] = await queue.setAside(NOW);
  expect(row).toMatchObject({ queue: "effects", what: "reaction", last_error: "GITHUB_FORBIDDEN: no" });
  expect(await queue.tryAgain(["no such id"], NOW)).toBe(0);
  expect(await queue.tryAgain([row?.id ?? ""], later(5))).toBe(1);
  expect(await queue.setAside(NOW)).toEqual([]);
  expect(await applyAll(later(5), () => done(1))).toEqual([1]);
});

test("words that no database reads hide nothing of what was set aside", async () => {
  await write(check("1", "half a \ud800 and a \u0000"));
  await write(reaction(1));
  const refused: EffectResult = { ok: false, retry: false, code: "GITHUB_FORBIDDEN", message: "no" };
  expect(await applyAll(NOW, () => refused)).toHaveLength(2);
  expect(await opened.queue.setAside(NOW)).toHaveLength(2);
});

test("what waits for its time is left until then", async () => {
  await write(reaction(1), later(15));
  expect(await applyAll(later(14), () => done(1))).toEqual([]);
  expect(await applyAll(later(15), () => done(1))).toEqual([1]);
});
