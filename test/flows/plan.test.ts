/** A plan of any size: the comment holds what must be acted on, the API all of it. */
import { expect, it } from "vitest";
import type { TableFingerprint } from "../../src/core/facts.ts";
import { CHECK_LIMIT, COMMENT_LIMIT } from "../../src/core/rendering/cap.ts";
import { planView } from "../../src/http/views.ts";
import { problemsOf } from "../support/openapi.ts";
import { EXAMPLE } from "../unit/config/example.ts";
import { options, table } from "../unit/wordpress/facts.ts";
import { backedUp, built, firstClone, measured, NOT_COMPARED } from "./facts.ts";
import { HEAD, openWorld, type World } from "./world.ts";

const MANY = 1200;
const many = (name: string, made: (at: number) => TableFingerprint) =>
  Object.fromEntries(Array.from({ length: MANY }, (_, at) => [`${name}_${at}`, made(at)]));

const unknown = (value: string) => table("unclassified", { "1": value }, { origin: "unknown" });
const kept = (value: string) => table("live", { "1": value }, { origin: "catalog:acme" });

/** Thousands of tables of every kind, and thousands of option rows. */
function large(widgets: string, notes: string) {
  const base = measured({ widgets: { "1": widgets } });
  const tables = {
    ...base.tables,
    ...many("acme_orders", () => kept("a")),
    ...many("other_cache", () => unknown("a")),
    posts: table("editorial", { "1": notes }),
  };
  const rows = Object.fromEntries(Array.from({ length: MANY }, (_, at) => [`acme_setting_${at}`, widgets]));
  return { ...base, tables, options: options({ ...rows, theme_mods_acme: widgets }) };
}

async function planned(world: World, source: ReturnType<typeof large>, target: ReturnType<typeof large>) {
  const released = built(source, HEAD);
  const hashes = Object.entries(source.options).map(([name, { hash }]) => [name, hash] as const);
  const held = { ...released.release.manifest, options: Object.fromEntries(hashes) };
  await world.says("mona", "/plan");
  await world.runs({
    release_build: () => ({ facts: { ...released, release: { ...released.release, manifest: held } } }),
    drift_check: () => ({ facts: { ...NOT_COMPARED, fingerprint: target } }),
  });
}

it("says what must be acted on in the comment and the check, and everything in the API", async () => {
  const production = large("old", "a");
  const world = await openWorld(EXAMPLE);
  await world.pullRequest();
  await world.says("mona", "/refresh");
  await world.runs(firstClone(production));
  await world.says("mona", "/backup");
  await world.runs({ backup_create: () => ({ facts: backedUp(world.now()) }) });
  await planned(world, large("new", "b"), production);

  const comment = await world.comment();
  const operation = await world.operation();
  const check = (await world.effects("check")).findLast(
    ({ name }) => name === "belay / production / release",
  );
  expect(comment.length).toBeLessThanOrEqual(COMMENT_LIMIT);
  expect(check?.text?.length).toBeLessThanOrEqual(CHECK_LIMIT);
  for (const shown of [comment, check?.text]) {
    expect(shown).toContain(`All of it: \`GET /api/operations/${operation.id}/plan\``);
    expect(shown).toContain('protect: ["other_cache_*"]');
    expect(shown).toContain("unclassified: 1200 tables (nothing says what they are)");
    expect(shown).toMatch(/\| \*and \d+ more\* \| unclassified \| \*\*unclassified\*\* \|/);
    expect(shown).toContain("| `acme_widgets` | config | **promote** |");
    expect(shown).toContain("nothing classifies it: `acme_setting_0`,");
    expect(shown).toContain("Work in protected data of the source stays behind: posts (editors' rows)");
    expect(shown).not.toContain("the rest does not fit");
  }
  expect(comment).toContain("`/plan` by `mona`");

  const view = planView(operation);
  expect(problemsOf("OperationPlan", view)).toBeNull();
  expect(view.plan?.tables.filter(({ action }) => action === "unclassified")).toHaveLength(MANY);
  expect(view.plan?.options).toHaveLength(MANY + 1);
  expect(JSON.stringify(view)).not.toContain("expected_tables");
});

it("shows a refresh and a comparison of both sides, too", async () => {
  const world = await openWorld(EXAMPLE);
  await world.pullRequest();
  await world.says("mona", "/refresh");
  await world.runs(firstClone(measured({})));
  const refresh = planView(await world.operation());
  expect(problemsOf("OperationPlan", refresh)).toBeNull();
  expect(refresh).toMatchObject({ kind: "refresh", plan: null, refresh: { first_clone: true } });

  await world.says("mona", "/baseline");
  const sides = { production: large("old", "a"), staging: large("new", "b") };
  await world.runs({
    baseline_create: ({ target_environment }) => ({
      facts: { fingerprint: target_environment === "production" ? sides.production : sides.staging },
    }),
  });
  const comment = await world.comment();
  expect(comment).toContain("Accepting this as the baseline means");
  expect(comment).toMatch(/comment `\/baseline accept [0-9a-f]{12}`/);
  const view = planView(await world.operation());
  expect(problemsOf("OperationPlan", view)).toBeNull();
  expect(view.comparison?.options).toHaveLength(MANY + 1);
});
