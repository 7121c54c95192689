import { beforeEach, describe, expect, it } from "vitest";
import { NOTHING_READ, readAudit } from "../../src/core/audit.ts";
import { backedUp, built, firstClone, measured, NOT_COMPARED, RELEASE, switched } from "./facts.ts";
import { approved, HEAD, openWorld, type World } from "./world.ts";

let world: World;
beforeEach(async () => {
  world = await openWorld();
});

const production = measured({});
const staging = measured({ widgets: { "1": "new" }, theme: "new theme" });

/** Staging is cloned from production, then changed; the environment pull request is open; a backup was just taken. */
async function readyToPlan(): Promise<void> {
  await world.pullRequest();
  await refresh();
  await backup();
}

/** The same, and the plan is approved. */
async function readyToPromote(): Promise<void> {
  await readyToPlan();
  await approved(world, answers);
}

async function refresh(): Promise<void> {
  await world.says("mona", "/refresh");
  await world.runs(firstClone(production));
}

async function backup(): Promise<void> {
  await world.says("mona", "/backup");
  await world.runs({ backup_create: () => ({ facts: backedUp(world.now()) }) });
}

const answers = {
  release_build: () => ({ facts: built(staging, HEAD) }),
  drift_check: () => ({ facts: { ...NOT_COMPARED, fingerprint: production } }),
  env_promote: () => ({ facts: switched(staging) }),
};

describe("a first refresh", () => {
  it("clones into an empty environment, and finds nothing to back up", async () => {
    await world.pullRequest();
    await world.says("mona", "/refresh");

    const run = await world.runs({
      ...firstClone(production),
      env_refresh: (input) => {
        expect(input).toMatchObject({ initial: true, keep_tables: [], keep_options: [] });
        return firstClone(production).env_refresh();
      },
    });

    expect(run).toMatchObject({ jobs: ["drift_check", "drift_check", "env_refresh"], result: "succeeded" });
    expect(await world.comment()).toContain("The source is empty: it becomes a clone");
  });

  it("says that it overwrites everything in an environment it knows nothing of, and backs it up first", async () => {
    await world.pullRequest();
    await world.says("mona", "/refresh");

    const run = await world.runs({
      drift_check: ({ target_environment }) => ({
        facts: { ...NOT_COMPARED, fingerprint: target_environment === "production" ? production : staging },
      }),
      backup_create: () => ({ facts: backedUp(world.now()) }),
      env_refresh: (input) => {
        expect(input).toMatchObject({ initial: false, keep_tables: [], keep_options: [] });
        return firstClone(production).env_refresh();
      },
    });

    expect(run.jobs).toEqual(["drift_check", "drift_check", "backup_create", "env_refresh"]);
    expect(await world.comment()).toContain("everything in it is replaced by the target's");
  });

  it("does not go on when the target is empty", async () => {
    await world.pullRequest();
    await world.says("mona", "/drift");

    const run = await world.runs({ drift_check: () => ({ facts: { ...NOT_COMPARED, fingerprint: null } }) });

    expect(run).toMatchObject({ jobs: ["drift_check"], result: "failed" });
    expect(run.message).toContain("there is no site in it yet");
  });
});

