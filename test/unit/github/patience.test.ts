/** What is remembered of GitHub's answers: whose token it is, for a while, and that an installation has to wait. */
import { expect, it } from "vitest";
import { GithubError, githubError } from "../../../src/github/error.ts";
import { pausing } from "../../../src/github/pauses.ts";
import { remembering } from "../../../src/github/user-token.ts";

it("a token's owner is asked for again after half a minute, and each time where it is nobody's", async () => {
  let at = 0;
  const asked: string[] = [];
  const loginOf = remembering(
    async (token) => {
      asked.push(token);
      return token === "hers" ? "ann" : null;
    },
    () => at,
  );
  expect([await loginOf("hers"), await loginOf("hers"), await loginOf("no"), await loginOf("no")]).toEqual([
    "ann",
    "ann",
    null,
    null,
  ]);
  expect(asked).toEqual(["hers", "no", "no"]);
  at = 30_000;
  await loginOf("hers");
  expect(asked).toEqual(["hers", "no", "no", "hers"]);
});

it("an installation that GitHub asked to wait is not asked before; another one is", async () => {
  let at = 0;
  const client = () => Promise.reject(new Error("asked"));
  const { clients, note } = pausing(client, () => at);
  const limited = new GithubError("GITHUB_RATE_LIMITED", "wait", {
    retry: true,
    status: 403,
    retry_after_s: 90,
  });
  note(1, limited);
  note(2, new GithubError("GITHUB_UNAVAILABLE", "down", { retry: true, status: 500, retry_after_s: 90 }));
  await expect(clients(1)).rejects.toMatchObject({ code: "GITHUB_RATE_LIMITED", retry_after_s: 90 });
  await expect(clients(2)).rejects.toThrow("asked");
  at = 60_000;
  await expect(clients(1)).rejects.toMatchObject({ retry_after_s: 30 });
  at = 90_000;
  await expect(clients(1)).rejects.toThrow("asked");
});

it("how long GitHub asks to wait is read from its headers", () => {
  const answered = (status: number, headers: Readonly<Record<string, string>>) =>
    githubError(Object.assign(new Error("no"), { status, response: { headers } }), "read");
  expect(answered(403, { "retry-after": "7" })).toMatchObject({
    code: "GITHUB_RATE_LIMITED",
    retry_after_s: 7,
  });
  const reset = String(Math.floor(Date.now() / 1000) + 600);
  const used = answered(429, { "x-ratelimit-remaining": "0", "x-ratelimit-reset": reset });
  expect(used.retry_after_s).toBeGreaterThan(590);
  expect(
    answered(429, { "x-ratelimit-remaining": "5", "x-ratelimit-reset": reset }).retry_after_s,
  ).toBeNull();
  expect(answered(403, {})).toMatchObject({ code: "GITHUB_FORBIDDEN", retry: false });
});
