/** docs/errors.md names every code that the program can give. */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { GATES } from "../../../src/core/verdict.ts";

const root = join(import.meta.dirname, "../../..");
const doc = readFileSync(join(root, "docs/errors.md"), "utf8");

function sources(folder: string, ending: string): readonly string[] {
  const names = readdirSync(join(root, folder), { recursive: true, encoding: "utf8" });
  return names
    .filter((name) => name.endsWith(ending) && !name.includes("tests/"))
    .map((name) => readFileSync(join(root, folder, name), "utf8"));
}

/** The first text that an error is made with, or a code given by name. */
function codesIn(texts: readonly string[], pattern: RegExp): readonly string[] {
  const found = texts.flatMap((text) => [...text.matchAll(pattern)].map((match) => match[1] ?? ""));
  return [...new Set(found)].sort();
}

const missing = (codes: readonly string[]) => codes.filter((code) => !doc.includes(`\`${code}\``));

it("every code of the host stands there", () => {
  const codes = codesIn(sources("ansible", ".py"), /BelayError\(\s*"([A-Z_]+)"/g);
  expect(codes.length).toBeGreaterThan(30);
  expect(missing(codes)).toEqual([]);
});

it("every code of the action, the store and GitHub stands there", () => {
  const codes = codesIn(sources("src", ".ts"), /Error\(\s*"([A-Z]+_[A-Z_]+)"/g);
  expect(codes.length).toBeGreaterThan(5);
  expect(missing(codes)).toEqual([]);
});

it("every sentence of a plan and of a drift check stands there", () => {
  const codes = codesIn(sources("src/core/wordpress", ".ts"), /code: (?:[a-z]+ \? "\w+" : )?"([a-z_]+)"/g);
  expect(codes.length).toBeGreaterThan(25);
  expect(missing(codes)).toEqual([]);
});

it("every answer and every gate's code stands there", () => {
  const texts = [...sources("src/core/rendering", ".ts"), ...sources("src/core/gates", ".ts")];
  const codes = codesIn(texts, /(?:answer\(\s*|code: )"([A-Za-z]+_[A-Za-z_]+)"/g);
  expect(codes.length).toBeGreaterThan(20);
  const notErrors = ["not_judged", "wrong_head", "nothing_promoted", "not_governed"];
  expect(missing(codes).filter((code) => !notErrors.includes(code))).toEqual([]);
  for (const gate of GATES) expect(doc).toContain(`| ${gate} `);
});
