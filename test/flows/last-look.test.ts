/** Right before the switch: what GitHub says then decides, whatever webhooks told or did not tell. */
import { beforeEach, describe, expect, it } from "vitest";
import { LAST_LOOK } from "../../src/core/milestones.ts";
import { GithubError } from "../../src/github/error.ts";
import { backedUp, built, firstClone, measured, NOT_COMPARED, switched } from "./facts.ts";
import { allow, approved, HEAD, openWorld, type World } from "./world.ts";

const production = measured({});
const staging = measured({ widgets: { "1": "new" }, theme: "new theme" });
const answers = {
  release_build: () => ({ facts: built(staging, HEAD) }),
  drift_check: () => ({ facts: { ...NOT_COMPARED, fingerprint: production } }),
  env_promote: () => ({ facts: switched(staging) }),
};
const QUESTION = { at: "2026-03-01T10:00:00.000Z", event: "step_started", step: LAST_LOOK } as const;

let world: World;
/** The job that changes production, claimed. */
let job: string;

/** With everything that a promotion needs, up to the moment before its switch. */
async function untilTheSwitch(
  policy: World["github"]["policy"] = "absent",
  more: () => unknown = () => undefined,
): Promise<void> {
  world = await openWorld();
  world.github.policy = policy;
  more();
  await world.pullRequest();
  await world.says("mona", "/refresh");
  await world.runs(firstClone(production));
  await world.says("mona", "/backup");
  await world.runs({ backup_create: () => ({ facts: backedUp(world.now()) }) });
  await approved(world, answers);
  await world.says("mona", "/promote");
  job = (await world.effects("dispatch")).at(-1)?.inputs.job ?? "";
  for (const type of ["release_build", "drift_check"] as const) {
    await world.claim(job);
    const reported = await world.report(job, type, answers[type]());
    if (reported.kind !== "answered" || reported.answer.next_job_id === null) throw new Error("no next job");
    job = reported.answer.next_job_id;
  }
  expect(await world.claim(job)).toMatchObject({ kind: "claimed" });
}

const asks = () => world.tells(job, [QUESTION]);
const GO_ON = { kind: "noted", cancel: false };
const STOP = { kind: "noted", cancel: true };

function pullRequestIs(changed: object | null): void {
  const pull = world.github.pull_requests.get(7);
  if (pull === undefined || changed === null) world.github.pull_requests.delete(7);
  else world.github.pull_requests.set(7, { ...pull, ...changed });
}

describe("with the shipped policy", () => {
  beforeEach(() => untilTheSwitch());

  it("goes on where nothing changed, and asks GitHub for nothing at other steps", async () => {
    let asked = 0;
    const reading = world.deps.github.pullRequest;
    const github = {
      ...world.deps.github,
      pullRequest: (...of: Parameters<typeof reading>) => {
        asked++;
        return reading(...of);
      },
    };
    Object.assign(world.deps, { github });
    expect(await world.tells(job, [{ ...QUESTION, step: "Load the tables" }])).toEqual(GO_ON);
    expect(asked).toBe(0);
    expect(await asks()).toEqual(GO_ON);
    expect(asked).toBe(1);
    await world.report(job, "env_promote", answers.env_promote());
    expect(await world.operation()).toMatchObject({ state: "succeeded" });
  });

  it.each([
    ["a push that no webhook told of", { head_sha: "2".repeat(40) }, "the branch moved to `222222222222`"],
    ["another base", { base_ref: "main" }, "the pull request's base is now `main`"],
    ["a closing", { state: "closed" }, "the pull request was closed"],
    ["that it is gone", null, "the pull request is gone"],
  ])("stops for %s, and says so", async (_what, changed, words) => {
    pullRequestIs(changed);
    expect(await asks()).toEqual(STOP);
    await world.report(job, "env_promote", { error: "JOB_CANCELLED", message: "Stopped.", cancelled: true });
    expect(await world.operation()).toMatchObject({ state: "cancelled" });
    expect((await world.operation()).result_message).toContain(words);
  });

  it("stops for another configuration", async () => {
    const text = world.github.files.get(".github/belay.yml") ?? "";
    world.github.files.set(".github/belay.yml", text.replace("max_age: 90s", "max_age: 80s"));
    expect(await asks()).toEqual(STOP);
  });

  it("stops where the one who said yes may not any more", async () => {
    allow(world, "ann", "read");
    expect(await asks()).toEqual(STOP);
    expect((await world.operation()).cancel_reason).toContain("needs 1 more approval");
  });

  it("stops where the one who said yes asks for changes now", async () => {
    const at = new Date(Date.parse(world.now()) + 1000).toISOString();
    world.github.reviews.set(7, [{ id: 1, by: "ann", state: "changes_requested", head_sha: HEAD, at }]);
    expect(await asks()).toEqual(STOP);
    expect((await world.operation()).cancel_reason).toContain("asked for changes later");
  });

  it("gives no answer where GitHub gives none, and is asked again", async () => {
    const { github } = world.deps;
    const away = new GithubError("GITHUB_UNAVAILABLE", "GitHub gave no answer.", {
      retry: true,
      status: 502,
    });
    Object.assign(world.deps, { github: { ...github, pullRequest: () => Promise.reject(away) } });
    await expect(asks()).rejects.toThrow("GitHub gave no answer");
    Object.assign(world.deps, { github });
    expect(await asks()).toEqual(GO_ON);
  });

  it("begins again by itself where the runner got no answer", async () => {
    await world.report(job, "env_promote", {
      error: "LAST_LOOK_FAILED",
      message: "No answer.",
      facts: { activated: false },
    });
    expect(await world.operation()).toMatchObject({ state: "waiting", result_code: "LAST_LOOK_FAILED" });
  });

  it("is too late after the switch", async () => {
    await world.tells(job, [
      { ...QUESTION, event: "step_finished", step: "Switch to the release", status: "ok", seconds: 0.2 },
    ]);
    pullRequestIs({ head_sha: "2".repeat(40) });
    expect(await asks()).toEqual(GO_ON);
  });
});

describe("with a policy of the owner", () => {
  it("stops for a freeze that began meanwhile, and not for a window that closed", async () => {
    await untilTheSwitch(
      `version: 1
environments:
  production:
    windows:
      allow: [{days: [mon, tue, wed, thu, fri, sat, sun], start: "09:00", end: "11:00", timezone: UTC}]
      deny: [{from: "2026-03-01T12:00", to: "2026-03-02T00:00", reason: "Sale"}]
`,
    );
    world.wait(3600 * 1.5);
    expect(await asks()).toEqual(GO_ON);
    world.wait(3600);
    expect(await asks()).toEqual(STOP);
    expect((await world.operation()).cancel_reason).toContain("Sale");
  });

  it("stops where another App's check does not hold any more", async () => {
    await untilTheSwitch(
      "version: 1\nenvironments: {production: {checks: [{name: scan, app: scanner}]}}",
      () => world.github.checks.set(HEAD, [scan("success")]),
    );
    expect(await asks()).toEqual(GO_ON);
    world.github.checks.set(HEAD, [scan("failure")]);
    expect(await asks()).toEqual(STOP);
  });
});

const scan = (conclusion: string) => ({ name: "scan", app: "scanner", status: "completed", conclusion });
