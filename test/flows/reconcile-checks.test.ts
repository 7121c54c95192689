/** Belay's own checks at GitHub, against what the store says: what is missing, changed or outdated is shown anew, and nothing else. */
import { randomUUID } from "node:crypto";
import { beforeEach, expect, it, vi } from "vitest";
import type { Scope } from "../../src/flows/reconcile/checks.ts";
import { reconcilePulls } from "../../src/flows/reconcile/pulls.ts";
import { reconcileSettings } from "../../src/flows/reconcile/settings.ts";
import { isOfSettings, settingsPushed } from "../../src/flows/settings-pushed.ts";
import { GithubError } from "../../src/github/error.ts";
import type { Repository } from "../../src/ports/sites.ts";
import { EXAMPLE } from "../unit/config/example.ts";
import { built, firstClone, measured, NOT_COMPARED } from "./facts.ts";
import { forbidden } from "./github.ts";
import { HEAD, openWorld, PULL_REQUEST, REPOSITORY, type World } from "./world.ts";

const FREEZE = `version: 1
environments: {production: {windows: {deny: [{from: 2026-11-23, to: 2026-12-01, reason: "Black Friday"}]}}}
`;

const production = measured({});

const LATER = "2026-11-01T00:00:00.000Z";

let world: World;
beforeEach(async () => {
  world = await openWorld();
});

/** GitHub was told everything, and shows it. */
async function applied(): Promise<void> {
  await world.open.sql("update effects set state = 'done'");
  for (const { head_sha, external_id, status, conclusion = null, title } of await world.effects("check")) {
    const others = (world.github.own_checks.get(head_sha) ?? []).filter(
      (one) => one.external_id !== external_id,
    );
    world.github.own_checks.set(head_sha, [...others, { external_id, status, conclusion, title }]);
  }
}

/** What a look at GitHub has shown anew. */
async function repaired(scope: Scope = "urgent"): Promise<readonly string[]> {
  const before = (await world.effects("check")).length;
  await reconcilePulls({ ...world.deps }, REPOSITORY, scope);
  return (await world.effects("check")).slice(before).map(({ external_id }) => external_id);
}

const failed = vi.fn();
const sweepSettings = () => reconcileSettings({ ...world.deps, sweeps: world.open.sweeps, failed });
const seen = () => world.github.own_checks.get(HEAD) ?? [];
const push = (paths: readonly string[], ref = "refs/heads/main") => ({ repository: REPOSITORY, ref, paths });

it("what GitHub shows as it should is left alone; a stale, a changed and a missing check are shown anew, once", async () => {
  await world.pullRequest();
  await world.says("mona", "/status");
  await applied();
  expect(await repaired()).toEqual([]);
  const [drift, backup, ...others] = seen();
  if (drift === undefined || backup === undefined) throw new Error("no checks were shown");
  world.github.own_checks.set(HEAD, [
    { ...drift, status: "completed", conclusion: "stale" },
    { ...backup, conclusion: "success" },
    ...others.slice(1),
  ]);
  const missing = others[0]?.external_id;
  expect((await repaired()).toSorted()).toEqual([drift.external_id, backup.external_id, missing].toSorted());
  await applied();
  expect(await repaired()).toEqual([]);
});

it("what waits to be told GitHub is no difference", async () => {
  await world.pullRequest();
  await world.says("mona", "/status");
  world.github.own_checks.set(HEAD, []);
  expect(await repaired()).toEqual([]);
});

it("what a plan has judged is not set back, and another head on a governed base is not looked into again", async () => {
  await world.says("mona", "/status");
  await world.pullRequest();
  await world.says("mona", "/refresh");
  await world.runs(firstClone(production));
  await world.says("mona", "/plan");
  await world.runs({
    release_build: () => ({ facts: built(measured({ widgets: { "1": "new" } }), HEAD) }),
    drift_check: () => ({ facts: { ...NOT_COMPARED, fingerprint: production } }),
  });
  await world.pullRequest({ number: 8, head_ref: "docs", head_sha: "8".repeat(40) });
  await applied();
  expect(await world.checks()).toMatchObject({ drift: "success", release: "success" });
  const looked = vi.fn(world.deps.github.changedFiles);
  const deps = { ...world.deps, github: { ...world.deps.github, changedFiles: looked } };
  expect(await reconcilePulls(deps, REPOSITORY, "all")).toBe(0);
  expect(looked).not.toHaveBeenCalled();
});

it("checks that the policy asks for since then appear on pull requests that are open already", async () => {
  await world.pullRequest();
  await world.says("mona", "/status");
  await applied();
  world.github.policy = FREEZE;
  expect(await repaired()).toEqual(["belay:production:window"]);
});

it("a pull request from before the configuration gets its checks with the push that brings it, and others do not matter", async () => {
  world.github.files.delete(".github/belay.yml");
  await world.pullRequest();
  expect(await world.effects("check")).toEqual([]);
  world.github.files.set(".github/belay.yml", EXAMPLE);
  expect(isOfSettings(push([".github/belay.yml"], "refs/heads/staging"))).toBe(false);
  expect(isOfSettings(push(["index.php"]))).toBe(false);
  expect(isOfSettings(push([".github/belay.yml"]))).toBe(true);
  await settingsPushed(world.deps, push(["index.php", ".github/belay.yml"]));
  expect(await world.checks()).toMatchObject({ drift: "action_required", promotion: "action_required" });
});

