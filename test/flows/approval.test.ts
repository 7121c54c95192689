/** A yes of a second person: to what it is bound, when it is void, and who may not give it. */
import { beforeEach, describe, expect, it } from "vitest";
import { reconcileChecks } from "../../src/flows/reconcile/checks.ts";
import { foreignCheckChanged, reviewChanged } from "../../src/flows/rejudge.ts";
import { GithubError } from "../../src/github/error.ts";
import { EXAMPLE } from "../unit/config/example.ts";
import { backedUp, built, firstClone, measured, NOT_COMPARED, RELEASE, switched } from "./facts.ts";
import { forbidden } from "./github.ts";
import { approved, HEAD, openWorld, PULL_REQUEST, REPOSITORY, type World } from "./world.ts";

let world: World;
beforeEach(async () => {
  world = await openWorld();
});

const production = measured({});
const staging = measured({ widgets: { "1": "new" }, theme: "new theme" });
const PUSHED = "2".repeat(40);
const answers = {
  release_build: () => ({ facts: built(staging, HEAD) }),
  drift_check: () => ({ facts: { ...NOT_COMPARED, fingerprint: production } }),
  env_promote: () => ({ facts: switched(staging) }),
};

/** Staging is cloned from production, the pull request is open, a backup was just taken. */
async function ready(): Promise<void> {
  await world.pullRequest();
  await world.says("mona", "/refresh");
  await world.runs(firstClone(production));
  await backup();
}

async function backup(): Promise<void> {
  await world.says("mona", "/backup");
  await world.runs({ backup_create: () => ({ facts: backedUp(world.now()) }) });
}

async function planned(): Promise<void> {
  await ready();
  await world.says("mona", "/plan");
  await world.runs(answers);
}

async function promotes() {
  const said = await world.says("mona", "/promote");
  return said === "started" ? world.runs(answers) : { jobs: [], result: said, message: "" };
}

const review = (by: string, more: object = {}) => {
  world.wait(1);
  const known = world.github.reviews.get(7) ?? [];
  const made = {
    id: known.length + 1,
    by,
    state: "approved",
    head_sha: HEAD,
    at: world.now(),
    ...more,
  } as const;
  world.github.reviews.set(7, [...known, made]);
  return reviewChanged(world.deps, { repository: REPOSITORY, pull_request: 7 });
};
const summaryOf = async (gate: string) =>
  (await world.effects("check")).findLast((check) => check.name === `belay / production / ${gate}`)
    ?.summary ?? "";
const dispatches = async () => (await world.effects("dispatch")).length;

describe("a promotion to production", () => {
  it("stops before it changes anything while nobody else has said yes, and frees the environments", async () => {
    await ready();

    expect(await promotes()).toMatchObject({ jobs: ["release_build", "drift_check"], result: "blocked" });

    expect(await world.operation()).toMatchObject({ state: "blocked", result_code: "approval_missing" });
    expect(await world.checks()).toMatchObject({
      approval: "action_required",
      promotion: "failure",
      drift: "success",
    });
    expect(await world.comment()).toContain(
      `The promotion to production with release \`${RELEASE.slice(0, 12)}\` needs 1 more approval (0 of 1).`,
    );
    expect(await world.comment()).toContain(
      "Next: Somebody with write permission, who is not the author, looks at the plan and comments `/approve`",
    );
    expect(await world.open.store.transaction((tx) => tx.locks())).toEqual([]);
  });

  it("goes through after a yes to what it showed", async () => {
    await ready();
    await promotes();

    expect(await world.says("ann", "/approve")).toBe("approved");
    expect(await world.lastAnswer()).toContain(
      `\`ann\` approved release \`${RELEASE.slice(0, 12)}\` for production.`,
    );
    expect(await world.lastAnswer()).toContain("Next: Comment `/promote`.");
    expect(await world.checks()).toMatchObject({ approval: "success" });
    expect(await promotes()).toMatchObject({
      jobs: ["release_build", "drift_check", "env_promote"],
      result: "succeeded",
    });
    expect(await summaryOf("approval")).toContain("is approved by `ann` (1 of 1).");
  });

  it("leaves the yes on record: to what, under which policy", async () => {
    await planned();
    await world.says("ann", "/approve");
    const { policy_digest, shown } = await world.operation();
    const [record] = await world.open.store.transaction((tx) => tx.audit({}, { limit: 1 }));
    expect(record).toMatchObject({
      actor: "github:ann",
      action: "promote.approved",
      reason: "/approve",
      details: { head_sha: HEAD, release: RELEASE, active_release: "aaaaaaaaaaaa", policy: policy_digest },
    });
    expect(policy_digest).toMatch(/^[0-9a-f]{64}$/);
    expect(shown).toMatchObject({ release: RELEASE, policy: policy_digest });
  });

  it("counts a review like a yes", async () => {
    await planned();
    await review("ann");
    expect(await world.checks()).toMatchObject({ approval: "success" });
    expect(await promotes()).toMatchObject({ result: "succeeded" });
  });

  it("counts no review that was given before there was a plan, or that was dismissed", async () => {
    await ready();
    await review("ann");
    expect(await promotes()).toMatchObject({ result: "blocked" });
    expect(await summaryOf("approval")).toContain(
      "`ann` approved in a review, which does not count: it came before there was a plan of this commit to look at.",
    );
    world.github.reviews.clear();
    await review("ann");
    expect(await world.checks()).toMatchObject({ approval: "success" });
    world.github.reviews.clear();
    await review("ann", { state: "dismissed" });
    expect(await world.checks()).toMatchObject({ approval: "action_required" });
    expect(await promotes()).toMatchObject({ result: "blocked" });
  });
});

