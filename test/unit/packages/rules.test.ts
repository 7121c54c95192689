import { describe, expect, it } from "vitest";
import { randomOf } from "../../../script/bench/packages/sample.ts";
import { DEFAULT_CONFIGURATION } from "../../../src/core/packages/configuration.ts";
import { RULES } from "../../../src/core/packages/rules/all.ts";
import { GUARDRAILS, MUTATIONS, type Place } from "./mutations.ts";
import { report, sample, shortly } from "./repository.ts";

const SIZE = { packages: 3, versions: 3 };
const RUNS = Number(process.env.BELAY_FUZZ_RUNS ?? 150);
const SEED = Number(process.env.BELAY_FUZZ_SEED ?? 20_000);

const place = (root: string, seed: number): Place => ({ root, ...SIZE, random: randomOf(seed) });

it.each([
  { grouped: false, root: "" },
  { grouped: true, root: "" },
  { grouped: true, root: "config/one" },
])("finds nothing in a right repository (%j)", (options) => {
  const configuration = { ...DEFAULT_CONFIGURATION, roots: [options.root] };
  expect(report(sample({ ...SIZE, ...options }), { configuration })).toMatchObject({
    valid: true,
    findings: [],
    errors: 0,
    warnings: 0,
  });
});

describe("each operator", () => {
  it.each(MUTATIONS.map((mutation) => [mutation.name, mutation] as const))(
    "%s",
    (_name, { rule, also = [], apply }) => {
      const { tree, file, line, base } = apply(sample(SIZE), place("", 7));
      const found = report(tree, { guardrails: GUARDRAILS, ...(base && { base }) });
      if (rule === null) {
        expect(shortly(found)).toEqual([]);
        return;
      }
      expect(RULES.has(rule.replace(/\/.*/, ""))).toBe(true);
      expect(found.findings.map((one) => `${one.file}:${one.line} ${one.rule}`)).toContain(
        `${file}:${line} ${rule}`,
      );
      expect(found.findings.filter((one) => ![rule, "version-bump", ...also].includes(one.rule))).toEqual([]);
      for (const one of found.findings)
        expect([one.sentence.length > 10, one.remedy.length > 5]).toEqual([true, true]);
    },
  );
});

it("has an operator for every rule", () => {
  const broken = new Set(MUTATIONS.flatMap(({ rule }) => rule?.replace(/\/.*/, "") ?? []));
  expect([...RULES.keys()].filter((id) => !broken.has(id))).toEqual([]);
});

it(`finds what operators break, wherever and together with harmless ones (${RUNS} runs from seed ${SEED})`, () => {
  const harmless = MUTATIONS.filter(({ rule }) => rule === null);
  for (let run = 0; run < RUNS; run++) {
    const seed = SEED + run;
    const random = randomOf(seed);
    const root = random() < 0.5 ? "" : "config/";
    const where = place(root, seed * 31 + 1);
    let tree = sample({ ...SIZE, root: root.slice(0, -1), grouped: random() < 0.5, seed });
    const calm = harmless[Math.floor(random() * harmless.length)];
    const wild = MUTATIONS[Math.floor(random() * MUTATIONS.length)];
    if (wild === undefined || calm === undefined) throw new Error("no operators");
    try {
      tree = calm.apply(tree, where).tree;
    } catch {
      // Nothing to change there.
    }
    let broken: ReturnType<typeof wild.apply>;
    try {
      broken = wild.apply(tree, where);
    } catch {
      continue;
    }
    const configuration = { ...DEFAULT_CONFIGURATION, roots: [root.slice(0, -1)] };
    const { base } = broken;
    const { findings } = report(broken.tree, {
      configuration,
      guardrails: GUARDRAILS,
      ...(base && { base }),
    });
    const context = `seed ${seed}: ${calm.name}, then ${wild.name}`;
    const expected = wild.rule === null ? [] : [`${broken.file}:${broken.line} ${wild.rule}`];
    expect(
      findings.map((one) => `${one.file}:${one.line} ${one.rule}`),
      context,
    ).toEqual(expect.arrayContaining(expected));
    const allowed = wild.rule === null ? [] : [wild.rule, "version-bump", ...(wild.also ?? [])];
    expect(
      findings.filter(({ rule }) => !allowed.includes(rule)),
      context,
    ).toEqual([]);
  }
}, 600_000);
