import { beforeEach, describe, expect, it } from "vitest";
import type { Once } from "../../src/flows/api-once.ts";
import { apiBackup, apiDriftCheck, apiPromote } from "../../src/flows/api-operations.ts";
import { backedUp, built, firstClone, measured, NOT_COMPARED, switched } from "./facts.ts";
import { approved, HEAD, openWorld, REPOSITORY, type World } from "./world.ts";

let world: World;
let ids: Readonly<Record<string, string>>;
beforeEach(async () => {
  world = await openWorld();
  await world.pullRequest();
  await world.says("mona", "/refresh");
  await world.runs(firstClone(production));
  const rows = await world.open.store.transaction(async (tx) => {
    const site = await tx.siteOfRepository(REPOSITORY.id);
    return tx.environmentsOf(site?.id ?? "");
  });
  ids = Object.fromEntries(rows.map((row) => [row.name, row.id]));
});

const production = measured({});
const staging = measured({ widgets: { "1": "new" }, theme: "new theme" });

/** A key, and what it was given with. */
const once = (key: string, request = "1".repeat(64)) => ({ key, request });
const promote = (actor = "mona", named: Once | null = null) =>
  apiPromote(world.deps, {
    once: named,
    environment_id: ids.staging ?? "",
    target_environment_id: ids.production ?? "",
    actor,
  });
const check = (actor = "mona", named: Once | null = null) =>
  apiDriftCheck(world.deps, { environment_id: ids.staging ?? "", actor, once: named });
const backUp = (environment = "production", actor = "mona") =>
  apiBackup(world.deps, { environment_id: ids[environment] ?? "", actor, once: null });
const operations = () => world.open.store.transaction((tx) => tx.operations({}, { limit: 100 }));

async function backup(): Promise<void> {
  await world.says("mona", "/backup");
  await world.runs({ backup_create: () => ({ facts: backedUp(world.now()) }) });
}

describe("POST drift-check", () => {
  it("starts a job and leaves a record", async () => {
    expect(await check()).toMatchObject({ kind: "accepted" });
    await world.runs({ drift_check: () => ({ facts: { ...NOT_COMPARED, fingerprint: production } }) });
    const { drift_check_id } = await world.operation();
    const row = await world.open.store.transaction((tx) => tx.driftCheck(drift_check_id ?? ""));
    const environment = await world.open.store.transaction((tx) => tx.environment(ids.production ?? ""));
    expect(row?.status).toBe("clean");
    expect(environment).toMatchObject({ drift_status: "clean", last_drift_check_id: drift_check_id });
  });

  it("needs no pull request", async () => {
    await world.pullRequest({ state: "closed" });
    expect(await check()).toMatchObject({ kind: "accepted" });
    expect((await world.operation()).pull_request).toBeNull();
  });

  it("is refused to people without write permission, and for what does not exist", async () => {
    expect(await check("visitor")).toMatchObject({ status: 403, code: "permission_missing" });
    const nowhere = { environment_id: "00000000-0000-4000-8000-0000000fffff", actor: "mona", once: null };
    expect(await apiDriftCheck(world.deps, nowhere)).toMatchObject({ status: 404, code: "not_found" });
    const last = { environment_id: ids.production ?? "", actor: "mona", once: null };
    expect(await apiDriftCheck(world.deps, last)).toMatchObject({ status: 409, code: "path_no_step" });
  });
});