describe("a yes is refused, and nothing is recorded,", () => {
  const recorded = async () => (await world.open.sql("select * from approvals")).length;

  it.each([
    ["mona", "/approve", "approval_not_counted", "`mona` is the pull request's author"],
    ["visitor", "/approve", "permission_missing", "`/approve` needs write permission"],
    ["ann", "/approve 000000000000", "approval_other_release", "you named `000000000000`"],
    ["ann", "/approve rollback", "approval_not_needed", "the policy asks for no approval of a rollback"],
  ])("%s: %s", async (login, body, code, words) => {
    await planned();
    expect(await world.says(login, body)).toBe(code);
    expect(await world.lastAnswer()).toContain(words);
    expect(await recorded()).toBe(0);
  });

  it("before there is a plan", async () => {
    await ready();
    expect(await world.says("ann", "/approve")).toBe("approval_no_plan");
    expect(await world.lastAnswer()).toContain(
      "Comment `/plan`, look at what it shows, then comment `/approve`.",
    );
  });

  it("when a newer plan was made at the moment of the comment; naming the release helps", async () => {
    await planned();
    const created_at = (await world.operation()).shown?.at ?? "";
    const common = { id: 55, number: 7, body: "/approve", created_at, updated_at: created_at };
    world.github.comments.set(55, { ...common, author: "ann", author_type: "User", seen: false });
    expect(await world.says("ann", "/approve", { id: 55 })).toBe("approval_plan_newer");
    expect(await world.lastAnswer()).toContain(`comment \`/approve ${RELEASE.slice(0, 12)}\``);
    expect(await world.says("ann", `/approve ${RELEASE.slice(0, 12)}`)).toBe("approved");
  });

  it("when the newest plan does not stand on the page yet, whatever stood there before", async () => {
    await planned();
    world.wait(60);
    world.shows.page = false;
    await world.says("mona", "/plan");
    await world.runs({ ...answers, release_build: () => ({ facts: built(staging, HEAD) }) });
    world.wait(5);
    expect(await world.says("ann", "/approve")).toBe("approval_plan_newer");
    // It was written meanwhile, but after that comment.
    const [created_at] = [world.now()];
    world.wait(5);
    await world.reachesThePage();
    const common = { id: 56, number: 7, body: "/approve", created_at, updated_at: created_at };
    world.github.comments.set(56, { ...common, author: "ann", author_type: "User", seen: false });
    expect(await world.says("ann", "/approve", { id: 56 })).toBe("approval_plan_newer");
    expect(await world.says("ann", "/approve")).toBe("approved");
  });

  it("when it is a review of a time in which the plan did not stand on the page", async () => {
    world.shows.page = false;
    await planned();
    await review("ann");
    expect(await summaryOf("approval")).toContain(
      "it came before there was a plan of this commit to look at",
    );
    world.wait(5);
    await world.reachesThePage();
    await review("ann");
    expect(await summaryOf("approval")).toContain("is approved by `ann`");
  });

  it("when the policy changed since the plan", async () => {
    await planned();
    world.github.policy = "version: 1\ndefaults: {backup: {max_age: 80s}}";
    expect(await world.says("ann", "/approve")).toBe("approval_plan_outdated");
    expect(await world.lastAnswer()).toContain("because the policy changed");
  });
});

