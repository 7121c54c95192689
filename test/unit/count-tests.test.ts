import { expect, test } from "vitest";
import { countTests } from "../../script/test.ts";

test("vitest's closing line is counted, with and without failures", () => {
  expect(countTests(" Test Files  1 passed (1)\n      Tests  12 passed (12)\n", true)).toEqual({
    passed: 12,
    failed: 0,
  });
  expect(countTests("      Tests  1 failed | 11 passed (12)\n", false)).toEqual({ passed: 11, failed: 1 });
});

test("a part that fails without a failed test still fails", () => {
  expect(countTests("3 passed, 0 failed\n", false)).toEqual({ passed: 3, failed: 1 });
  expect(countTests("something else", false)).toEqual({ passed: 0, failed: 1 });
  expect(countTests("something else", true)).toEqual({ passed: 1, failed: 0 });
});

test("our own closing line is the last one", () => {
  expect(countTests("1 passed, 0 failed\n5 passed, 2 failed\n", false)).toEqual({ passed: 5, failed: 2 });
});
