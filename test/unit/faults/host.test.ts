/** The table of faults, and what is said where nothing or something unknown was named. */
import { join } from "node:path";
import { execa } from "execa";
import { expect, test } from "vitest";
import { STEPS } from "../../../script/faults/host/cases/kills.ts";
import { CASES, quick } from "../../../script/faults/host/cases.ts";

const program = join(import.meta.dirname, "../../../script/faults/main.ts");
const faults = (...words: readonly string[]) =>
  execa(process.execPath, [program, ...words], { reject: false });

test("each case has a name of its own; every kill strikes at every step", () => {
  const names = CASES.map(({ name }) => name);
  expect(new Set(names).size).toBe(names.length);
  for (const kind of ["kill-remote", "kill-ansible", "kill-action", "kill-mariadbd", "disk-full"])
    for (const step of STEPS) expect(names).toContain(`${kind}@${step}`);
});

test("the quick run has one case of each kind", () => {
  const kinds = quick(CASES).map(({ fault }) => fault.kind);
  expect(kinds).toEqual([...new Set(CASES.map(({ fault }) => fault.kind))]);
});

test("who names nothing, or something unknown, is told what there is", async () => {
  const nothing = await faults();
  expect([nothing.exitCode, nothing.stderr]).toEqual([2, expect.stringContaining("Nothing was named")]);
  const unknown = await faults("hots");
  expect([unknown.exitCode, unknown.stderr]).toEqual([2, expect.stringMatching(/no faults "hots".*host/)]);
  const noCase = await faults("host", "--only", "nonsense");
  expect([noCase.exitCode, noCase.stderr]).toEqual([
    2,
    expect.stringContaining("No case begins with nonsense"),
  ]);
}, 60_000);