describe("a promotion", () => {
  it("goes through when every gate passes", async () => {
    await readyToPromote();

    expect(await world.says("mona", "/promote")).toBe("started");
    const run = await world.runs(answers);

    expect(run).toMatchObject({ jobs: ["release_build", "drift_check", "env_promote"], result: "succeeded" });
    expect(await world.checks()).toEqual({
      drift: "success",
      backup: "success",
      release: "success",
      approval: "success",
      promotion: "success",
    });
    const comment = await world.comment();
    expect(comment).toContain("### Promotion of staging to production: done");
    expect(comment).toContain("`acme_widgets` | config | **promote**");
    expect(comment).toContain("`posts` | editorial | **protect**");
    expect((await world.effects("deployment_status")).map((one) => one.state)).toEqual([
      "in_progress",
      "success",
    ]);
    expect(await world.open.store.transaction((tx) => tx.locks())).toEqual([]);
    expect(await world.operation()).toMatchObject({
      state: "succeeded",
      release_before: "aaaaaaaaaaaa",
      release_after: RELEASE.slice(0, 12),
    });
  });

  it("gives the host exactly what the plan decided", async () => {
    await readyToPromote();
    await world.says("mona", "/promote");
    let given: Readonly<Record<string, unknown>> = {};
    await world.runs({
      ...answers,
      env_promote: (input) => {
        given = input;
        return { facts: switched(staging) };
      },
    });

    expect(given).toMatchObject({
      source_environment: "staging",
      target_environment: "production",
      target_root: "/srv/www/acme",
      release_digest: RELEASE,
      expected_release: "aaaaaaaaaaaa",
      promote_tables: ["acme_widgets"],
      health_checks: [
        { kind: "page", path: "/", contains: "Acme" },
        { kind: "page", path: "/shop/" },
        { kind: "rest" },
        { kind: "cron" },
        { kind: "php_errors", log: null },
      ],
      confirm_within_s: 120,
    });
  });

  it("advances the baseline, so that the next one has nothing to promote and is clean", async () => {
    await readyToPromote();
    await world.says("mona", "/promote");
    await world.runs(answers);
    const after = {
      ...production,
      code: staging.code,
      tables: { ...production.tables, ...switched(staging).promoted?.tables },
    };

    await world.says("mona", "/plan");
    await world.runs({
      release_build: () => ({ facts: built(staging, HEAD) }),
      drift_check: () => ({
        facts: { ...NOT_COMPARED, fingerprint: { ...after, active_release: RELEASE.slice(0, 12) } },
      }),
    });

    const { plan, verdict } = await world.operation();
    expect(plan?.summary.tables.promote).toBe(0);
    expect(verdict?.gates.find((gate) => gate.gate === "drift")?.code).toBe("drift_clean");
  });

  it("is not made again over the very release that the target runs; its plan says so and is none the worse", async () => {
    await readyToPlan();
    const running = { ...production, active_release: RELEASE.slice(0, 12) };
    const looks = {
      release_build: answers.release_build,
      drift_check: () => ({ facts: { ...NOT_COMPARED, fingerprint: running } }),
    };

    await world.says("mona", "/plan");
    expect((await world.runs(looks)).result).toBe("succeeded");
    expect(await world.comment()).toContain("production runs exactly this release");
    await world.says("ann", "/approve");
    await world.says("mona", "/promote");
    const run = await world.runs(looks);

    expect(run).toMatchObject({ jobs: ["release_build", "drift_check"], result: "blocked" });
    expect(run.message).toContain("there is nothing to promote");
    expect(await world.checks()).toMatchObject({ release: "failure" });
    expect(await world.operation()).toMatchObject({ result_code: "release_already_active" });
  });

  it("leaves a log whose chain holds", async () => {
    await readyToPromote();
    await world.says("mona", "/promote");
    await world.runs(answers);

    const log = await world.open.store.transaction((tx) => tx.audit({}, { limit: 1000 }));
    const actions = log.map((entry) => entry.action).reverse();
    expect(actions.filter((action) => action.startsWith("promote."))).toEqual([
      "promote.approved",
      "promote.requested",
      "promote.dispatched",
      "promote.claimed",
      "promote.claimed",
      "promote.claimed",
      "promote.succeeded",
    ]);
    expect(log.toReversed().reduce(readAudit, NOTHING_READ).faults).toEqual([]);
  });
});

