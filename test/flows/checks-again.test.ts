/** Required checks never hang: asked for again, and on the commits of a merge queue. */
import { beforeEach, expect, it } from "vitest";
import { checkRerequested } from "../../src/flows/checks-again.ts";
import { mergeGroupRequested } from "../../src/flows/merge-group.ts";
import { backedUp, built, firstClone, measured, NOT_COMPARED, RELEASE, switched } from "./facts.ts";
import { approved, HEAD, openWorld, REPOSITORY, type World } from "./world.ts";

const production = measured({});
const staging = measured({ widgets: { "1": "new" } });
const answers = {
  release_build: () => ({ facts: built(staging, HEAD) }),
  drift_check: () => ({ facts: { ...NOT_COMPARED, fingerprint: production } }),
  env_promote: () => ({ facts: switched(staging) }),
};
const back = {
  activated: true,
  release: "aaaaaaaaaaaa",
  previous_release: RELEASE.slice(0, 12),
  health: [],
  late_rows: {},
};
const GROUP = "9".repeat(40);

let world: World;
beforeEach(async () => {
  world = await openWorld();
  await world.pullRequest();
});

async function again(gate: string, head_sha = HEAD) {
  const before = (await world.effects("check")).length;
  const external_id = `belay:production:${gate}`;
  const { kind } = await checkRerequested(world.deps, { repository: REPOSITORY, head_sha, external_id });
  return { kind, written: (await world.effects("check")).slice(before) };
}

const queued = (number = 7, base = "production") =>
  mergeGroupRequested(world.deps, {
    repository: REPOSITORY,
    head_ref: `refs/heads/gh-readonly-queue/${base}/pr-${number}-${HEAD}`,
    head_sha: GROUP,
    base_ref: `refs/heads/${base}`,
  });

async function promoted(): Promise<void> {
  await world.says("mona", "/refresh");
  await world.runs(firstClone(production));
  await world.says("mona", "/backup");
  await world.runs({ backup_create: () => ({ facts: backedUp(world.now()) }) });
  await approved(world, answers);
  await world.says("mona", "/promote");
  await world.runs(answers);
  expect((await world.operation()).state).toBe("succeeded");
}

it("a check that is asked for again says what is known of it, and never more", async () => {
  expect(await again("drift")).toMatchObject({ kind: "shown", written: [{ conclusion: "action_required" }] });
  await promoted();
  for (const gate of ["drift", "backup", "approval", "promotion"]) {
    expect(await again(gate)).toMatchObject({
      kind: "shown",
      written: [{ name: `belay / production / ${gate}`, head_sha: HEAD, conclusion: "success" }],
    });
  }
});

it("is no way back to green: after a rollback, or a new baseline, it has to be judged anew", async () => {
  await promoted();
  await world.says("mona", "/rollback");
  await world.runs({ release_rollback: () => ({ facts: back }) });
  expect(await world.operation()).toMatchObject({ kind: "rollback", state: "succeeded" });
  for (const gate of ["promotion", "drift"]) {
    const { written } = await again(gate);
    expect(written.map(({ conclusion }) => conclusion)).not.toContain("success");
  }
});

it.each([
  ["a gate that there is not", "nonsense", HEAD],
  ["another commit", "promotion", "2".repeat(40)],
])("of %s nothing is shown", async (_what, gate, sha) => {
  expect(await again(gate, sha)).toEqual({ kind: "ignored", written: [] });
});

it("a merge group passes where its pull request is promoted at its head, and only there", async () => {
  await queued();
  expect(await world.checks(GROUP)).toMatchObject({ promotion: "action_required", drift: "action_required" });
  await promoted();
  expect(await queued()).toMatchObject({ kind: "shown", reason: "promoted" });
  expect(new Set(Object.values(await world.checks(GROUP)))).toEqual(new Set(["success"]));
});

it("a merge group of another base passes; of another head it says why not", async () => {
  await world.pullRequest({ number: 8, base_ref: "main", head_ref: "feature" });
  await queued(8, "main");
  expect(await world.checks(GROUP)).toEqual({ promotion: "success" });
  world.github.changed.set(9, ["index.php"]);
  await world.pullRequest({ number: 9, head_ref: "feature" });
  await queued(9);
  expect(await world.checks(GROUP)).toMatchObject({ promotion: "failure" });
  expect(await queued(4711)).toMatchObject({ kind: "ignored" });
});
