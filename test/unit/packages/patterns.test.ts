import fc from "fast-check";
import { describe, expect, it, vi } from "vitest";
import { judgePattern } from "../../../src/core/packages/patterns/ambiguity.ts";
import { searcherOf } from "../../../src/core/packages/patterns/search.ts";

vi.setConfig({ testTimeout: 120_000 });

describe("patterns that backtrack", () => {
  it.each([
    "(a+)+$",
    "(a|a)*b",
    "(\\w+\\s?)*$",
    "(a*)*",
    "^(?:[a-z]+-?)+$",
    "(x+x+)+y",
    "^(?=(a+)+$)b",
    "([a-z]{1,20})*x",
    "^(?:a|ab|b)*$",
    "(\\s*\\w+\\s*)+$",
  ])("finds %s", (pattern) => {
    expect(judgePattern(pattern).kind).toBe("exponential");
  });

  it.each([
    "^UNK-\\d{1,4}$",
    "(a|b)*c",
    "^([a-z]+\\.)+[a-z]{2,}$",
    "^(?:[a-z]+-)*[a-z]+$",
    "^[0-9]+\\.[0-9]+(-[a-z0-9.]+)?$",
    "^(\\d{1,3}\\.){3}\\d{1,3}$",
    "(?:\\d+,)*\\d+",
    "^\\p{Lu}+$",
    "",
    "a{3}",
    "[^\\]]*",
  ])("lets %s pass", (pattern) => {
    expect(judgePattern(pattern).kind).toBe("fine");
  });

  it.each(["(a)\\1", "a{5000}", "(".repeat(80)])("says what it cannot judge (%#)", (pattern) => {
    expect(judgePattern(pattern).kind).toBe("unjudged");
  });
});

describe("the search in lines", () => {
  const atom = fc.constantFrom("a", "b", "[ab]", "[^a]", ".", "\\d", "\\w", "\\b", "^", "$", "\\s", "c");
  const pattern = fc
    .array(fc.tuple(atom, fc.constantFrom("", "", "*", "+", "?", "{1,2}", "{2}", "*?")), {
      minLength: 1,
      maxLength: 5,
    })
    .map((parts) =>
      parts.map(([one, times]) => (["\\b", "^", "$"].includes(one) ? one : one + times)).join(""),
    );
  const nested = fc.oneof(
    pattern,
    fc.tuple(pattern, pattern, pattern).map(([a, b, c]) => `(?:${a}|${b})*${c}`),
  );

  it("finds a match in exactly the lines in which the engine of JavaScript does", () => {
    const text = fc.string({ unit: fc.constantFrom("a", "b", "c", "1", " ", "\n", "-", "é"), maxLength: 25 });
    fc.assert(
      fc.property(nested, text, fc.boolean(), (source, content, ignoreCase) => {
        const starts = [...searcherOf(source, ignoreCase).inLines(content)].map(
          ({ start }) => content.slice(0, start).split("\n").length,
        );
        const expected = content
          .split("\n")
          .flatMap((line, at) => (new RegExp(source, ignoreCase ? "i" : "").test(line) ? [at + 1] : []));
        expect(starts).toEqual(expected);
      }),
      { numRuns: 3_000 },
    );
  });

  it("says where a match begins", () => {
    expect([...searcherOf("\\bapi[_ -]?keys?\\b", true).inLines("x\nthe API-Key is\r\napikeyss")]).toEqual([
      { start: 6, end: 13 },
    ]);
  });

  it("takes no longer for what other engines cannot end", () => {
    const text = `${"a".repeat(50_000)}\n`.repeat(10);
    expect([...searcherOf("(a+)+b", false).inLines(text)]).toEqual([]);
  });

  it.each(["(?=a)b", "(a)\\1", "a{900}{9}", "("])("refuses %s", (source) => {
    expect(() => searcherOf(source, false)).toThrow();
  });
});
