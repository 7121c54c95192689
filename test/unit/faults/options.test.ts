import { expect, test } from "vitest";
import { readOptions as ofBench } from "../../../script/bench/bot/options.ts";
import { readOptions } from "../../../script/faults/bot/options.ts";

test("what is asked of the bot by default is what the documentation says", () => {
  expect(readOptions([])).toEqual({
    size: { pull_requests: 1_000, deliveries: 20_000, seed: 1, per_second: 150 },
    kills: 20,
    settle_s: 1_200,
    stores: ["postgres", "pglite"],
  });
  expect(readOptions(["--quick", "--kills", "0", "--store", "pglite"])).toMatchObject({
    size: { pull_requests: 40, deliveries: 800 },
    kills: 0,
    stores: ["pglite"],
  });
  expect([readOptions(["--help"]), ofBench(["--help"]), ofBench(["-h", "--quick"])]).toEqual([
    null,
    null,
    null,
  ]);
  expect([ofBench([]), ofBench(["--quick"])]).toEqual([
    { rounds: 3, share: 1 },
    { rounds: 1, share: 0.1 },
  ]);
});

test.each([
  ["--kills", "x"],
  ["--kills", "1.5"],
  ["--deliveries", "0"],
  ["--deliveries", ""],
  ["--store", "mysql"],
  ["--store", "postgres,"],
  ["--seeds", "1"],
])("%s %j runs nothing", (name, value) => {
  expect(() => readOptions([name, value])).toThrow(name);
});

test.each(["0", "-1", "2.5", "", "many"])("--rounds %j measures nothing", (rounds) => {
  expect(() => ofBench([`--rounds=${rounds}`])).toThrow("--rounds");
});
