/** `/status`: every gate with its state and why, who holds and who waits, the last promotion, the last drift check, settings to look at. */
import { beforeEach, expect, it } from "vitest";
import { backedUp, built, firstClone, measured, NOT_COMPARED, RELEASE, switched } from "./facts.ts";
import { approved, HEAD, openWorld, type World } from "./world.ts";

const production = measured({});
const staging = measured({ widgets: { "1": "new" } });
const answers = {
  release_build: () => ({ facts: built(staging, HEAD) }),
  drift_check: () => ({ facts: { ...NOT_COMPARED, fingerprint: production } }),
  env_promote: () => ({ facts: switched(staging) }),
};

let world: World;
beforeEach(async () => {
  world = await openWorld();
  await world.pullRequest();
});

async function status(login = "mona"): Promise<string> {
  expect(await world.says(login, "/status")).toBe("status");
  return world.lastAnswer();
}
const row = (answer: string, gate: string): string =>
  answer.split("\n").find((line) => line.startsWith(`| ${gate} |`)) ?? "";

it("before anything was done each gate says so, and what to type", async () => {
  const answer = await status();
  expect(row(answer, "drift")).toContain("❌ block");
  expect(row(answer, "backup")).toContain("/backup");
  expect(row(answer, "release")).toMatch(/⏳ wait .*has not been judged at this commit\. Comment `\/plan`/);
  expect(row(answer, "approval")).toContain("⏳ wait");
  expect(row(answer, "promotion")).toContain("has not been promoted to production at this commit");
  expect(answer).toContain("Nothing was promoted to production yet.");
  expect(answer).toContain("production was never compared with a baseline.");
});

it("all of them are judged as they are now, with the policy's own gates, and the last promotion and drift check are told", async () => {
  world.github.policy = `version: 1
environments:
  production:
    windows: {deny: [{from: 2026-03-01, to: 2026-03-02, reason: Sale}]}
    checks: [{name: tests, app: github-actions}]
`;
  await world.says("mona", "/refresh");
  await world.runs(firstClone(production));
  await world.says("mona", "/backup");
  await world.runs({ backup_create: () => ({ facts: backedUp(world.now()) }) });
  await world.says("mona", "/plan");
  await world.runs(answers);
  expect(row(await status(), "approval")).toContain("⏳ wait");
  expect(await world.says("ann", "/approve")).toBe("approved");
  const answer = await status();
  expect(row(answer, "drift")).toContain("✅ pass");
  expect(row(answer, "backup")).toContain("✅ pass");
  expect(row(answer, "release")).toContain("✅ pass");
  expect(row(answer, "approval")).toContain("✅ pass");
  expect(row(answer, "checks")).toContain("tests");
  expect(row(answer, "window")).toContain("Sale");
  expect(answer).toMatch(/the release as it was judged at 2026-03-01T/);
  expect(answer).toMatch(/Last drift check of production: clean, at 2026-03-01T/);
});

it("after the promotion it names it, also to people who may only read", async () => {
  await world.says("mona", "/refresh");
  await world.runs(firstClone(production));
  await world.says("mona", "/backup");
  await world.runs({ backup_create: () => ({ facts: backedUp(world.now()) }) });
  await approved(world, answers);
  await world.says("mona", "/promote");
  await world.runs(answers);
  for (const login of ["mona", "visitor"]) {
    const answer = await status(login);
    expect(answer).toMatch(/Last promotion: `\/promote` by .*mona.* at 2026.*: done, release/);
    expect(answer).toContain(RELEASE.slice(0, 12));
    expect(row(answer, "promotion")).toContain("✅ pass");
  }
});

it("settings of the repository that break environment pull requests are said, and said to the check of a new one", async () => {
  expect(await status()).not.toContain("Settings on GitHub to look at");
  world.github.merge_settings = {
    required: [
      { name: "belay / production / promotion", app_id: null },
      { name: "belay / production / drift", app_id: 1 },
      { name: "belay / production / backup", app_id: 15368 },
      { name: "tests", app_id: null },
    ],
    strict: true,
    squash: true,
    deletes_head: true,
  };
  const answer = await status();
  expect(answer).toMatch(/requires `belay \/ production \/ promotion` from anybody/);
  expect(answer).toMatch(/requires `belay \/ production \/ backup` from another App: only that App/);
  expect(answer).not.toContain("belay / production / drift` from");
  expect(answer).toContain("to be up to date before a merge");
  expect(answer).toContain("Squash merges are allowed");
  expect(answer).toContain("merging this pull request deletes `staging`");
  expect(await status("visitor")).not.toContain("Settings on GitHub to look at");
  await world.pullRequest({ head_sha: "2".repeat(40) });
  const check = (await world.effects("check")).findLast(
    (one) => one.external_id === "belay:production:promotion",
  );
  expect(check?.text).toContain("Squash merges are allowed");
  expect(check?.conclusion).toBe("action_required");
});

it("a lock of a person, what runs, and who waits are in it", async () => {
  await world.says("ann", "/lock Black Friday");
  expect(await status()).toMatch(/production is locked by .*ann.*Black Friday/);
  await world.says("ann", "/unlock");
  await world.says("mona", "/refresh");
  await world.says("ann", "/promote");
  const answer = await status();
  expect(answer).toMatch(/Running: `\/refresh` by .*mona/);
  expect(answer).toMatch(/Waiting for their turn:\n1\. `\/promote` by .*ann.*pull request 7/);
});
