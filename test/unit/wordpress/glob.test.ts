import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { matchesPattern, patternsMeet } from "../../../src/core/glob.ts";

const pattern = fc.string({ unit: fc.constantFrom("a", "b", "*", "?"), maxLength: 6 });
const name = fc.string({ unit: fc.constantFrom("a", "b"), maxLength: 6 });
const asRegExp = (text: string) => new RegExp(`^${text.replaceAll("*", ".*").replaceAll("?", ".")}$`);

describe("patterns", () => {
  it("match what the equal regular expression matches", () => {
    fc.assert(fc.property(pattern, name, (p, n) => matchesPattern(p, n) === asRegExp(p).test(n)));
  });
  it("meet where one name matches both", () => {
    const names = ["", "a", "b"].concat(...["a", "b"].map((x) => ["a", "b"].map((y) => x + y)));
    fc.assert(
      fc.property(pattern, pattern, (a, b) => {
        if (names.some((n) => matchesPattern(a, n) && matchesPattern(b, n)))
          expect(patternsMeet(a, b)).toBe(true);
        expect(patternsMeet(a, b)).toBe(patternsMeet(b, a));
      }),
    );
    expect(patternsMeet("wc_*", "woocommerce_orders")).toBe(false);
    expect(patternsMeet("*_orders", "wc_*")).toBe(true);
  });
  it("take characters of regular expressions for themselves", () => {
    expect(matchesPattern("a.c", "abc")).toBe(false);
    expect(matchesPattern("schema-Action.*", "schema-Action.x")).toBe(true);
  });
  it("take no time for patterns with many stars", () => {
    expect(matchesPattern(`${"*a".repeat(30)}b`, "a".repeat(191))).toBe(false);
  });
});