describe("a promotion is blocked, and nothing is dispatched,", () => {
  it("without a baseline", async () => {
    await world.pullRequest();
    await backup();
    const before = (await world.effects("dispatch")).length;

    expect(await world.says("mona", "/promote")).toBe("blocked");

    expect((await world.effects("dispatch")).length).toBe(before);
    expect(await world.comment()).toContain("there is no baseline for staging and production");
    expect(await world.comment()).toContain("Next: Comment `/refresh`");
    expect(await world.checks()).toMatchObject({
      drift: "failure",
      release: "action_required",
      promotion: "failure",
    });
    expect(await world.open.store.transaction((tx) => tx.locks())).toEqual([]);
  });

  it("when the last full backup is too old", async () => {
    await readyToPromote();
    world.wait(26 * 3600);

    expect(await world.says("mona", "/promote")).toBe("blocked");

    expect(await world.comment()).toContain(
      "Promotion to production is blocked: the last full backup is 26 h old (limit 90 s).",
    );
    expect(await world.comment()).toContain("Comment `/backup` to take one");
    expect(await world.checks()).toMatchObject({ backup: "failure", promotion: "failure" });

    await backup();
    expect(await world.says("mona", "/promote")).toBe("started");
    expect(await world.runs(answers)).toMatchObject({ result: "succeeded" });
  });
});

describe("a promotion is blocked by what the host tells", () => {
  it("when production drifted; a refresh opens the way again", async () => {
    await readyToPromote();
    await world.says("mona", "/promote");
    const edited = measured({ posts: { "1": "Hello", "2": "About us" } });

    const run = await world.runs({
      ...answers,
      drift_check: () => ({ facts: { ...NOT_COMPARED, fingerprint: edited } }),
    });

    expect(run).toMatchObject({ jobs: ["release_build", "drift_check"], result: "blocked" });
    expect(await world.checks()).toMatchObject({ drift: "failure", backup: "success", promotion: "failure" });
    expect(await world.comment()).toContain("posts");
    expect(await world.comment()).toContain("Next: Comment `/refresh`");
    const [site] = await world.open.store.transaction((tx) => tx.sites({ limit: 1 }));
    const environments = await world.open.store.transaction((tx) => tx.environmentsOf(site?.id ?? ""));
    expect(environments.find((one) => one.name === "production")).toMatchObject({
      drift_status: "drifted",
      status: "active",
    });
    expect(await world.open.store.transaction((tx) => tx.locks())).toEqual([]);

    expect(await world.says("mona", "/refresh")).toBe("started");
    const source = measured({
      ...staging,
      posts: { "1": "Hello", "2": "About us" },
      widgets: { "1": "new" },
      theme: "new theme",
    });
    const refreshed = await world.runs({
      drift_check: ({ target_environment }) => ({
        facts: { ...NOT_COMPARED, fingerprint: target_environment === "production" ? edited : staging },
      }),
      backup_create: () => ({ facts: backedUp(world.now()) }),
      env_refresh: (input) => {
        expect(input).toMatchObject({ initial: false, keep_tables: ["acme_widgets"] });
        return { facts: { target: edited, source, tables: [], files: 0 } };
      },
    });
    expect(refreshed).toMatchObject({
      jobs: ["drift_check", "drift_check", "backup_create", "env_refresh"],
      result: "succeeded",
    });
    expect(await world.checks()).toMatchObject({ drift: "action_required", promotion: "action_required" });

    await backup();
    const anew = {
      release_build: () => ({ facts: built(source, HEAD) }),
      drift_check: () => ({ facts: { ...NOT_COMPARED, fingerprint: edited } }),
      env_promote: () => ({ facts: switched(source) }),
    };
    await approved(world, anew);
    await world.says("mona", "/promote");
    const again = await world.runs(anew);
    expect(again.result).toBe("succeeded");
  });

  it("when the source runs another commit than the pull request shows", async () => {
    await readyToPlan();
    await world.says("mona", "/promote");

    const run = await world.runs({ release_build: () => ({ facts: built(staging, "2".repeat(40)) }) });

    expect(run).toMatchObject({ jobs: ["release_build"], result: "blocked" });
    expect(await world.comment()).toContain(
      "staging runs `222222222222`, but this pull request is at `111111111111`",
    );
  });

  it("but a merge commit on top of what runs is the same", async () => {
    await readyToPlan();
    world.github.parents.set(HEAD, ["3".repeat(40), "2".repeat(40)]);
    const merged = { ...answers, release_build: () => ({ facts: built(staging, "2".repeat(40)) }) };
    await approved(world, merged);
    await world.says("mona", "/promote");

    const run = await world.runs(merged);

    expect(run.result).toBe("succeeded");
  });

  it("when production's code was edited by hand", async () => {
    await readyToPromote();
    await world.says("mona", "/promote");
    const edited = {
      ...production,
      code_edits: [{ path: "wp-content/themes/acme/style.css", change: "changed" as const }],
    };

    const run = await world.runs({
      ...answers,
      drift_check: () => ({ facts: { ...NOT_COMPARED, fingerprint: edited } }),
    });

    expect(run.result).toBe("blocked");
    expect(await world.comment()).toContain("wp-content/themes/acme/style.css");
    expect(await world.checks()).toMatchObject({ release: "failure" });
  });
});

