/** How failed deliveries come after all: a few delivered again, many read, each a bounded number of times. */
import { afterEach, beforeEach, expect, test } from "vitest";
import { redeliverFailed } from "../../src/flows/reconcile/redeliver.ts";
import { GithubError } from "../../src/github/error.ts";
import type { FailedDelivery } from "../../src/ports/reconcile.ts";
import { type OpenStore, openStore } from "../../src/store/open.ts";

let opened: OpenStore;
beforeEach(async () => {
  opened = await openStore({ kind: "memory" });
});
afterEach(() => opened.close());

const BEGAN = Date.parse("2026-05-04T10:00:00.000Z");
const minute = (count: number): string => new Date(BEGAN + count * 60_000).toISOString();

/** GitHub with these failures, of which nothing that is delivered again arrives unless it is read. */
function github(failed: readonly FailedDelivery[]) {
  const asked = { redelivered: [] as string[], read: [] as string[], since: "", out: new Set<number>() };
  const guidOf = (id: number) => failed.find((one) => one.id === id)?.guid ?? "";
  const sweep = (at: string) =>
    redeliverFailed({
      deliveries: {
        failedSince: async (since) => {
          asked.since = since;
          return { failed: failed.filter(({ delivered_at }) => delivered_at >= since), complete: true };
        },
        read: async (id) => {
          if (asked.out.has(id))
            throw new GithubError("GITHUB_UNAVAILABLE", "no answer", { retry: true, status: 500 });
          asked.read.push(guidOf(id));
          return { id: guidOf(id), name: "issue_comment", payload: {} };
        },
        redeliver: async (id) => {
          asked.redelivered.push(guidOf(id));
          return true;
        },
      },
      sweeps: opened.sweeps,
      wanted: (event) => event !== "push",
      receive: async ({ id, name, payload }) => {
        await opened.queue.addDelivery({ id, event: name, payload, received_at: at });
      },
      clock: { now: () => at },
    });
  return { asked, sweep };
}

/** Newest first, as GitHub lists them. */
const failures = (count: number): FailedDelivery[] =>
  Array.from({ length: count }, (_, at) => ({
    id: count - at,
    guid: `g${count - at}`,
    event: "issue_comment.created",
    delivered_at: minute(0),
  }));

test("a few are delivered again, oldest first; what does not arrive is read", async () => {
  const push: FailedDelivery = { id: 9, guid: "p", event: "push", delivered_at: minute(0) };
  const { asked, sweep } = github([push, ...failures(2)]);
  await sweep(minute(1));
  expect(asked.redelivered).toEqual(["g1", "g2"]);
  await sweep(minute(2));
  expect(asked.read).toEqual([]);
  await sweep(minute(3));
  expect([asked.redelivered.length, asked.read]).toEqual([4, ["g1", "g2"]]);
  await sweep(minute(4));
  expect([asked.redelivered.length, asked.read.length]).toEqual([4, 2]);
});

test("a button that was pressed before the store was put back is not had again: it may have been worked on", async () => {
  const event = "check_run.requested_action";
  const clicks = [1, 5].map((at) => ({ id: at, guid: `g${at}`, event, delivered_at: minute(at) })).reverse();
  await opened.queue.restored(minute(3));
  const { asked, sweep } = github(clicks);
  await sweep(minute(6));
  expect(asked.redelivered).toEqual(["g5"]);
});

test("many are read, and what lies behind is not asked for again", async () => {
  const { asked, sweep } = github(failures(51));
  expect(await sweep(minute(1))).toMatchObject({ redelivered: [], more: false });
  expect([asked.read.length, asked.read[0]]).toEqual([51, "g1"]);
  await sweep(minute(30));
  expect([asked.since, asked.read.length]).toEqual([minute(1 - 10), 51]);
  await sweep(minute(31));
  expect(asked.since).toBe(minute(30 - 10));
});

test("one sweep reads a thousand; the next goes on", async () => {
  const { asked, sweep } = github(failures(1_003));
  expect(await sweep(minute(1))).toMatchObject({ more: true });
  expect(asked.read).toHaveLength(1_000);
  expect((await sweep(minute(2))).redelivered).toEqual(["g1001", "g1002", "g1003"]);
});

test("what can never be read is given up, and hinders nothing", async () => {
  const all = failures(1);
  const { asked, sweep } = github(all);
  const lost = { ...opened.sweeps, known: async () => new Set<string>() };
  opened = { ...opened, sweeps: lost };
  for (let at = 1; at <= 12; at++) await sweep(minute(at));
  expect([asked.redelivered.length, asked.read.length]).toEqual([2, 6]);
});

test("while GitHub does not answer nothing is given up, and what was read stays", async () => {
  const { asked, sweep } = github(failures(150));
  asked.out.add(3);
  for (let at = 1; at <= 12; at++) await expect(sweep(minute(at))).rejects.toThrow("no answer");
  expect(asked.read.slice(0, 7)).toEqual(["g1", "g2", "g4", "g5", "g6", "g7", "g8"]);
  asked.out.clear();
  await sweep(minute(13));
  expect(asked.read).toContain("g3");
  expect(new Set(asked.read).size).toBe(asked.read.length);
});