describe("a yes is void, visibly,", () => {
  it("attack: approval, then push", async () => {
    await planned();
    await world.says("ann", "/approve");
    world.wait(1);
    await world.pullRequest({ head_sha: PUSHED });

    expect(await world.checks(PUSHED)).toMatchObject({ approval: "action_required" });
    expect(await summaryOf("approval")).toContain(
      `\`ann\` approved release \`${RELEASE.slice(0, 12)}\` at \`111111111111\`, which counts no more: this is another commit.`,
    );
    // What staging runs has not changed: the release is the same, and the head's parent is its commit.
    world.github.parents.set(PUSHED, [HEAD]);
    expect(await promotes()).toMatchObject({ jobs: ["release_build", "drift_check"], result: "blocked" });
    expect(await summaryOf("approval")).toContain(
      "which does not count: the pull request moved on to `222222222222`.",
    );
  });

  it("attack: approval, then push between the checks and the claim", async () => {
    await ready();
    await approved(world, answers);
    await world.says("mona", "/promote");
    let pushed = false;
    const run = await world.runs({
      ...answers,
      drift_check: () => {
        const pull = world.github.pull_requests.get(7);
        if (pull !== undefined) world.github.pull_requests.set(7, { ...pull, head_sha: PUSHED });
        pushed = true;
        return answers.drift_check();
      },
    });
    expect(pushed).toBe(true);
    expect(run).toMatchObject({ jobs: ["release_build", "drift_check"], result: "cancelled" });
  });

  it("attack: a request for changes that somebody dismisses does not bring back the yes before it", async () => {
    await planned();
    await world.says("ann", "/approve");
    await review("ann", { state: "changes_requested" });
    expect(await world.checks()).toMatchObject({ approval: "action_required" });
    world.github.reviews.clear();
    await review("ann", { state: "dismissed" });
    expect(await world.checks()).toMatchObject({ approval: "action_required" });
    expect(await promotes()).toMatchObject({ result: "blocked" });
    expect(await summaryOf("approval")).toContain("a later review of the same person was dismissed");
    await world.says("ann", "/approve");
    expect(await world.checks()).toMatchObject({ approval: "success" });
  });

  it("when production runs another release than the one that was approved on", async () => {
    await planned();
    await world.says("ann", "/approve");
    await world.says("mona", "/promote");
    const other = measured({ release: "cccccccccccc" });
    const run = await world.runs({
      ...answers,
      drift_check: () => ({ facts: { ...NOT_COMPARED, fingerprint: other } }),
    });
    expect(run).toMatchObject({ jobs: ["release_build", "drift_check"], result: "blocked" });
    expect(await summaryOf("approval")).toContain(
      "which does not count: production runs another release now.",
    );
  });

  it("when staging was changed after it: another release", async () => {
    await planned();
    await world.says("ann", "/approve");
    await world.says("mona", "/promote");
    const facts = built(staging, HEAD);
    const run = await world.runs({
      ...answers,
      release_build: () => ({ facts: { ...facts, release: { ...facts.release, digest: "9".repeat(64) } } }),
    });
    expect(run.result).toBe("blocked");
    expect(await summaryOf("approval")).toContain(
      "which does not count: what would be promoted is release `999999999999` now.",
    );
  });

  it("when the policy changed after it", async () => {
    await planned();
    await world.says("ann", "/approve");
    world.github.policy = "version: 1\ndefaults: {backup: {max_age: 80s}}";
    await backup();
    expect(await promotes()).toMatchObject({ result: "blocked" });
    expect(await summaryOf("approval")).toContain("which does not count: the policy changed.");
  });

  it("when the person lost the permission before the change", async () => {
    await planned();
    await world.says("ann", "/approve");
    await world.says("mona", "/promote");
    const run = await world.runs({
      ...answers,
      release_build: () => {
        world.github.permissions.set("ann", "read");
        return answers.release_build();
      },
    });
    expect(run).toMatchObject({ jobs: ["release_build", "drift_check"], result: "blocked" });
    expect(await summaryOf("approval")).toContain("`ann` has read permission in this repository");
  });

  it("not when a refresh brought posts only", async () => {
    const posts = { "1": "Hello", "2": "About us" };
    const widgets = { "1": "new" };
    const [before, after] = [measured({ widgets }), measured({ widgets, posts })];
    const edited = measured({ posts });
    await ready();
    await approved(world, { ...answers, release_build: () => ({ facts: built(before, HEAD) }) });
    await world.says("mona", "/refresh");
    await world.runs({
      drift_check: ({ target_environment }) => ({
        facts: { ...NOT_COMPARED, fingerprint: target_environment === "production" ? edited : before },
      }),
      backup_create: () => ({ facts: backedUp(world.now()) }),
      env_refresh: () => ({ facts: { target: edited, source: after, tables: [], files: 0 } }),
    });
    await backup();
    await world.says("mona", "/promote");
    const run = await world.runs({
      release_build: () => ({ facts: built(after, HEAD) }),
      drift_check: () => ({ facts: { ...NOT_COMPARED, fingerprint: edited } }),
      env_promote: () => ({ facts: switched(after) }),
    });
    expect(run.result).toBe("succeeded");
  });

  it("a promoted commit keeps its checks, whatever becomes of the review", async () => {
    await planned();
    await review("ann");
    await promotes();
    world.github.reviews.clear();
    await review("ann", { state: "dismissed" });
    expect(await world.checks()).toMatchObject({ approval: "success", promotion: "success" });
  });
});

