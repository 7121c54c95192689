import { expect, test } from "vitest";
import { limited } from "../../../src/http/rate-limit.ts";
import type { ApiRequest } from "../../../src/http/router.ts";

const asking = (token: string | null, address = "10.0.0.1"): ApiRequest => ({
  address,
  token,
  params: {},
  header: () => null,
  query: new URLSearchParams(),
  json: async () => null,
});

function counter() {
  let now = 0;
  const ok = { status: 200, body: {} };
  const [route] = limited([{ method: "GET", path: "/api/sites", handle: async () => ok }], {
    each: { burst: 2, per_minute: 60 },
    strangers: null,
    now: () => now,
  });
  if (route === undefined) throw new Error("a limit takes no route away");
  const ask = (token: string | null, address?: string) =>
    route.handle(asking(token, address)).then(
      ({ status }) => status,
      ({ status, headers }) => [status, headers["retry-after"]],
    );
  return { ask, wait: (ms: number) => (now += ms) };
}

test("one asker may ask a few times at once, then steadily", async () => {
  const { ask, wait } = counter();
  expect([await ask("a"), await ask("a"), await ask("a")]).toEqual([200, 200, [429, "1"]]);
  wait(1_000);
  expect([await ask("a"), await ask("a")]).toEqual([200, [429, "1"]]);
  wait(3_600_000);
  expect([await ask("a"), await ask("a"), await ask("a")]).toEqual([200, 200, [429, "1"]]);
});

test("askers are counted apart: by token, and by address where there is none", async () => {
  const { ask } = counter();
  for (const token of ["a", "b"]) expect([await ask(token), await ask(token)]).toEqual([200, 200]);
  expect([await ask(null), await ask(null), await ask(null)]).toEqual([200, 200, [429, "1"]]);
  expect(await ask(null, "10.0.0.2")).toBe(200);
});
