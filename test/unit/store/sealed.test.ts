/** Records that promotions are judged by, damaged in every way: each is refused with a reason, or is what was written. */
import fc from "fast-check";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { Fingerprint } from "../../../src/core/facts.ts";
import { isDamaged } from "../../../src/flows/baselines.ts";
import type { BaselineRow, NewDriftCheck } from "../../../src/ports/findings.ts";
import type { OpenStore } from "../../../src/store/open.ts";
import { openTestStore } from "../../support/store.ts";
import { files, fingerprint, options, packed, table } from "../wordpress/facts.ts";
import { anOperation, NOW, putWorld, type World } from "./rows.ts";

let opened: OpenStore;
let world: World;
let baseline: BaselineRow;
let check: NewDriftCheck;

const side = (value: string): Fingerprint =>
  fingerprint({
    tables: {
      posts: table("editorial", { "1": value, "2": "b" }),
      wc_orders: table("live", {}, { parts: { live: packed({ "1": value, "5000": "c" }) } }),
    },
    options: options({ blogname: value }),
    files: { "wp-content/uploads": files({ "a.jpg": value }) },
    references: { page_on_front: null },
  });

beforeAll(async () => {
  opened = await openTestStore();
  world = await opened.store.transaction((tx) => putWorld(tx));
  const operation = anOperation(world);
  const [source_environment_id, target_environment_id] = [world.source.id, world.target.id];
  baseline = {
    ...{ id: "00000000-0000-4000-8000-00000000000b", source_environment_id, target_environment_id },
    ...{ operation_id: operation.id, source: side("s"), target: side("t"), created_at: NOW },
  };
  check = {
    ...{ id: "00000000-0000-4000-8000-00000000000c", environment_id: target_environment_id },
    ...{ source_environment_id, operation_id: operation.id, baseline_id: baseline.id, checked_at: NOW },
    ...{ status: "clean", fingerprint: side("t") },
    drift: { status: "clean", mode: "strict", findings: [], sentences: [] },
  };
  await opened.store.transaction(async (tx) => {
    await tx.addOperation(operation);
    await tx.addBaseline(baseline);
    await tx.addDriftCheck(check);
  });
  // A database that somebody has been at, past its triggers.
  await opened.sql("set session_replication_role = replica");
}, 60_000);
afterAll(() => opened.close());

const readBaseline = () => opened.store.transaction((tx) => tx.baseline(baseline.id));
const readCheck = () => opened.store.transaction((tx) => tx.driftCheck(check.id));
const quoted = (text: string) => `'${text.replaceAll("'", "''")}'`;
const set = (name: string, column: string, value: string) =>
  opened.sql(`update ${name} set ${column} = ${value}`);

test("what is whole is read as it was written", async () => {
  expect(await readBaseline()).toEqual(baseline);
  expect(await readCheck()).toEqual({ ...check, damaged: null });
});

/** Ways in which a value inside of a record can come to be another one. */
type Wound = (value: unknown, path: readonly string[]) => unknown;

/** Changes the member at the end of a path that `choose` finds on its way down. */
function wounded(
  value: unknown,
  choose: readonly number[],
  wound: Wound,
  path: readonly string[] = [],
): unknown {
  const [first, ...rest] = choose;
  if (typeof value !== "object" || value === null || first === undefined) return wound(value, path);
  const entries = Object.entries(value);
  const at = entries[first % Math.max(1, entries.length)];
  if (at === undefined) return wound(value, path);
  const [name, member] = at;
  const next = wounded(member, rest, wound, [...path, name]);
  const changed = entries.flatMap(([key, old]) =>
    key !== name ? [[key, old]] : next === undefined ? [] : [[key, next]],
  );
  return Array.isArray(value) ? changed.map(([, one]) => one) : Object.fromEntries(changed);
}