describe("POST promote", () => {
  it("is refused with the verdict while no drift check or backup is on record", async () => {
    expect(await promote()).toMatchObject({
      status: 409,
      code: "backup_missing",
      verdict: { outcome: "block", gates: [{ code: "drift_pending" }, { code: "backup_missing" }] },
    });
    expect(await world.operation()).toMatchObject({ kind: "promote", state: "blocked" });
  });

  it("is accepted on a fresh drift check and backup, and checks again before it changes anything", async () => {
    await check();
    await world.runs({ drift_check: () => ({ facts: { ...NOT_COMPARED, fingerprint: production } }) });
    await backup();
    const answers = {
      release_build: () => ({ facts: built(staging, HEAD) }),
      drift_check: () => ({ facts: { ...NOT_COMPARED, fingerprint: production } }),
      env_promote: () => ({ facts: switched(staging) }),
    };
    await approved(world, answers);

    expect(await promote()).toMatchObject({ kind: "accepted" });
    const run = await world.runs(answers);
    expect(run).toMatchObject({ jobs: ["release_build", "drift_check", "env_promote"], result: "succeeded" });
  });

  it("judges no drift check that is older than 15 minutes", async () => {
    await check();
    await world.runs({ drift_check: () => ({ facts: { ...NOT_COMPARED, fingerprint: production } }) });
    world.wait(16 * 60);
    await backup();
    expect(await promote()).toMatchObject({ status: 409, code: "drift_stale" });
  });

  it("is refused when production drifted", async () => {
    await check();
    const edited = measured({ posts: { "1": "Hello" } });
    await world.runs({ drift_check: () => ({ facts: { ...NOT_COMPARED, fingerprint: edited } }) });
    await backup();
    expect(await promote()).toMatchObject({ status: 409, code: "drift_drifted" });
  });

  it("needs the open environment pull request, a step of the path, and write permission", async () => {
    const backwards = {
      environment_id: ids.production ?? "",
      target_environment_id: ids.staging ?? "",
      actor: "mona",
      once: null,
    };
    expect(await apiPromote(world.deps, backwards)).toMatchObject({ status: 409, code: "path_no_step" });
    expect(await promote("visitor")).toMatchObject({ status: 403 });
    await world.pullRequest({ state: "closed" });
    expect(await promote()).toMatchObject({ status: 409, code: "pull_request_none" });
  });
});

describe("POST backups", () => {
  it("backs this environment up, and the gate knows it", async () => {
    expect(await backUp()).toMatchObject({ kind: "accepted" });
    await world.runs({ backup_create: () => ({ facts: backedUp(world.now()) }) });
    expect(await world.operation()).toMatchObject({ kind: "backup", state: "succeeded", pull_request: 7 });
    expect(await promote()).toMatchObject({ code: "drift_pending" });
  });

  it("is refused to people without the permission, and for what nothing is promoted to", async () => {
    expect(await backUp("production", "visitor")).toMatchObject({ status: 403 });
    expect(await backUp("staging")).toMatchObject({ status: 409, code: "backup_no_target" });
  });
});

describe("a request that names itself", () => {
  it("begins once, however often it is sent, and is answered alike", async () => {
    const before = (await operations()).length;
    const answers = await Promise.all([1, 2, 3].map(() => check("mona", once("a"))));
    expect(answers[0]).toMatchObject({ kind: "accepted" });
    expect(new Set(answers.map((answer) => JSON.stringify(answer))).size).toBe(1);
    expect(await check("Mona", once("a"))).toEqual(answers[0]);
    expect((await operations()).length).toBe(before + 1);
  });

  it("is answered as at first when everything has changed since", async () => {
    const refused = await promote("mona", once("b"));
    expect(refused).toMatchObject({ status: 409, code: "backup_missing", verdict: { outcome: "block" } });
    await world.pullRequest({ state: "closed" });
    expect(await promote("mona", once("b"))).toEqual(refused);
    expect(await promote("mona", once("c"))).toMatchObject({ code: "pull_request_none" });
  });

  it("cannot be used for anything else, and is nobody else's", async () => {
    const first = await check("mona", once("a"));
    expect(await check("mona", once("a", "2".repeat(64)))).toMatchObject({
      status: 409,
      code: "idempotency_key_reused",
    });
    const other = await check("ann", once("a"));
    expect(other).toMatchObject({ status: 409, code: "environment_locked" });
    expect(other).not.toEqual(first);
  });

  it("that was refused before anything was put on record is judged anew", async () => {
    expect(await check("visitor", once("a"))).toMatchObject({ status: 403 });
    world.github.permissions.set("visitor", "write");
    expect(await check("visitor", once("a"))).toMatchObject({ kind: "accepted" });
  });
});