it("a configuration that was broken and is mended takes its complaint back, where nothing was judged since", async () => {
  world.github.files.set(".github/belay.yml", "version: 9");
  await world.pullRequest();
  await applied();
  const complaint = seen();
  expect(complaint.map(({ external_id }) => external_id)).toEqual(["belay:production:promotion"]);
  world.github.files.set(".github/belay.yml", EXAMPLE);
  await settingsPushed(world.deps, push([".github/belay.yml"]));
  await applied();
  const [promotion] = seen().filter(({ external_id }) => external_id === "belay:production:promotion");
  expect(promotion?.title).toContain("has not been promoted to production at this commit");
});

it("two pull requests at one commit do not take turns", async () => {
  await world.pullRequest();
  world.github.changed.set(8, ["README.md"]);
  await world.pullRequest({ number: 8, head_ref: "docs", title: "Words" });
  await applied();
  expect(await repaired()).toEqual([]);
  expect(world.github.pull_requests.get(8)?.head_sha).toBe(PULL_REQUEST.head_sha);
});

it("a policy is of every site of its owner", async () => {
  await world.pullRequest();
  await world.says("mona", "/status");
  await applied();
  world.github.policy = FREEZE;
  const policies = { ...REPOSITORY, id: 4712, name: ".github" };
  const before = (await world.effects("check")).length;
  await settingsPushed(world.deps, {
    repository: policies,
    ref: "refs/heads/main",
    paths: ["belay-policy.yml"],
  });
  const written = async () => (await world.effects("check")).slice(before).map((one) => one.external_id);
  expect(await written()).toEqual([]);
  expect(await sweepSettings()).toBe(1);
  expect(await written()).toEqual(["belay:production:window"]);
  expect(await sweepSettings()).toBe(0);
  expect(await world.open.sweeps.settingsMarks()).toEqual([]);
});

it("a limit on requests stops the look after a policy where it is: what is done stays done, others go on", async () => {
  const limited = { ...REPOSITORY, id: 4713, name: "blog", installation_id: 2 };
  const repositories = [REPOSITORY, limited, { ...limited, id: 4714, name: "press" }];
  await world.open.store.transaction(async (tx) => {
    for (const repository of repositories)
      await tx.putSite({ id: randomUUID(), name: repository.name, repository });
    await tx.markSettings([4714, 4713, 4711], world.now());
  });
  const asked: number[] = [];
  let isLimited = true;
  const allOpenPullRequests = async ({ id, installation_id }: Repository) => {
    asked.push(id);
    if (isLimited && installation_id === 2)
      throw new GithubError("GITHUB_RATE_LIMITED", "Wait.", { retry: true, status: 429, retry_after_s: 600 });
    // A push that comes while its sites are looked at.
    if (id === 4711) throw forbidden("Suspended.");
    if (!isLimited && id === 4714) await world.open.store.transaction((tx) => tx.markSettings([id], LATER));
    return [];
  };
  const deps = { ...world.deps, sweeps: world.open.sweeps, failed };
  const look = () => reconcileSettings({ ...deps, github: { ...deps.github, allOpenPullRequests } });
  await expect(look()).rejects.toMatchObject({ code: "GITHUB_RATE_LIMITED", retry_after_s: 600 });
  expect(asked).toEqual([4711, 4713]);
  expect(failed).toHaveBeenCalledExactlyOnceWith(4711, expect.objectContaining({ status: 403 }));
  isLimited = false;
  await look();
  expect(asked).toEqual([4711, 4713, 4713, 4714]);
  expect(await world.open.sweeps.settingsMarks()).toEqual([{ repository_id: 4714, at: LATER }]);
});

it("only pull requests of environments, and those that were never shown a check, cost a request each time", async () => {
  await world.says("mona", "/status");
  await world.pullRequest();
  await world.pullRequest({ number: 8, base_ref: "main", head_ref: "docs", head_sha: "8".repeat(40) });
  await world.pullRequest({ number: 9, head_ref: "fix", head_sha: "9".repeat(40) });
  await world.pullRequest({ number: 10, base_ref: "production", head_ref: "x", head_sha: "a".repeat(40) });
  await applied();
  const asked: string[] = [];
  const ownChecks: typeof world.deps.github.ownChecks = async (repository, sha) => {
    asked.push(sha.slice(0, 1));
    return world.deps.github.ownChecks(repository, sha);
  };
  const deps = { ...world.deps, github: { ...world.deps.github, ownChecks } };
  await reconcilePulls(deps, REPOSITORY, "urgent");
  expect(asked).toEqual(["1"]);
  await world.open.sql(`delete from effects where stream like 'check:${"9".repeat(40)}:%promotion'`);
  await reconcilePulls(deps, REPOSITORY, "urgent");
  expect(asked).toEqual(["1", "1", "9"]);
  await applied();
  world.github.own_checks.set("8".repeat(40), []);
  asked.length = 0;
  expect(await reconcilePulls(deps, REPOSITORY, "all")).toBe(1);
  expect(asked).toEqual(["1", "a", "9", "8"]);
});