const wound: fc.Arbitrary<Wound> = fc.oneof(
  fc.jsonValue().map((other) => () => other),
  fc.constant<Wound>(() => undefined),
  fc.constant<Wound>((value) =>
    typeof value === "string" ? value.slice(1) : typeof value === "number" ? value + 1 : null,
  ),
  fc.constant<Wound>((value) =>
    typeof value === "object" && value !== null ? { ...value, more: { rows: 0 } } : value,
  ),
);
const path = fc.array(fc.nat(7), { minLength: 1, maxLength: 6 });
const columns = fc.constantFrom("source", "target", "fingerprint", "drift");

test("a record with any value changed, added or taken out is refused, or is what was written", async () => {
  await fc.assert(
    fc.asyncProperty(columns, path, wound, async (column, choose, change) => {
      const inBaseline = column === "source" || column === "target";
      const name = inBaseline ? "baselines" : "drift_checks";
      const whole = inBaseline ? baseline[column] : check[column === "drift" ? "drift" : "fingerprint"];
      const text = JSON.stringify(wounded(whole, choose, change)) ?? "null";
      await set(name, column, `${quoted(text)}::json`);
      try {
        if (inBaseline) expectBaseline(await readBaseline());
        else expectCheck(await readCheck());
      } finally {
        await set(name, column, `${quoted(JSON.stringify(whole))}::json`);
      }
    }),
    { numRuns: 300 },
  );
  expect(await readBaseline()).toEqual(baseline);
}, 120_000);

function expectBaseline(found: Awaited<ReturnType<typeof readBaseline>>): void {
  if (found !== null && isDamaged(found)) expect(found.damaged).toBe("its content is not what was recorded");
  else expect(found).toEqual(baseline);
}

function expectCheck(found: Awaited<ReturnType<typeof readCheck>>): void {
  if (found?.damaged == null) expect(found).toEqual({ ...check, damaged: null });
  else expect(found).toMatchObject({ status: "unknown", fingerprint: null, drift: null });
}

test.each([
  ["another digest", "digest", quoted("0".repeat(64)), "its content is not what was recorded"],
  ["no digest", "digest", "null", "it was recorded by an older version, without a digest"],
  ["the sides exchanged", "source", "target", "its content is not what was recorded"],
  ["another pair", "target_environment_id", "source_environment_id", "its content is not what was recorded"],
])("a baseline with %s is refused", async (_what, column, value, damaged) => {
  const [before] = await opened.sql(`select ${column}::text as value from baselines`);
  await set("baselines", column, value);
  expect(await readBaseline()).toEqual({ id: baseline.id, damaged });
  const cast = column === "source" ? "::json" : column === "digest" ? "" : "::uuid";
  await set("baselines", column, `${quoted(String(before?.value))}${cast}`);
  expect(await readBaseline()).toEqual(baseline);
});

test("a check that is made to look clean, or young, is refused", async () => {
  for (const [column, value, back] of [
    ["status", "'drifted'", "'clean'"],
    ["checked_at", "now()", quoted(NOW)],
  ] as const) {
    await set("drift_checks", column, value);
    expect(await readCheck()).toMatchObject({
      status: "unknown",
      damaged: "its content is not what was recorded",
    });
    await set("drift_checks", column, back);
    expect(await readCheck()).toEqual({ ...check, damaged: null });
  }
});

test("a record that was written by a version with other words, its digest right, is refused all the same", async () => {
  const { sealOf } = await import("../../../src/store/sealed.ts");
  const other = JSON.stringify({ ...baseline.source, tables: [] });
  const identity = [baseline.id, baseline.source_environment_id, baseline.target_environment_id];
  await set("baselines", "source", `${quoted(other)}::json`);
  await set("baselines", "digest", quoted(sealOf(identity, [other, JSON.stringify(baseline.target)])));
  expect(await readBaseline()).toEqual({
    id: baseline.id,
    damaged: expect.stringMatching(/^its content does not fit \(tables: /),
  });
});