describe("the policy of the owner", () => {
  const policy = (text: string) => {
    world.github.policy = `version: 1\n${text}`;
  };

  it("attack: a policy repository that Belay cannot read blocks; the default is for its absence", async () => {
    await ready();
    for (const [kind, code] of [
      ["hidden", "policy_hidden"],
      [forbidden("Belay's App may not read it."), "policy_unreadable"],
      ["version: 2", "policy_invalid"],
      ["", "policy_invalid"],
      ["defaults: [", "policy_invalid"],
    ] as const) {
      world.github.policy = kind;
      const before = await dispatches();
      expect(await world.says("mona", "/promote")).toBe(code);
      expect(await world.says("mona", "/help")).toBe(code);
      expect(await dispatches()).toBe(before);
    }
    world.github.policy = "version: 2";
    await world.says("mona", "/promote");
    expect(await world.lastAnswer()).toContain(
      "the policy, `belay-policy.yml` in `acme/.github`, has 1 error",
    );
    expect(await world.lastAnswer()).toContain("line 1 (`version`)");
  });

  it("attack: GitHub that gives no answer for it leaves the command undone, and tries again", async () => {
    await ready();
    world.github.policy = new GithubError("GITHUB_UNAVAILABLE", "no answer", { retry: true, status: 502 });
    const before = await dispatches();
    await expect(world.says("mona", "/promote", { id: 77 })).rejects.toThrow("no answer");
    expect(await dispatches()).toBe(before);
    world.github.policy = "absent";
    expect(await world.says("mona", "/promote", { id: 77 })).toBe("started");
  });

  it("that turned unreadable stops a promotion at its next claim", async () => {
    await ready();
    await approved(world, answers);
    await world.says("mona", "/promote");
    const run = await world.runs({
      ...answers,
      drift_check: () => {
        world.github.policy = "hidden";
        return answers.drift_check();
      },
    });
    expect(run.jobs).toEqual(["release_build", "drift_check"]);
    expect(run.result).toBe("failed");
    expect(run.message).toContain("GitHub shows Belay no repository `acme/.github`");
  });

  it("attack: a configuration in the pull request, or on the default branch, loosens nothing", async () => {
    policy("environments: {production: {backup: {max_age: 60s}, approvals: {count: 2}}}");
    world.github.files.set(".github/belay.yml", EXAMPLE.replace("max_age: 90s", "max_age: 30d"));
    await ready();
    world.wait(30);
    expect((await promotes()).result).toBe("blocked");
    expect(await summaryOf("approval")).toContain("needs 2 more approvals (0 of 2)");
    world.wait(60);
    expect(await world.says("mona", "/promote")).toBe("blocked");
    expect(await world.comment()).toContain("(limit 60 s)");
  });

  it("gives a command to teams, and asks GitHub who is in them", async () => {
    policy("defaults: {promote: {teams: [platform]}}");
    await ready();
    world.github.teams.set("platform", ["ann"]);
    expect(await world.says("mona", "/promote")).toBe("team_missing");
    expect(await world.lastAnswer()).toContain(
      "`/promote` is for the team `platform`, and you are not in it",
    );
    world.github.teams.clear();
    expect(await world.says("ann", "/promote")).toBe("team_unknown");
    expect(await world.lastAnswer()).toContain("GitHub did not tell Belay whether you are in it");
    world.github.teams.set("platform", ["ann"]);
    expect(await world.says("ann", "/promote")).toBe("started");
  });

  it("counts approvals of a team only, and not those of people who wrote the commits", async () => {
    policy("environments: {production: {approvals: {teams: [platform], not: [author, committers]}}}");
    world.github.teams.set("platform", ["ann"]);
    world.github.permissions.set("bob", "write");
    await planned();
    expect(await world.says("bob", "/approve")).toBe("approval_not_counted");
    expect(await world.lastAnswer()).toContain("`bob` is not in the team `platform`");
    world.github.committers.set(7, { logins: ["mona", "ann"], unknown: 0 });
    expect(await world.says("ann", "/approve")).toBe("approval_not_counted");
    world.github.committers.set(7, { logins: ["mona"], unknown: 0 });
    expect(await world.says("ann", "/approve")).toBe("approved");
    expect(await promotes()).toMatchObject({ result: "succeeded" });
  });

  it("closes a window: nothing is dispatched, and /rollback still works", async () => {
    await ready();
    await approved(world, answers);
    await promotes();
    policy('defaults: {windows: {allow: [{days: [mon], start: "10:00", end: "11:00", timezone: UTC}]}}');
    const before = await dispatches();
    expect(await world.says("mona", "/promote")).toBe("blocked");
    expect(await dispatches()).toBe(before);
    expect(await world.comment()).toContain(
      "Promotion to production is blocked: it is outside the policy's windows (mon 10:00 to 11:00 UTC). It opens at 2026-03-02T10:00:00.000Z.",
    );
    expect(await world.checks()).toMatchObject({ window: "failure" });
    expect(await world.says("mona", "/rollback")).toBe("started");
  });

  it.each([
    ["soak: 1h", "progression", "a release must have run in the source for 60 min"],
    ["rehearsal: required", "rehearsal", "a promotion must have been rehearsed"],
  ])("that asks for what this version cannot judge blocks (%s)", async (rule, gate, words) => {
    policy(`defaults: {${rule}}`);
    await ready();
    const before = await dispatches();
    expect(await world.says("mona", "/promote")).toBe("blocked");
    expect(await dispatches()).toBe(before);
    expect(await world.checks()).toMatchObject({ [gate]: "failure" });
    expect(await summaryOf(gate)).toContain(words);
    expect(await summaryOf(gate)).toContain("this version of Belay cannot judge that yet");
  });

  it("asks for approval of a rollback where it says so", async () => {
    policy("defaults: {rollback: {approvals: {count: 1, not: [author]}}}");
    await ready();
    await approved(world, answers);
    await promotes();

    expect(await world.says("mona", "/rollback")).toBe("blocked");
    expect(await world.comment()).toContain("comments `/approve rollback`; then comment `/rollback` again.");
    expect(await world.says("mona", "/approve rollback")).toBe("approval_not_counted");
    await world.pullRequest({ state: "merged" });
    expect(await world.says("ann", "/approve rollback")).toBe("approved");
    expect(await world.says("mona", "/rollback")).toBe("started");
  });
});

