import { afterAll, beforeAll, beforeEach, expect, test, vi } from "vitest";
import { octokitClass } from "../../../src/github/client.ts";

const DROP_MS = 6_000;
let sent: string[] = [];

// For the whole file: the plugin for throttling keeps one clock for all its clients.
beforeAll(() => {
  vi.useFakeTimers();
});
beforeEach(() => {
  sent = [];
});
afterAll(() => {
  vi.useRealTimers();
});

function client(id: string, Octokit: ReturnType<typeof octokitClass>) {
  const fetch = async (url: string, { method }: RequestInit) => {
    sent.push(`${method} ${new URL(url).pathname}`);
    return new Response("{}", { headers: { "content-type": "application/json" } });
  };
  return new Octokit({ request: { fetch }, throttle: { id } });
}
const comment = ({ rest }: ReturnType<typeof client>) =>
  rest.issues.createComment({ owner: "acme", repo: "shop", issue_number: 1, body: "x" });
/** Bottleneck takes some turns of the clock for each request. */
const SETTLED_MS = 1_000;
const settle = () => vi.advanceTimersByTimeAsync(SETTLED_MS);
const writes = () => sent.filter((one) => one.endsWith("/comments")).length;

test("a burst of writes goes through; the others follow as GitHub's limit lets them", async () => {
  const one = client("1", octokitClass(70));
  const all = Promise.all(Array.from({ length: 100 }, () => comment(one)));
  await settle();
  expect(writes()).toBe(40);
  await vi.advanceTimersByTimeAsync(DROP_MS);
  expect(writes()).toBe(43);
  await vi.advanceTimersByTimeAsync(60_000 - DROP_MS - SETTLED_MS);
  expect(writes()).toBeLessThanOrEqual(70);
  await vi.advanceTimersByTimeAsync(120_000);
  await all;
  expect(writes()).toBe(100);
});

test("what only asks never waits behind writes; what changes something does, also in GraphQL", async () => {
  const one = client("1", octokitClass(7));
  const waiting = Array.from({ length: 6 }, () => comment(one));
  await settle();
  const read = one.rest.pulls.get({ owner: "acme", repo: "shop", pull_number: 1 });
  const query = one.graphql("query ($owner: String!) { repository(owner: $owner) { id } }", {
    owner: "acme",
  });
  const mutation = one.graphql("mutation { addStar(input: {}) { clientMutationId } }");
  await settle();
  expect(sent.slice(4)).toEqual(["GET /repos/acme/shop/pulls/1", "POST /graphql"]);
  await Promise.all([read, query]);
  await vi.advanceTimersByTimeAsync(10 * DROP_MS);
  await Promise.all([...waiting, mutation]);
  expect(sent.filter((one) => one === "POST /graphql")).toHaveLength(2);
});

test("one installation's writes do not hold up another's", async () => {
  const Octokit = octokitClass(7);
  const busy = Array.from({ length: 10 }, () => comment(client("1", Octokit)));
  await settle();
  const other = comment(client("2", Octokit));
  await settle();
  expect(writes()).toBe(5);
  await vi.advanceTimersByTimeAsync(10 * DROP_MS);
  await Promise.all([...busy, other]);
});
