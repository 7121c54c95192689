/** The table of faults, and what is said where nothing or something unknown was named. */
import { join } from "node:path";
import { execa } from "execa";
import { expect, test } from "vitest";
import { BACK_STEPS, STEPS, UNDO_STEPS, UPGRADE_STEPS } from "../../../script/faults/host/cases/kills.ts";
import { CASES, quick } from "../../../script/faults/host/cases.ts";
import { failed, summary } from "../../../script/faults/host/row.ts";

const program = join(import.meta.dirname, "../../../script/faults/main.ts");
const faults = (...words: readonly string[]) =>
  execa(process.execPath, [program, ...words], { reject: false });

test("each case has a name of its own; every kill strikes at every step", () => {
  const names = CASES.map(({ name }) => name);
  expect(new Set(names).size).toBe(names.length);
  const kills = ["kill-remote", "kill-ansible", "kill-action", "kill-mariadbd", "disk-full"];
  for (const kind of [...kills, "php-fpm-down", "network-cut-5-s", "cancel-int"])
    for (const step of STEPS) expect(names).toContain(`${kind}@${step}`);
  for (const kind of kills) {
    for (const step of UPGRADE_STEPS) expect(names).toContain(`upgrade-${kind}@${step}`);
    for (const step of UNDO_STEPS) expect(names).toContain(`undo-${kind}@${step}`);
    for (const step of BACK_STEPS) expect(names).toContain(`rollback-${kind}@${step}`);
  }
});

test("the result counts what was played, and what was not", () => {
  const [one, two] = CASES;
  if (one === undefined || two === undefined) throw new Error("There are no cases.");
  const held = { ...failed(one, "", 0), survived: true, complaints: [], recovery_s: 2.5, acknowledged: 3 };
  const lost = { ...failed(two, "something broke", 0), mixed: 1, protected_changed: 2 };
  expect(summary([held, lost], 5, 60)).toMatchObject({
    ...{ cases: 2, survived: 1, never_ran: 3, mixed: 1, protected_changed: 2 },
    ...{ acknowledged_writes: 3, longest_recovery_s: 2.5, seconds: 60 },
  });
});

test("the quick run has one case of each kind", () => {
  const kinds = quick(CASES).map(({ fault }) => fault.kind);
  expect(kinds).toEqual([...new Set(CASES.map(({ fault }) => fault.kind))]);
});

test("cases are played in the order in which they were asked for", async () => {
  const { stdout } = await faults("host", "--list", "--only", "wrong,none,wrong-digest");
  expect(stdout.split("\n")).toEqual(["wrong-digest", "none"]);
}, 60_000);

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
  const nobody = await faults("host", "--only", "none", "--workers", "0");
  expect([nobody.exitCode, nobody.stderr]).toEqual([2, expect.stringContaining("--workers 0")]);
}, 60_000);