describe("attack: a bot opens the pull request, and one person alone approves and promotes it", () => {
  it("needs somebody else", async () => {
    await world.pullRequest({ author: "release-train[bot]" });
    await world.says("mona", "/refresh");
    await world.runs(firstClone(production));
    await backup();
    await approved(world, answers);
    await world.says("ann", "/promote");
    expect(await world.runs(answers)).toMatchObject({
      jobs: ["release_build", "drift_check"],
      result: "blocked",
    });
    expect(await summaryOf("approval")).toContain(
      "`ann` asked for it, and the pull request has no person as its author",
    );
    expect(await promotes()).toMatchObject({ result: "succeeded" });
  });
});

describe("checks of other Apps", () => {
  const CHECKS = "version: 1\nenvironments: {production: {checks: [{name: scan, app: scanner}]}}";
  const scan = (app: string, conclusion: string | null) => ({
    ...{ name: "scan", app, conclusion },
    status: conclusion === null ? "in_progress" : "completed",
  });
  const told = () => foreignCheckChanged(world.deps, { repository: REPOSITORY, head_sha: HEAD });

  beforeEach(() => {
    world.github.policy = CHECKS;
  });

  it("have a check of their own, from the first moment on", async () => {
    await world.pullRequest();
    expect(await world.checks()).toMatchObject({ checks: "in_progress" });
    expect(await summaryOf("checks")).toContain("has not reported on this commit yet");
  });

  it("that completed before anybody told of the head count at once", async () => {
    world.github.checks.set(HEAD, [scan("scanner", "success")]);
    await world.pullRequest();
    expect(await world.checks()).toMatchObject({ checks: "success", release: "action_required" });
  });

  it("that complete before the first command are followed, and the sweep leaves what it finds", async () => {
    await world.pullRequest();
    world.github.checks.set(HEAD, [scan("scanner", "failure")]);
    expect(await told()).toMatchObject({ kind: "rejudged" });
    expect(await world.checks()).toMatchObject({ checks: "failure" });
    await world.open.sql("update effects set state = 'done'");
    const written = (await world.effects("check")).length;
    const own = new Map((await world.effects("check")).map((one) => [one.external_id, one]));
    const shown = [...own.values()].map((one, id) => ({ ...one, id, conclusion: one.conclusion ?? null }));
    world.github.own_checks.set(HEAD, shown);
    await reconcileChecks(world.deps, REPOSITORY, [PULL_REQUEST], "urgent");
    expect(await world.effects("check")).toHaveLength(written);
    // A webhook that was lost is made good by it.
    world.github.checks.set(HEAD, [scan("scanner", "success")]);
    await reconcileChecks(world.deps, REPOSITORY, [PULL_REQUEST], "urgent");
    expect(await world.checks()).toMatchObject({ checks: "success" });
  });

  it("attack: the same name by another App does not open the gate", async () => {
    world.github.checks.set(HEAD, [scan("github-actions", "success")]);
    await ready();
    await approved(world, answers);
    expect(await promotes()).toMatchObject({ jobs: ["release_build", "drift_check"], result: "blocked" });
    expect(await summaryOf("checks")).toContain("The one by `github-actions` does not count");
  });

  it("attack: neutral and skipped open nothing: nothing is dispatched", async () => {
    await ready();
    for (const conclusion of ["neutral", "skipped"]) {
      world.github.checks.set(HEAD, [scan("scanner", conclusion)]);
      const before = await dispatches();
      expect(await world.says("mona", "/promote")).toBe("blocked");
      expect(await dispatches()).toBe(before);
    }
  });

  it("are followed: our check shows what became of theirs", async () => {
    world.github.checks.set(HEAD, [scan("scanner", null)]);
    await ready();
    await approved(world, answers);
    expect(await promotes()).toMatchObject({ result: "blocked" });

    world.github.checks.set(HEAD, [scan("scanner", "failure")]);
    expect(await told()).toMatchObject({ kind: "rejudged" });
    expect(await world.checks()).toMatchObject({ checks: "failure" });
    world.github.checks.set(HEAD, [scan("scanner", "success")]);
    await told();
    expect(await world.checks()).toMatchObject({ checks: "success" });
    expect(await promotes()).toMatchObject({ result: "succeeded" });
  });

  it("that fail between the checks and the change stop it", async () => {
    world.github.checks.set(HEAD, [scan("scanner", "success")]);
    await ready();
    await approved(world, answers);
    await world.says("mona", "/promote");
    let job = (await world.effects("dispatch")).at(-1)?.inputs.job ?? "";
    for (const type of ["release_build", "drift_check"] as const) {
      await world.claim(job);
      const reported = await world.report(job, type, answers[type]());
      if (reported.kind !== "answered" || reported.answer.next_job_id === null)
        throw new Error("no next job");
      job = reported.answer.next_job_id;
    }
    world.github.checks.set(HEAD, [scan("scanner", "failure")]);
    expect(await world.claim(job)).toMatchObject({ kind: "refused", code: "checks_failed" });
    expect(await world.operation()).toMatchObject({ state: "blocked" });
  });

  it("of commits that no policy waits for cost no request", async () => {
    world.github.policy = "absent";
    await ready();
    world.github.policy = forbidden("nobody should ask");
    expect(await told()).toEqual({ kind: "ignored", reason: "no policy waits for it" });
  });
});