describe("a promotion that goes wrong", () => {
  it("is rolled back by the host, and said so in a new comment", async () => {
    await readyToPromote();
    await world.says("mona", "/promote");
    const facts = {
      ...switched(staging),
      rolled_back: true,
      health: [{ check: "GET /", ok: false, detail: "`Acme` is missing", seconds: 0.1 }],
    };

    const run = await world.runs({
      ...answers,
      env_promote: () => ({ error: "HEALTH_FAILED", message: "The page / does not contain `Acme`.", facts }),
    });

    expect(run.result).toBe("rolled_back");
    expect(await world.checks()).toMatchObject({ promotion: "failure" });
    expect(await world.lastAnswer()).toContain("was rolled back by itself because it was found unhealthy");
    expect(await world.lastAnswer()).toContain("does not contain `Acme`");
    expect((await world.effects("deployment_status")).at(-1)?.state).toBe("failure");
    expect(await world.open.store.transaction((tx) => tx.locks())).toEqual([]);
  });

  it("leaves the environment marked where the release before is not healthy either", async () => {
    await readyToPromote();
    await world.says("mona", "/promote");
    const sick = [{ check: "GET /", ok: false, detail: "500", seconds: 0.1 }];
    const facts = { ...switched(staging), rolled_back: true, health: sick, restored_health: sick };

    await world.runs({ ...answers, env_promote: () => ({ error: "HEALTH_FAILED", message: "500.", facts }) });

    const { state, release_after, target_environment_id } = await world.operation();
    expect({ state, release_after }).toEqual({ state: "rolled_back", release_after: null });
    const target = await world.open.store.transaction((tx) => tx.environment(target_environment_id));
    expect(target?.status).toBe("failed");
    expect(await world.lastAnswer()).toContain(
      "It is not healthy there either: production needs a person now",
    );
  });

  it("fails before the switch, and the environment is as it was", async () => {
    await readyToPromote();
    await world.says("mona", "/promote");

    const run = await world.runs({
      ...answers,
      env_promote: () => ({
        error: "SPACE_MISSING",
        message: "The disk is full.",
        facts: { activated: false },
      }),
    });

    expect(run.result).toBe("failed");
    expect((await world.operation()).result_code).toBe("SPACE_MISSING");
    expect(await world.lastAnswer()).toContain("production has not changed. The disk is full.");
  });

  it("is unknown when the host was lost in the middle: the lock stays, and nothing else may start", async () => {
    await readyToPromote();
    await world.says("mona", "/promote");

    const run = await world.runs({
      ...answers,
      env_promote: () => ({ error: "SWITCH_UNKNOWN", message: "The host went away." }),
    });

    expect(run.result).toBe("unknown");
    expect(await world.open.store.transaction((tx) => tx.locks())).toHaveLength(2);
    expect(await world.says("mona", "/promote")).toBe("environment_locked");
    expect(await world.lastAnswer()).toContain("How that operation ended is unknown");
  });
});
