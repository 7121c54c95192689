/**
 * Any history of edits, promotions, refreshes and rollbacks: what production edited is never overwritten, what the source
 * worked on always travels or is said to conflict.
 */
import fc from "fast-check";
import { expect, it } from "vitest";
import { loadCatalog } from "../../../src/catalog-files.ts";
import { parseSiteConfig } from "../../../src/core/config/parse.ts";
import type { Fingerprint } from "../../../src/core/facts.ts";
import {
  advanceBaseline,
  baselineAfterRefresh,
  baselineAfterRollback,
} from "../../../src/core/wordpress/baseline.ts";
import { makePlan } from "../../../src/core/wordpress/plan.ts";
import { planRefresh } from "../../../src/core/wordpress/refresh.ts";
import { compileRules } from "../../../src/core/wordpress/rules.ts";
import type { Baseline, Sides } from "../../../src/core/wordpress/types.ts";
import { EXAMPLE } from "../config/example.ts";
import { files, fingerprint, manifest, options, table } from "./facts.ts";

const catalog = loadCatalog();
const parsed = parseSiteConfig(EXAMPLE, catalog);
if (!parsed.ok) throw new Error(JSON.stringify(parsed.errors));
const settings = { config: parsed.config, rules: compileRules(parsed.config, catalog) };

/** `rewritten` items hold addresses: the same value is measured differently on the two sides. */
const ITEMS = ["table plain", "table rewritten", "option plain", "option rewritten"] as const;
type Item = (typeof ITEMS)[number];
type Values = Readonly<Record<Item, string | null>>;
type Step = readonly [
  "source" | "target" | "remove" | "promote" | "refresh" | "refresh blindly" | "rollback",
  Item,
];

const isTable = (item: Item) => item.startsWith("table");
const nameOf = (item: Item) => item.replace(" ", "_");

function measure(values: Values, side: "source" | "target"): Fingerprint {
  const shown = (item: Item) => (item.endsWith("rewritten") ? `${side} ${values[item]}` : `${values[item]}`);
  const present = ITEMS.filter((item) => values[item] !== null);
  const tables = present
    .filter(isTable)
    .map((item) => [nameOf(item), table("config", { "1": shown(item) })] as const);
  const rows = present.filter((item) => !isTable(item)).map((item) => [nameOf(item), shown(item)] as const);
  return fingerprint({ tables: Object.fromEntries(tables), options: options(Object.fromEntries(rows)) });
}

interface World {
  readonly source: Values;
  readonly target: Values;
  readonly baseline: Baseline;
  /** Items that a side edited since both sides last agreed on them. */
  readonly edited: { readonly source: ReadonlySet<Item>; readonly target: ReadonlySet<Item> };
  readonly last: { readonly before: World; readonly moved: readonly Item[]; readonly after: Values } | null;
  readonly count: number;
}

const sidesOf = (world: World): Sides => ({
  source: measure(world.source, "source"),
  target: measure(world.target, "target"),
});
const without = (set: ReadonlySet<Item>, items: readonly Item[]) =>
  new Set([...set].filter((item) => !items.includes(item)));

function start(): World {
  const values: Values = {
    "table plain": "0",
    "table rewritten": "0",
    "option plain": "0",
    "option rewritten": "0",
  };
  const edited = { source: new Set<Item>(), target: new Set<Item>() };
  const sides = { source: measure(values, "source"), target: measure(values, "target") };
  return { source: values, target: values, baseline: sides, edited, last: null, count: 1 };
}

function edit(world: World, side: "source" | "target", item: Item, value: string | null): World {
  if (world[side][item] === value) return world;
  const edited = { ...world.edited, [side]: new Set([...world.edited[side], item]) };
  return { ...world, [side]: { ...world[side], [item]: value }, edited, count: world.count + 1 };
}

