/** Tokens that are made up without end: what they may cost, and that they cost nobody else. */
import { expect, test } from "vitest";
import { ApiError } from "../../../src/http/errors.ts";
import { limited, type RateLimit } from "../../../src/http/rate-limit.ts";
import type { ApiRequest } from "../../../src/http/router.ts";

const asking = (token: string | null, address: string): ApiRequest => ({
  address,
  token,
  params: {},
  header: () => null,
  query: new URLSearchParams(),
  json: async () => null,
});

/** A bot that knows the tokens `somebody...`; those of `later...`, and all while GitHub is down, GitHub cannot tell of. */
function bot(strangers: RateLimit | null = { burst: 3, per_minute: 60 }) {
  let now = 0;
  let asked = 0;
  let down = false;
  const handle = async ({ token }: ApiRequest) => {
    asked += 1;
    if (down || token?.startsWith("later")) throw new Error("GitHub did not answer");
    if (token?.startsWith("somebody-else")) throw new ApiError(404, "not_found", "");
    if (!token?.startsWith("somebody")) throw new ApiError(401, "unauthorized", "");
    return { status: 200, body: {} };
  };
  const limits = { each: { burst: 100, per_minute: 600 }, strangers, now: () => now };
  const [route] = limited([{ method: "GET", path: "/api/sites", handle }], limits);
  if (route === undefined) throw new Error("a limit takes no route away");
  const ask = (token: string | null, address = "10.0.0.1"): Promise<number> =>
    route.handle(asking(token, address)).then(
      ({ status }) => status,
      (error: unknown) => (error instanceof ApiError ? error.status : 500),
    );
  const outage = (is: boolean) => {
    down = is;
  };
  return { ask, outage, asked: () => asked, wait: (ms: number) => (now += ms) };
}

test("another token each time is counted by its address, one after another as all at once", async () => {
  const { ask, asked, wait } = bot();
  expect([await ask("a"), await ask("b"), await ask("c"), await ask("d")]).toEqual([401, 401, 401, 429]);
  expect(await ask("e", "10.0.0.2")).toBe(401);
  wait(3_600_000);
  const before = asked();
  const all = await Promise.all(Array.from({ length: 20 }, (_, at) => ask(`all-${at}`)));
  expect(all.filter((status) => status === 429).length).toBe(17);
  expect(asked() - before).toBe(3);
});

test("so are tokens that GitHub could not tell of", async () => {
  const { ask } = bot();
  const seen = [await ask("later-1"), await ask("later-2"), await ask("later-3"), await ask("later-4")];
  expect(seen).toEqual([500, 500, 500, 429]);
});

test("whoever is somebody goes on, and so does who comes new after a moment", async () => {
  const { ask, wait } = bot();
  for (let at = 0; at < 20; at++) expect(await ask(`somebody-${at}`)).toBe(200);
  for (let at = 0; at < 20; at++) expect(await ask(`somebody-else-${at}`)).toBe(404);
  for (const token of ["a", "b", "c", "d"]) await ask(token);
  expect([await ask("somebody-1"), await ask("somebody-else-1")]).toEqual([200, 404]);
  expect(await ask("somebody-new")).toBe(429);
  wait(1_000);
  expect(await ask("somebody-new")).toBe(200);
  expect(await ask(null)).toBe(401);
});

test("an outage of GitHub takes no proof away", async () => {
  const { ask, outage } = bot();
  expect(await ask("somebody")).toBe(200);
  outage(true);
  for (let at = 0; at < 10; at++) expect(await ask("somebody")).toBe(500);
  outage(false);
  for (const token of ["a", "b", "c", "d"]) await ask(token);
  expect(await ask("somebody")).toBe(200);
});

test("where a signature tells whose a token is, strangers make nobody wait", async () => {
  const { ask } = bot(null);
  for (let at = 0; at < 50; at++) expect(await ask(`made-up-${at}`)).toBe(401);
  expect(await ask("somebody-new")).toBe(200);
});
