/** The source tells its tables, the target's host compares, and a promotion that nobody has agreed to does not begin. */
import { expect, it } from "vitest";
import type { SchemaChange } from "../../src/core/facts.ts";
import { planView } from "../../src/http/views.ts";
import { problemsOf } from "../support/openapi.ts";
import { EXAMPLE } from "../unit/config/example.ts";
import { table } from "../unit/wordpress/facts.ts";
import { backedUp, built, firstClone, measured, NOT_COMPARED, switched } from "./facts.ts";
import { approved, HEAD, openWorld, type World } from "./world.ts";

const PLUGIN = "acme/acme.php";
const STRUCTURE = {
  table: "posts",
  engine: "InnoDB",
  collation: "utf8mb4_unicode_520_ci",
  columns: [
    {
      name: "ID",
      type: "bigint(20)",
      nullable: false,
      default: null,
      extra: "auto_increment",
      collation: null,
    },
  ],
  indexes: [{ name: "PRIMARY", unique: true, columns: ["ID"] }],
};
const LOST: SchemaChange = {
  table: "posts",
  what: "column_removed",
  name: "note",
  effect: "destructive",
  detail: "text",
};

const production = measured({});
const upgraded = measured({ widgets: { "1": "new" } });
const staging = {
  ...upgraded,
  tables: {
    ...upgraded.tables,
    posts: table("editorial", { "1": "Hello", "2": "About" }, { ddl: "b".repeat(64) }),
  },
};

/** What the two hosts tell: the source its table, the target how it would have to change. */
const answers = {
  release_build: (input: Readonly<Record<string, unknown>>) => {
    expect(input.target_ddl).toMatchObject({ posts: production.tables.posts?.ddl });
    const { release, ...rest } = built(staging, HEAD);
    const manifest = { ...release.manifest, plugins: { [PLUGIN]: "2" } };
    return { facts: { ...rest, release: { ...release, manifest }, structures: [STRUCTURE] } };
  },
  drift_check: (input: Readonly<Record<string, unknown>>) => {
    expect(input.source_structures).toEqual([STRUCTURE]);
    const told = { structure_changes: [LOST], plugins: { [PLUGIN]: "1" } };
    return { facts: { ...NOT_COMPARED, fingerprint: production, ...told } };
  },
  env_promote: (input: Readonly<Record<string, unknown>>) => {
    expect(input.migrations).toMatchObject({ destructive: ["posts"], unpredicted: false });
    return { facts: switched(staging) };
  },
};

async function cloned(config: string): Promise<World> {
  const world = await openWorld(config);
  await world.pullRequest();
  await world.says("mona", "/refresh");
  const clone = firstClone(production);
  await world.runs({
    ...clone,
    drift_check: (input) => {
      expect(input.source_structures).toEqual([]);
      return clone.drift_check(input);
    },
  });
  await world.says("mona", "/backup");
  await world.runs({ backup_create: () => ({ facts: backedUp(world.now()) }) });
  return world;
}

it("without consent the plan shows it, the gate blocks, and nothing is started", async () => {
  const world = await cloned(EXAMPLE);
  await world.says("mona", "/plan");
  await world.runs(answers);
  const comment = await world.comment();
  expect(comment).toContain("⚠️ `posts`: - column `note` (destructive): text (nobody has agreed to it)");
  expect(comment).toContain('destructive: ["posts"]');
  const view = planView(await world.operation());
  expect(problemsOf("OperationPlan", view)).toBeNull();
  expect(view.plan?.upgrade).toMatchObject({ changes: [{ table: "posts", agreed: false }] });

  await world.says("mona", "/promote");
  const run = await world.runs(answers);
  expect(run).toMatchObject({ jobs: ["release_build", "drift_check"], result: "blocked" });
  expect(await world.operation()).toMatchObject({ state: "blocked", result_code: "migration_destructive" });
  const check = (await world.effects("check")).findLast(({ name }) => name.endsWith("/ release"));
  expect(check).toMatchObject({ conclusion: "failure" });
  expect(check?.text).toContain('destructive: ["posts"]');
});

it("with the consent that the plan asked for it goes ahead, and the host gets the same consent", async () => {
  const consent = EXAMPLE.replace(
    "\npromotion:\n",
    "\npromotion:\n  migrations:\n    destructive: [posts]\n",
  );
  expect(consent).not.toBe(EXAMPLE);
  const world = await cloned(consent);
  await approved(world, answers);
  await world.says("mona", "/promote");
  const run = await world.runs(answers);
  expect(run).toMatchObject({ jobs: ["release_build", "drift_check", "env_promote"], result: "succeeded" });
});