function promote(world: World): World {
  const now = sidesOf(world);
  const held = manifest(
    ITEMS.filter((item) => isTable(item)).map(nameOf),
    ITEMS.filter((item) => !isTable(item)).map(nameOf),
  );
  const compared = { source: null, target: null };
  const plan = makePlan({
    ...settings,
    ...{ manifest: held, baseline: world.baseline, now, compared, mode: "strict" },
  });
  const names = [...plan.job.promote_tables, ...plan.job.promote_options];
  const moved = ITEMS.filter((item) => names.includes(nameOf(item)));
  for (const item of moved)
    expect(world.edited.target.has(item), `${item} of production is overwritten`).toBe(false);
  const both = ITEMS.filter((item) => world.edited.source.has(item) && world.edited.target.has(item));
  if (plan.blocks.length > 0) {
    expect(both.length, "blocked without a conflict").toBeGreaterThan(0);
    return world;
  }
  for (const item of world.edited.source)
    if (!(isTable(item) && world.source[item] === null) && world.source[item] !== world.target[item])
      expect(moved, `${item} of the source stays behind`).toContain(item);
  const target = { ...world.target, ...Object.fromEntries(moved.map((item) => [item, world.source[item]])) };
  const after = measure(target, "target");
  const promoted = {
    tables: Object.fromEntries(moved.filter(isTable).flatMap((item) => entry(after.tables, nameOf(item)))),
    options: Object.fromEntries(
      moved
        .filter((item) => !isTable(item))
        .map((item) => [nameOf(item), after.options[nameOf(item)] ?? null]),
    ),
    code: files({}),
  };
  const facts = {
    activated: true,
    rolled_back: false,
    release: "b",
    previous_release: "a",
    health: [],
    promoted,
  };
  return {
    ...world,
    target,
    baseline: advanceBaseline({ baseline: world.baseline, now, facts }),
    edited: { source: without(world.edited.source, moved), target: world.edited.target },
    last: { before: world, moved, after: target },
  };
}

const entry = <T>(all: Readonly<Record<string, T>>, name: string) => {
  const found = all[name];
  return found === undefined ? [] : [[name, found] as const];
};

/** `blindly`: planned with the target of the baseline, because nobody looked at it since. */
function refresh(world: World, blindly: boolean): World {
  const seen = sidesOf(world);
  const now = blindly ? { ...seen, target: world.baseline.target } : seen;
  const plan = planRefresh({ baseline: world.baseline, now });
  if (plan.conflicts.length > 0) return world;
  const keep = ITEMS.filter((item) => [...plan.keep_tables, ...plan.keep_options].includes(nameOf(item)));
  const taken = ITEMS.filter((item) => !keep.includes(item));
  for (const item of taken)
    if (world.edited.source.has(item) && world.source[item] !== null)
      expect(world.source[item], `the source's ${item} is lost`).toBe(world.target[item]);
  const source = { ...world.source, ...Object.fromEntries(taken.map((item) => [item, world.target[item]])) };
  const next = { ...world, source };
  return {
    ...next,
    baseline: baselineAfterRefresh(world.baseline, sidesOf(next), plan),
    edited: { source: without(world.edited.source, taken), target: without(world.edited.target, taken) },
    last: null,
  };
}

/** Rows that production wrote after the switch stay; the rest of what was promoted goes back. */
function rollback(world: World): World {
  if (world.last === null) return world;
  const { before, moved, after } = world.last;
  const back = moved.filter((item) => world.target[item] === after[item]);
  const target = { ...world.target, ...Object.fromEntries(back.map((item) => [item, before.target[item]])) };
  const names = Object.fromEntries(moved.map((item) => [nameOf(item), null]));
  const facts = {
    activated: true,
    release: "a",
    previous_release: "b",
    health: [],
    late_rows: {},
    promoted: { tables: names, options: names, code: files({}) },
  };
  return {
    ...world,
    target,
    baseline: baselineAfterRollback({ current: world.baseline, before: before.baseline, facts }),
    edited: {
      source: new Set([...world.edited.source, ...moved]),
      target: without(world.edited.target, back),
    },
    last: null,
  };
}

const step = fc.tuple(
  fc.constantFrom("source", "target", "remove", "promote", "refresh", "refresh blindly", "rollback"),
  fc.constantFrom(...ITEMS),
);

function apply(world: World, [kind, item]: Step): World {
  switch (kind) {
    case "source":
    case "target":
      return edit(world, kind, item, String(world.count));
    case "remove":
      return isTable(item) ? world : edit(world, "source", item, null);
    case "promote":
      return promote(world);
    case "refresh":
    case "refresh blindly":
      return refresh(world, kind === "refresh blindly");
    case "rollback":
      return rollback(world);
  }
}

it("never overwrites what production edited, and never leaves the source's work behind silently", () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 25 }), (steps) => {
      steps.reduce(apply, start());
    }),
    { numRuns: 300 },
  );
});

it("blocks after a promotion, a late edit and a rollback, when the same item is promoted again", () => {
  const steps: Step[] = [
    ["source", "option plain"],
    ["promote", "option plain"],
    ["target", "option plain"],
    ["rollback", "option plain"],
    ["promote", "option plain"],
  ];
  const world = steps.reduce(apply, start());
  expect(world.target["option plain"]).toBe("2");
});
