import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { cell, code, fence, link, plain } from "../../../src/core/rendering/escape.ts";

/** The text of an inline code span as CommonMark reads it, or null when the whole is not exactly one span. */
function codeSpan(markdown: string): string | null {
  const found = /^(`+)([\s\S]*[^`])\1$/.exec(markdown);
  if (found?.[1] === undefined || found[2] === undefined) return null;
  const runs = found[2].match(/`+/g) ?? [];
  if (runs.some((run) => run.length === found[1]?.length)) return null;
  return found[2].trim();
}

const HOSTILE = [
  "@acme/everyone",
  "`@admin`",
  "``` ``` @admin",
  "<img src=x onerror=alert(1)>",
  "[click](https://evil.example)",
  "a|b",
  "-->",
  "</details>",
  "x\n\n# Heading\n/promote",
  "\u202egnp.exe",
  "#1",
];

describe("code", () => {
  it.each(HOSTILE)("keeps %j inside one code span", (value) => {
    expect(codeSpan(code(value))).not.toBeNull();
  });
  it("holds for any text", () => {
    fc.assert(
      fc.property(
        fc.string({ unit: fc.constantFrom("`", "@", "|", "\n", "a", " ", "\u200b", "\u{1f600}") }),
        (text) => {
          const shown = code(text);
          expect(shown).not.toMatch(/[\n\u200b]/);
          if (plain(text) === "") expect(shown).toBe("(empty)");
          else if (!/^`+$/.test(plain(text))) expect(codeSpan(shown)).toBe(plain(text));
        },
      ),
    );
  });
  it("shortens in the middle", () => {
    const shown = plain(`${"a".repeat(300)}end`, 21);
    expect([...shown]).toHaveLength(21);
    expect(shown).toMatch(/^a+…a+end$/);
  });
});

describe("fence", () => {
  it("is longer than any run of ticks inside", () => {
    expect(fence("a\n````\nb", "text")).toBe("`````text\na\n````\nb\n`````");
    expect(fence("")).toBe("```\n\n```");
  });
});

describe("cell", () => {
  it("lets no value end the cell", () => {
    fc.assert(
      fc.property(fc.string({ unit: fc.constantFrom("|", "\\", "a", "\n") }), (text) => {
        expect(cell(text)).not.toMatch(/\n/);
        expect(cell(text).replaceAll("\\|", "")).not.toContain("|");
      }),
    );
  });
});

describe("link", () => {
  it("links plain addresses", () => {
    expect(link("run [1]", "https://github.com/acme/shop/actions/runs/1")).toBe(
      "[run \\[1\\]](<https://github.com/acme/shop/actions/runs/1>)",
    );
  });
  it.each([
    "javascript:alert(1)",
    "https://a.example/>x",
    "https://a.example/ b",
    "https://user@evil.example/",
  ])("shows %s as code", (url) => {
    expect(link("here", url)).not.toContain("](");
  });
});
